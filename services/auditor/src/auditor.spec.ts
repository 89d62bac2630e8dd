import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { ApiError, type auditorApi, AuditorClient, HttpClient } from '@medveil/client';
import { encodeSealedEvidence, type Evidence, evidenceHash, type SealedEvidence, sealEvidence } from '@medveil/delivery';
import { type Id, toBase64Url } from '@medveil/encoding';
import { eventually, random, World } from './spec-world.js';

const DAY_MS = 86_400_000;

const problem = (code: string, status: number) => (error: unknown) => {
  assert.ok(error instanceof ApiError, String(error));
  assert.deepEqual([error.code, error.status], [code, status]);
  return true;
};

/** Has what an institution brought to it, and nothing else. */
async function frontOfAnotherMember() {
  const evidence = new Map<string, SealedEvidence>();
  const server = createServer(({ url = '' }, response) => {
    const sealed = evidence.get(url.split('/').at(-1) ?? '');
    const answer = url === '/v1/token'
      ? { access_token: 'spec', token_type: 'Bearer', expires_in: 600, scope: '' }
      : sealed === undefined ? undefined : { evidence: toBase64Url(encodeSealedEvidence(sealed)) };
    response.writeHead(answer === undefined ? 404 : 200, { 'content-type': answer === undefined ? 'application/problem+json' : 'application/json' });
    response.end(JSON.stringify(answer ?? { type: 'about:blank', title: 'none', status: 404, code: 'contract/not-found' }));
  });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const close = (): Promise<void> => new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, evidence, close };
}

