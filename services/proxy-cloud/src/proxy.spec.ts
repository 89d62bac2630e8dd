import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ApiError, HttpClient, ProxyClient } from '@medveil/client';
import { equalBytes, sha256, toBase64Url, toHex, utf8 } from '@medveil/encoding';
import { parseRange } from './range.js';
import { eventually, MAX_BODY_BYTES, random, World } from './spec-world.js';

const problem = (code: string, status: number) => (error: unknown) => {
  assert.ok(error instanceof ApiError, String(error));
  assert.deepEqual([error.code, error.status], [code, status]);
  return true;
};

const bearer = async (source: ReturnType<World['patientToken']>) => `Bearer ${await source({ renew: false })}`;
const unknown = (index: number) => `clm_${toHex(sha256(utf8(`nothing ${index}`)))}` as const;

describe('the proxy', () => {
  let world: World;
  before(async () => { world = await World.open(); });
  after(async () => world.close());

  const request = (path: string, init: RequestInit) => fetch(new URL(path, world.service.url), init);

  it('keeps ciphertext of whoever has a pseudonym, whole and under its own digest only', async () => {
    const patient = world.network.patient();
    const client = world.patientClient(patient);
    const body = random(50_000);
    const name = toHex(sha256(body));
    assert.deepEqual(await client.putBody(name, body), { sha256: name, sizeBytes: body.length, created: true });
    assert.equal((await client.putBody(name, body)).created, false);
    await assert.rejects(client.putBody(toHex(random(32)), body), problem('object-store/digest-mismatch', 422));
    await assert.rejects(new ProxyClient(new HttpClient({ baseUrl: world.service.url })).putBody(name, body), problem('http/unauthenticated', 401));
    await assert.rejects(client.body(name), (error: unknown) => error instanceof ApiError && error.status === 403);
    await assert.rejects(world.institutionClient.body(name), problem('proxy/not-entitled', 404));
    await assert.rejects(world.institutionClient.putBody(name, body), problem('http/forbidden', 403));
    const large = random(MAX_BODY_BYTES + 1);
    await assert.rejects(client.putBody(toHex(sha256(large)), large), problem('proxy/body-too-large', 413));
    const authorization = await bearer(world.patientToken(patient));
    const json = await request(`/v1/bodies/${name}`, { method: 'PUT', headers: { authorization, 'content-type': 'application/json' }, body: '{}' });
    assert.equal(json.status, 415);
    const second = random(MAX_BODY_BYTES);
    await client.putBody(toHex(sha256(second)), second);
    const third = random(MAX_BODY_BYTES);
    await assert.rejects(client.putBody(toHex(sha256(third)), third), problem('proxy/quota-exceeded', 507));
  });

  it('takes an assertion once, and only that of the certificate’s key', async () => {
    const patient = world.network.patient();
    const bodies: string[] = [];
    const realFetch = globalThis.fetch;
    globalThis.fetch = async (input, init) => {
      if (typeof init?.body === 'string') bodies.push(init.body);
      return realFetch(input, init);
    };
    try {
      await world.patientToken(patient)({ renew: false });
    } finally {
      globalThis.fetch = realFetch;
    }
    const replay = await request('/v1/token', { method: 'POST', headers: { 'content-type': 'application/json' }, body: bodies[0] ?? '' });
    assert.equal(replay.status, 401);
    const thief = world.tokenOf(world.network.patient().account, { kind: 'pseudonym', certificate: patient.certificate }, patient.id);
    await assert.rejects(async () => thief({ renew: false }), (error: unknown) => error instanceof ApiError && error.status === 401);
  });

  it('re-encrypts for an accepted claim: the institution gets the seeds and the bodies, whole and in ranges', async () => {
    const exchange = await world.exchange();
    const { patient, claimId, bodies, record } = exchange;
    await exchange.claim();
    assert.equal((await world.patientClient(patient).grant({ claimId, sealed: await world.sealed(exchange) })).claimId, claimId);
    const grant = await world.settled(patient, claimId);
    assert.deepEqual([grant.status, grant.reason], ['delivered', null]);
    assert.equal(world.claimOnLedger(claimId)?.status, 'delivered');
    for (const { part, transformed } of await world.delivered(claimId)) {
      assert.ok(equalBytes(world.network.open(patient, record, part, transformed), record.seeds.get(part) as Uint8Array));
    }
    const name = toHex(sha256(bodies.laboratory));
    const whole = await eventually(async () => world.institutionClient.body(name).catch((error: unknown) => {
      assert.ok(error instanceof ApiError && error.code === 'proxy/not-entitled', String(error));
      return undefined;
    }));
    assert.ok(equalBytes(whole, bodies.laboratory));
    const authorization = await bearer(world.institutionToken);
    const range = await request(`/v1/bodies/${name}`, { headers: { authorization, range: 'bytes=100-199' } });
    assert.deepEqual([range.status, range.headers.get('content-range')], [206, `bytes 100-199/${bodies.laboratory.length}`]);
    assert.ok(equalBytes(new Uint8Array(await range.arrayBuffer()), bodies.laboratory.subarray(100, 200)));
    const beyond = await request(`/v1/bodies/${name}`, { headers: { authorization, range: 'bytes=9000-' } });
    assert.equal(beyond.status, 416);
    await assert.rejects(world.patientClient(world.network.patient()).grantStatus(claimId), problem('proxy/unknown-grant', 404));
  });

  it('waits for a claim that is not on the ledger yet', async () => {
    const exchange = await world.exchange();
    await world.patientClient(exchange.patient).grant({ claimId: exchange.claimId, sealed: await world.sealed(exchange) });
    assert.equal((await world.patientClient(exchange.patient).grantStatus(exchange.claimId)).status, 'received');
    await exchange.claim();
    assert.equal((await world.settled(exchange.patient, exchange.claimId)).status, 'delivered');
  });

  it('refuses a bad grant with its reason, takes a good one afterwards, and lets nobody stand in the claimant’s place', async () => {
    const exchange = await world.exchange();
    const other = await world.exchange();
    const { patient, claimId } = exchange;
    await exchange.claim();
    const squatter = other.patient;
    await world.patientClient(squatter).grant({ claimId, sealed: await world.sealed(exchange, { account: squatter.id }) });
    assert.deepEqual((await world.settled(squatter, claimId)).reason, 'proxy/not-the-claimant');
    const bad: readonly (readonly [string, string])[] = [
      [await world.sealed(exchange, { keys: world.network.reKeys(other.patient, other.record) }), 'proxy/bad-re-key'],
      [await world.sealed(exchange, { keys: world.network.reKeys(patient, exchange.record, world.network.pre.delegateeKeyFromSeed(random(32)).publicKey) }), 'proxy/bad-re-key'],
      [await world.sealed(exchange, { keys: world.network.reKeys(patient, exchange.record).slice(1) }), 'proxy/missing-key'],
      [await world.sealed(exchange, { claimId: other.claimId }), 'proxy/bad-grant'],
      [await world.sealed(exchange, { account: other.patient.id }), 'identity/cannot-open'],
      [toBase64Url(random(100)), 'identity/cannot-open'],
    ];
    for (const [sealed, reason] of bad) {
      await world.patientClient(patient).grant({ claimId, sealed });
      assert.deepEqual(await world.settled(patient, claimId).then(({ status, reason: told }) => [status, told]), ['refused', reason]);
    }
    assert.equal(world.claimOnLedger(claimId)?.status, 'accepted');
    await world.patientClient(patient).grant({ claimId, sealed: await world.sealed(exchange) });
    assert.equal((await world.settled(patient, claimId)).status, 'delivered');
    await assert.rejects(world.patientClient(patient).grant({ claimId, sealed: toBase64Url(random(20_000)) }), problem('proxy/bad-grant', 422));
  });

  it('limits the grants of one account that wait for claims which never come', async () => {
    const exchange = await world.exchange();
    const client = world.patientClient(exchange.patient);
    for (let index = 0; index < 64; index += 1) await client.grant({ claimId: unknown(index), sealed: toBase64Url(random(50)) });
    await assert.rejects(client.grant({ claimId: unknown(64), sealed: toBase64Url(random(50)) }), problem('proxy/too-many-grants', 429));
  });

  it('destroys the keys of a revoked grant, records its receipt, and hands out no body any more', async () => {
    const exchange = await world.exchange();
    const { patient, claimId, bodies } = exchange;
    await exchange.claim();
    await world.patientClient(patient).grant({ claimId, sealed: await world.sealed(exchange) });
    await world.settled(patient, claimId);
    const name = toHex(sha256(bodies.laboratory));
    await eventually(async () => world.institutionClient.body(name).catch(() => undefined));
    await world.send(patient.account, { type: 'revoke-grant', claimId });
    await eventually(() => (world.claimOnLedger(claimId)?.revocationReceipts.length === 1 ? true : undefined));
    assert.equal((await world.patientClient(patient).grantStatus(claimId)).status, 'revoked');
    await assert.rejects(world.institutionClient.body(name), problem('proxy/not-entitled', 404));
  });

  it('shows auditors the bodies of a claim while it is disputed, and of no other', async () => {
    const [disputed, other] = [await world.exchange(), await world.exchange()];
    for (const exchange of [disputed, other]) {
      await exchange.claim();
      await world.patientClient(exchange.patient).grant({ claimId: exchange.claimId, sealed: await world.sealed(exchange) });
      await world.settled(exchange.patient, exchange.claimId);
    }
    const name = toHex(sha256(disputed.bodies.laboratory));
    await assert.rejects(world.auditorClient.body(name), problem('proxy/not-entitled', 404));
    const { claimId } = disputed;
    await world.send(world.network.institution.account, { type: 'open-dispute', claimId, evidenceHash: random(32) });
    assert.ok(equalBytes(await eventually(async () => world.auditorClient.body(name).catch(() => undefined)), disputed.bodies.laboratory));
    await assert.rejects(world.auditorClient.body(toHex(sha256(other.bodies.laboratory))), problem('proxy/not-entitled', 404));
    for (const auditor of world.network.auditors) await world.send(auditor, { type: 'rule-dispute', claimId, outcome: 'institution-at-fault' });
    await eventually(async () => world.auditorClient.body(name).then(() => undefined, () => true));
    assert.ok(equalBytes(await world.institutionClient.body(name), disputed.bodies.laboratory), 'the institution reads on: it has paid');
  });

  it('goes on after a restart with what was open, and knows what it knew', async () => {
    const exchange = await world.exchange();
    const { patient, claimId, bodies } = exchange;
    await world.patientClient(patient).grant({ claimId, sealed: await world.sealed(exchange) });
    await world.service.close();
    await exchange.claim();
    await world.start();
    assert.equal((await world.settled(patient, claimId)).status, 'delivered');
    await eventually(async () => world.institutionClient.body(toHex(sha256(bodies['vital-signs']))).catch(() => undefined));
    assert.equal((await request('/health/ready', {})).status, 200);
  });
});

describe('ranges', () => {
  it('are read as RFC 9110 has them', () => {
    assert.deepEqual(parseRange('bytes=0-9', 100), { startByte: 0, endByte: 10 });
    assert.deepEqual(parseRange('bytes=90-', 100), { startByte: 90, endByte: 100 });
    assert.deepEqual(parseRange('bytes=-10', 100), { startByte: 90, endByte: 100 });
    assert.deepEqual(parseRange('bytes=-1000', 100), { startByte: 0, endByte: 100 });
    assert.deepEqual(parseRange('bytes=50-1000', 100), { startByte: 50, endByte: 100 });
    for (const whole of [undefined, '', 'items=0-1', 'bytes=0-1,5-6', 'bytes=-', 'bytes=a-b']) assert.equal(parseRange(whole, 100), undefined);
    for (const outside of ['bytes=100-', 'bytes=-0', 'bytes=200-300']) assert.throws(() => parseRange(outside, 100), { code: 'proxy/bad-range' });
  });
});
