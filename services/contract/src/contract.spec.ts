import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ApiError, type contractApi, fromWire, toWire } from '@medveil/client';
import { certifyBlock, testReplicas } from '@medveil/client/testing';
import { encodeCanonical, toBase64Url } from '@medveil/encoding';
import { decodeReceipt, decodeReceiptProof, decodeStateProof, LightClient, transactionIdOf } from '@medveil/ledger';
import { accountTable, eventSchema, stateKeys, voucherRequestIdOf } from '@medveil/agreements';
import { blindVoucher, finalizeVoucher, voucherKeyId } from '@medveil/vouchers';
import { eventually, random, World } from './spec-world.js';

const problem = (code: string, status: number) => (error: unknown) => {
  assert.ok(error instanceof ApiError, String(error));
  assert.deepEqual([error.code, error.status], [code, status]);
  return true;
};

/** The treasury's answer to a request, once a block holds it. */
async function blindSignatures({ node }: World, requestId: string): Promise<readonly Uint8Array[] | undefined> {
  const { height } = node.ledger.head.header;
  for (let at = height; at > height - 10 && at > 0; at -= 1) {
    const stored = await node.ledger.store.block(at);
    const events = (stored?.receipts ?? []).flatMap((receipt) => decodeReceipt(receipt).events).map((event) => eventSchema.parse(event));
    for (const event of events) if (event.type === 'vouchers-issued' && event.data.requestId === requestId) return event.data.signatures;
  }
  return undefined;
}