describe('an auditor’s agent', () => {
  let world: World;
  let withheld: Evidence;
  let elsewhere: Awaited<ReturnType<typeof frontOfAnotherMember>>;
  before(async () => {
    world = await World.open();
    elsewhere = await frontOfAnotherMember();
    await world.start();
  });
  after(async () => {
    await world.close();
    await elsewhere.close();
  });

  const client = () => world.client('disputes:read', 'disputes:rule');
  const shown = (claimId: Id<'clm'>, wanted: (dispute: auditorApi.Dispute) => boolean): Promise<auditorApi.Dispute> => eventually(async () => {
    const dispute = await client().dispute(claimId).catch((error: unknown) => (error instanceof ApiError && error.status === 404 ? undefined : Promise.reject(error)));
    return dispute !== undefined && wanted(dispute) ? dispute : undefined;
  });

  it('lets nobody in without a token and the scope', async () => {
    const anonymous = new AuditorClient(new HttpClient({ baseUrl: world.service.url }));
    await assert.rejects(anonymous.disputes(), problem('http/unauthenticated', 401));
    await assert.rejects(world.client('disputes:rule').disputes(), problem('http/forbidden', 403));
    const claimId = `clm_${'0'.repeat(64)}` as const;
    await assert.rejects(world.client('disputes:read').approve(claimId, 'patient-at-fault'), (error) => error instanceof ApiError && error.status >= 400);
    assert.deepEqual((await client().disputes()).items, []);
  });

  it('waits for the evidence, and says so; then it counts as withheld', async () => {
    withheld = await world.delivered();
    const { claimId } = withheld;
    const sealed = await sealEvidence(withheld, world.auditors, random);
    await world.open(claimId, evidenceHash(sealed));
    assert.equal((await shown(claimId, ({ code }) => code !== null)).code, 'auditor/waits-for-evidence');
    // What hashes to something else is not the institution's: somebody else has put it there.
    world.evidence.set(claimId, await sealEvidence(withheld, world.auditors, random));
    await assert.rejects(client().approve(claimId, 'institution-at-fault'), problem('auditor/nothing-found-yet', 409));
    world.skewMs += 8 * DAY_MS;
    // Bodies are looked for as well: without evidence, what nobody could read is not charged.
    const { finding, status } = await shown(claimId, (dispute) => dispute.finding !== null);
    assert.deepEqual([status, finding?.outcome, finding?.reason], ['found', 'body-unavailable', 'delivery/body-unavailable']);
  });

  it('votes on a human’s word and not before, once, however often it is stopped', async () => {
    const { claimId } = withheld;
    await world.restart();
    assert.equal((await client().dispute(claimId)).status, 'found');
    assert.deepEqual(world.votes(claimId), []);
    await assert.rejects(client().approve(claimId, 'institution-at-fault'), problem('auditor/found-otherwise', 409));
    world.front.takesTransactions = false;
    await client().approve(claimId, 'body-unavailable');
    await client().approve(claimId, 'body-unavailable');
    await world.restart();
    world.front.takesTransactions = true;
    await shown(claimId, ({ status }) => status === 'voted');
    await world.restart();
    await client().approve(claimId, 'body-unavailable');
    assert.deepEqual(world.votes(claimId), [{ auditor: world.auditors[0]?.account, outcome: 'body-unavailable' }]);
    assert.equal((await client().dispute(claimId)).status, 'voted', 'one of three decides nothing');
  });

  it('sees what the majority decides', async () => {
    const { claimId } = withheld;
    await world.send(world.network.auditors[1]!, { type: 'rule-dispute', claimId, outcome: 'body-unavailable' });
    assert.equal((await shown(claimId, ({ status }) => status === 'ended')).ruled, 'body-unavailable');
  });

  it('votes as it finds where it is set to', async () => {
    await world.restart({ rulesAutomatically: true, patience: 0, evidenceUrls: [elsewhere.url] });
    const evidence = await world.delivered();
    const sealed = await sealEvidence(evidence, world.auditors, random);
    world.evidence.set(evidence.claimId, sealed);
    await world.open(evidence.claimId, evidenceHash(sealed));
    const { finding } = await shown(evidence.claimId, ({ status }) => status === 'voted');
    assert.equal(finding?.reason, 'delivery/body-unavailable');
    assert.equal(world.votes(evidence.claimId).length, 1);
  });

  it('finds against a patient who encrypted something else, and the hold goes back, though its own front has dropped the evidence', async () => {
    const evidence = await world.delivered();
    const { claimId } = evidence;
    for (const [digest, body] of world.registered) world.bodies.set(digest, body);
    const sealed = await sealEvidence(evidence, world.auditors, random);
    elsewhere.evidence.set(claimId, sealed);
    const unpaid = world.balance(world.network.institution.id);
    await world.open(claimId, evidenceHash(sealed));
    const { finding } = await shown(claimId, ({ status }) => status === 'voted');
    assert.deepEqual([finding?.outcome, finding?.reason], ['patient-at-fault', 'delivery/body-not-authentic']);
    assert.equal(world.claim(claimId)?.status, 'disputed');
    await world.send(world.network.auditors[2]!, { type: 'rule-dispute', claimId, outcome: 'patient-at-fault' });
    assert.equal(world.claim(claimId)?.status, 'refunded');
    assert.equal(world.balance(world.network.institution.id), unpaid, 'the bond is back, the hold in the escrow');
    await shown(claimId, ({ status }) => status === 'ended');
  });

  it('finds against an institution whose evidence is of another claim', async () => {
    const [evidence, other] = [await world.delivered(), await world.delivered()];
    const { claimId } = evidence;
    for (const [digest, body] of world.registered) world.bodies.set(digest, body);
    const sealed = await sealEvidence({ ...evidence, disclosed: other.disclosed }, world.auditors, random);
    world.evidence.set(claimId, sealed);
    await world.open(claimId, evidenceHash(sealed));
    const { finding } = await shown(claimId, ({ status }) => status === 'voted');
    assert.deepEqual([finding?.outcome, finding?.reason], ['institution-at-fault', 'delivery/evidence-not-proved']);
  });

  it('abstains over what it cannot fetch', async () => {
    await world.restart({ rulesAutomatically: true, patience: 0, maxBodyBytes: 1_024 });
    const evidence = await world.delivered();
    await world.open(evidence.claimId, random(32));
    assert.equal((await shown(evidence.claimId, ({ status }) => status === 'abstains')).code, 'auditor/body-too-large');
    assert.deepEqual(world.votes(evidence.claimId), []);
    const { items, nextCursor } = await client().disputes({ limit: 2 });
    assert.equal(items.length, 2);
    const rest = (await client().disputes({ limit: 10, cursor: nextCursor ?? '' })).items;
    assert.deepEqual([rest.length, rest.at(-1)?.claimId], [3, evidence.claimId]);
  });
});