describe('the contract’s front', () => {
  let world: World;
  before(async () => { world = await World.open(); });
  after(async () => world.close());
  const reader = () => world.by('ledger:read');
  const submitter = () => world.by('transactions:submit', 'ledger:read');
  const balance = async () => (await reader().account(world.network.institution.id)).balance;
  const fundedWith = async (amount: number) => eventually(async () => ((await balance()) === amount ? true : undefined));
  const deposits = () => world.by('treasury:mint', 'ledger:read');
  const recorded = (reference: string) => eventually(async () => {
    const { status } = await deposits().depositStatus(reference);
    return status === 'waiting' ? undefined : status;
  });

  it('asks everyone for a credential, and for the right one', async () => {
    await assert.rejects(world.anonymous.blocks({ from: 1 }), problem('http/unauthenticated', 401));
    await assert.rejects(world.by('ledger:read').submit('AA'), problem('http/forbidden', 403));
    await assert.rejects(world.by('transactions:submit').state('x'), problem('http/forbidden', 403));
    await assert.rejects(submitter().deposit({ account: world.network.institution.id, amount: 1, reference: 'x' }), problem('http/forbidden', 403));
    assert.equal((await world.anonymous.genesis()).genesis.length > 0, true);
  });

  it('gives a pseudonym a token for the possession of its key, and none to a thief of its certificate', async () => {
    const patient = world.network.patient();
    const credential = { kind: 'pseudonym' as const, certificate: patient.certificate };
    assert.deepEqual((await world.under(patient.account, credential, patient.id).requirements()).items, []);
    await assert.rejects(world.under(world.network.patient().account, credential, patient.id).requirements(), (error: unknown) => error instanceof ApiError && error.status === 401);
  });

  it('follows over HTTP what the bus did not bring, past a node that is away, and mints a deposit once', async () => {
    await world.node.grow();
    await world.followed();
    await deposits().deposit({ account: world.network.institution.id, amount: 5_000, reference: 'first' });
    assert.equal(await recorded('first'), 'recorded');
    await deposits().deposit({ account: world.network.institution.id, amount: 5_000, reference: 'first' });
    await assert.rejects(deposits().deposit({ account: world.network.institution.id, amount: 1, reference: 'first' }), problem('contract/deposit-conflict', 409));
    await assert.rejects(deposits().deposit({ account: world.network.patient().id, amount: 1, reference: 'x' }), problem('contract/unknown-account', 409));
    await fundedWith(5_000);
    assert.equal((await reader().totals()).conserved, true);
  });

  it('mints once also where it was killed between the note and the sending, or before the block, or its message was lost', async () => {
    world.commits = false;
    const known = world.submitted.length;
    await deposits().deposit({ account: world.network.institution.id, amount: 70, reference: 'killed' });
    await eventually(() => (world.submitted.length > known ? true : undefined));
    await world.restart();
    await eventually(() => (world.submitted.length > known + 1 ? true : undefined));
    const sent = new Set(world.submitted.slice(known).map((bytes) => transactionIdOf(bytes)));
    assert.equal(sent.size, 1);
    // Its time is over: another one is made, which cannot be accepted beside the first.
    world.skewMs += 61_000;
    await eventually(() => (new Set(world.submitted.slice(known).map((bytes) => transactionIdOf(bytes))).size > 1 ? true : undefined));
    world.skewMs -= 61_000;
    const both = [...new Map(world.submitted.slice(known).map((bytes) => [transactionIdOf(bytes), bytes])).values()];
    await world.node.commit(...both);
    world.commits = true;
    assert.equal(await recorded('killed'), 'recorded');
    await fundedWith(5_070);
    await deposits().deposit({ account: world.network.institution.id, amount: 30, reference: 'after' });
    assert.equal(await recorded('after'), 'recorded');
    await fundedWith(5_100);
  });

  it('hands transactions in, answers for them with proofs, and is idempotent', async () => {
    const { body, requirementId, policy } = world.network.requirement();
    const bytes = world.network.sign(world.network.institution.account, 0, body);
    const known = world.submitted.length;
    const { transactionId } = await submitter().submit(toBase64Url(bytes));
    assert.equal(transactionId, transactionIdOf(bytes));
    const status = await eventually(async () => {
      const found = await reader().transaction(transactionId, 1_000);
      return found.receiptProof === null ? undefined : found;
    });
    const client = LightClient.fromGenesis(world.node.ledger.genesis.bytes);
    assert.equal(client.verifyReceipt(decodeReceiptProof(Buffer.from(status.receiptProof ?? '', 'base64url'))).ok, true);
    await submitter().submit(toBase64Url(bytes));
    assert.equal(world.submitted.length, known + 1);
    const proof = decodeStateProof(Buffer.from((await reader().state(stateKeys.account(world.network.institution.id))).proof, 'base64url'));
    assert.equal(accountTable.decode(client.verifyState(proof).value ?? null).nonce, 1);

    const [item] = (await reader().requirements()).items;
    assert.equal(item?.requirementId, requirementId);
    assert.deepEqual((await reader().policies()).items, []);
    await assert.rejects(submitter().putPolicy(requirementId, toBase64Url(world.network.requirement().policy)), problem('contract/policy-mismatch', 422));
    await assert.rejects(submitter().putPolicy(requirementId, toBase64Url(encodeCanonical({ no: 'policy' }))), (error: unknown) => error instanceof ApiError && error.status === 422);
    await submitter().putPolicy(requirementId, toBase64Url(policy));
    await submitter().putPolicy(requirementId, toBase64Url(policy));
    assert.deepEqual((await reader().policies()).items, [{ requirementId, policy: toBase64Url(policy) }]);
  });

  it('refuses what the ledger could never accept, and hands on what depends on the state', async () => {
    const { network } = world;
    const { body } = network.requirement({ quantity: 3 });
    const tampered = network.sign(network.institution.account, 1, body);
    tampered[tampered.length - 5] = (tampered[tampered.length - 5] ?? 0) ^ 1;
    await assert.rejects(submitter().submit(toBase64Url(Uint8Array.of(1, 2))), problem('agreements/malformed', 422));
    await assert.rejects(submitter().submit(toBase64Url(tampered)), (error: unknown) => error instanceof ApiError && error.status === 422);
    const forged = { ...body, sample: { ...body.sample, record: network.field() } };
    await assert.rejects(submitter().submit(toBase64Url(network.sign(network.institution.account, 1, forged))), problem('agreements/bad-sample-proof', 422));
    world.commits = false;
    const known = world.submitted.length;
    await submitter().submit(toBase64Url(network.sign(network.institution.account, 9, body)));
    const stranger = network.patient();
    await submitter().submit(toBase64Url(network.sign(stranger.account, 0, { type: 'confirm-delivery', claimId: network.claim(stranger, 0, network.record(stranger, { 'vital-signs': random(32), laboratory: random(32) }), network.requirement().requirementId, network.field()).claimId })));
    await eventually(() => (world.submitted.length === known + 2 ? true : undefined));
  });

  it('takes no more than it can remember, until what is lost is forgotten', async () => {
    const { network } = world;
    const next = (nonce: number) => submitter().submit(toBase64Url(network.sign(network.institution.account, nonce, { type: 'redeem', amount: nonce, reference: random(32) })));
    await next(20);
    await assert.rejects(next(21), problem('contract/busy', 503));
    world.skewMs += 21_000;
    await next(22);
    world.commits = true;
  });

  it('pages its read model, and says what it does not know', async () => {
    const { network } = world;
    for (let nonce = 1; nonce <= 3; nonce += 1) await world.node.commit(network.sign(network.institution.account, nonce, network.requirement({ quantity: nonce }).body));
    await world.followed();
    const ids: string[] = [];
    for (let cursor: string | undefined, pages = 0; pages < 10; pages += 1) {
      const page = await reader().requirements({ limit: 2, ...(cursor === undefined ? {} : { cursor }) });
      ids.push(...page.items.map(({ requirementId }) => requirementId));
      if (page.nextCursor === null) break;
      cursor = page.nextCursor;
    }
    assert.equal(new Set(ids).size, 4);
    assert.deepEqual(ids, ids.toSorted());
    await assert.rejects(reader().requirements({ limit: 0 }), problem('http/invalid-request', 400));
    await assert.rejects(reader().account(network.patient().id), problem('contract/not-found', 404));
    await assert.rejects(reader().requirement('req_nonsense'), problem('http/invalid-request', 400));
    assert.deepEqual((await reader().claims()).items, []);
    assert.deepEqual((await reader().replicaSetChanges(0)).items, []);
    assert.equal((await reader().circuits()).items[0]?.development, true);
    for (const cursor of ['x', '../..', '\u0000']) {
      for (const list of [reader().requirements({ cursor }), reader().claims({ cursor })]) {
        await list.catch((error: unknown) => assert.ok(error instanceof ApiError && error.status < 500, String(error)));
      }
    }
  });

  it('signs vouchers that it cannot see, once the ledger holds their credits', async () => {
    const { network } = world;
    const { account, id } = network.institution;
    const kind = { chainId: network.options.chainId, publicKey: network.voucherKey.publicKey };
    const keyId = voucherKeyId(kind.publicKey);
    const blinded = blindVoucher(kind, random(32));
    const start = await reader().account(id);
    await submitter().submit(toBase64Url(network.sign(account, start.nonce, { type: 'request-vouchers', vouchers: [{ keyId, blinded: blinded.blinded }] })));
    const [signature = new Uint8Array()] = await eventually(() => blindSignatures(world, voucherRequestIdOf(id, start.nonce)));
    await eventually(async () => ((await reader().totals()).vouchers === 10 ? true : undefined));
    const voucher = await finalizeVoucher(kind, blinded, signature);
    await submitter().submit(toBase64Url(network.sign(account, start.nonce + 1, { type: 'spend-vouchers', vouchers: [{ keyId, ...voucher }] })));
    const end = await eventually(async () => { const now = await reader().account(id); return now.nonce === start.nonce + 2 ? now : undefined; });
    assert.equal(end.balance, start.balance);
    const { vouchers, conserved } = await reader().totals();
    assert.deepEqual({ vouchers, conserved }, { vouchers: 0, conserved: true });
  });

  it('believes no node: a forged certificate or another block stops nothing and changes nothing', async () => {
    const { height } = await reader().blocks({ from: 1, limit: 1 });
    const forgers = testReplicas(4, random);
    world.node.falsify = (path, answer) => {
      if (path !== '/v1/blocks') return answer;
      const { items, ...rest } = answer as contractApi.CertifiedBlocks;
      return { ...rest, items: items.map((item) => toWire({ ...fromWire(item), certificate: certifyBlock(fromWire(item).block.header, forgers) })) };
    };
    await world.node.grow();
    const asked = world.node.requests.length;
    await eventually(() => (world.node.requests.length > asked + 3 ? true : undefined));
    assert.equal((await reader().blocks({ from: 1, limit: 1 })).height, height);
    assert.equal((await fetch(new URL('/health/ready', world.service.url))).status, 200);
    world.node.falsify = (_path, answer) => answer;
    await world.followed();
  });

  it('keeps its state over a restart, and ends at once though somebody waits for a block', async () => {
    const { height } = await reader().blocks({ from: 1, limit: 1 });
    const waitMs = 30_000;
    const waiting = reader().blocks({ from: height + 1, reach: height + 1, waitMs }).catch(() => null);
    await new Promise((resolve) => { setTimeout(resolve, 50); });
    const startedAt = performance.now();
    await world.restart();
    assert.ok(performance.now() - startedAt < waitMs, 'the stop waited for who was waiting');
    await waiting;
    assert.equal((await reader().blocks({ from: 1, limit: 1 })).height, height);
    assert.equal((await deposits().depositStatus('first')).status, 'recorded');
    assert.equal((await fetch(new URL('/health/ready', world.service.url))).status, 200);
  });
});
