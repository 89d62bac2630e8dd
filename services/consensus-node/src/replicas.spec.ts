import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { delegateeKeyContext, readAccount, readMember } from '@medveil/agreements';
import { ApiError } from '@medveil/client';
import { encodeCanonical, fromBase64Url, toBase64Url, toHex } from '@medveil/encoding';
import { accountId, hpkeKeyPairFromSeed, signingKeyFromSeed } from '@medveil/identity';
import { decodeBlock, headerHash } from '@medveil/ledger';
import { MEMBER_ENROLLED, TRANSACTION_SUBMITTED } from '@medveil/messaging';
import { afgh06, loadEngine } from '@medveil/pre';
import { CHAIN, eventually, random, REPLICAS, World } from './spec-world.js';

const problem = (code: string, status: number) => (error: unknown) => {
  assert.ok(error instanceof ApiError, String(error));
  assert.deepEqual([error.code, error.status], [code, status]);
  return true;
};

/** After so many blocks that none of its former votes can lie above them: twice the blocks in agreement at once, and one (docs/consensus.md). */
async function votesAgain(world: World, name: (typeof REPLICAS)[number]): Promise<void> {
  await eventually(async () => {
    await world.mint(1);
    await world.agreed(...REPLICAS);
    return world.node(name).report().recovering ? undefined : true;
  }, 32);
}

/** What a node says of its replica to whoever asks whether it is ready. */
async function readiness(world: World, name: (typeof REPLICAS)[number]): Promise<unknown> {
  const answer = await fetch(new URL('/health/ready', world.running.get(name)?.url));
  const { checks } = (await answer.json()) as { checks: Record<string, string> };
  assert.equal(answer.status === 200, checks['replica'] === 'ok');
  return checks['replica'];
}

const isReady = async (world: World, name: (typeof REPLICAS)[number]) => eventually(async () => ((await readiness(world, name)) === 'ok' ? true : undefined));

describe('four replicas on a bus that duplicates, delays and reorders', () => {
  let world: World;
  before(async () => {
    world = await World.open();
    await world.start(...REPLICAS);
  });
  after(async () => world.close());

  it('prove by a first block what genesis says, though nobody has sent anything', async () => {
    const [first] = await eventually(async () => {
      const { items } = await world.client('replica-3').blocks({ from: 1, limit: 1 });
      return items.length > 0 ? items : undefined;
    });
    assert.ok(first !== undefined);
    const { header, transactions } = decodeBlock(fromBase64Url(first.block));
    assert.deepEqual([header.height, transactions.length], [1, 0]);
    assert.deepEqual(header.stateRoot, world.node('replica-3').ledger.genesis.block.header.stateRoot);
  });

  it('order transactions and agree on every block and the state', async () => {
    await world.mint(16);
    const { height } = await world.agreed(...REPLICAS);
    assert.ok(height >= 2);
    for (const name of REPLICAS) await isReady(world, name);
    const status = await world.client('replica-2').status();
    assert.deepEqual([status.creditsConserved, status.evidence, status.replica], [true, 0, 'replica-2']);
  });

  it('serve blocks and proofs to whoever has a credential, and to nobody else', async () => {
    const { items } = await world.client('replica-0').blocks({ from: 1, limit: 3 });
    assert.equal(items[0]?.height, 1);
    const block = await world.client('replica-1').block(1);
    assert.deepEqual(block, items[0]);
    const { header } = decodeBlock(fromBase64Url(block.block));
    assert.deepEqual(await world.client('replica-2').block(toHex(headerHash(header))), block);
    await assert.rejects(world.client('replica-0').block(1_000_000), problem('ledger/not-found', 404));
    await assert.rejects(world.client('replica-0').block('0'), problem('http/invalid-request', 400));
    const { certifiers, next, primary } = await world.client('replica-3').replicas();
    assert.deepEqual([certifiers.map(({ id }) => id), next, REPLICAS.some((name) => name === primary)], [[...REPLICAS], certifiers, true]);
    await assert.rejects(world.client('replica-0', null).blocks({ from: 1 }), problem('http/unauthenticated', 401));
    await assert.rejects(world.client('replica-0', ['consensus:vote']).blocks({ from: 1 }), problem('http/forbidden', 403));
    await assert.rejects(world.client('replica-0').proposals(), problem('http/forbidden', 403));
    await assert.rejects(world.client('replica-0').blocks({ from: 0 }), problem('http/invalid-request', 400));
    await assert.rejects(world.client('replica-0', ['consensus:vote']).vote(toBase64Url(encodeCanonical({ no: 'proposal' }))), problem('consensus-node/bad-proposal', 422));
    assert.equal((await fetch(new URL('/v1/evidence', world.running.get('replica-0')?.url))).status, 401);
  });

  it('pin a member that the PKG has enrolled, once enough of them voted', async () => {
    const pre = afgh06(await loadEngine());
    const account = signingKeyFromSeed(random(32));
    const key = pre.delegateeKeyFromSeed(random(32));
    const member = {
      role: 'institution' as const, accountKey: account.publicKey, name: 'institute', eCertHash: null, delegateeKey: key.publicKey,
      delegateeProof: pre.proveDelegateeKey(key, delegateeKeyContext(CHAIN, account.publicKey), random), sealKey: (await hpkeKeyPairFromSeed(random(32))).publicKey,
    };
    const proposalOf = (proposed: typeof member) => encodeCanonical({ action: { kind: 'pin-member', member: proposed }, reference: random(16), voteUntilMs: Date.now() + 3_600_000 });
    const tell = (proposed: typeof member) => world.publisher('pkg').publish(MEMBER_ENROLLED, { enrolmentId: 'institute', proposal: proposalOf(proposed) }, { key: 'institute' });
    await tell(member);
    await eventually(() => readMember(world.node('replica-3').ledger.view(), accountId(account.publicKey)) ?? undefined);
    // A proposal that the contract refuses is voted for once, not again and again.
    const bad = { ...member, accountKey: signingKeyFromSeed(random(32)).publicKey };
    await tell(bad);
    const { height } = await world.agreed(...REPLICAS);
    await world.mint(1);
    assert.ok((await world.agreed(...REPLICAS)).height <= height + 16);
    assert.equal(readAccount(world.node('replica-0').ledger.view(), accountId(bad.accountKey)), null);
  });

  it('drop what is no transaction', async () => {
    await world.publisher('contract').publish(TRANSACTION_SUBMITTED, { transaction: Uint8Array.of(1, 2, 3) }, { key: 'x' });
    await world.mint(1);
    await world.agreed(...REPLICAS);
    assert.equal((await world.client('replica-0').status()).pendingTransactions, 0);
  });

  it('go on without one, which continues from its folder when it comes back', async () => {
    await world.stop('replica-3');
    await world.mint(5);
    await world.agreed('replica-0', 'replica-1', 'replica-2');
    await world.start('replica-3');
    await world.mint(5);
    await world.agreed(...REPLICAS);
  });

  it('change the view when the primary is gone, and take it back', async () => {
    const { primary, view } = await world.client('replica-1').status();
    const others = REPLICAS.filter((name) => name !== primary);
    await world.stop(primary as (typeof REPLICAS)[number]);
    await world.mint(3);
    await world.agreed(...others);
    const later = await world.client(others[0] ?? 'replica-0').status();
    assert.ok(later.view > view);
    assert.notEqual(later.primary, primary);
    await world.start(primary as (typeof REPLICAS)[number]);
    await world.mint(3);
    await world.agreed(...REPLICAS);
  });

  it('bring one up again that has lost its disk: silent until it may vote, then in agreement', async () => {
    await world.stop('replica-2');
    await world.wipe('replica-2');
    await world.start('replica-2');
    assert.equal(world.node('replica-2').report().recovering, true);
    assert.equal(await readiness(world, 'replica-2'), 'consensus-node/not-voting');
    await votesAgain(world, 'replica-2');
    await isReady(world, 'replica-2');
    // And again from disk, as any other.
    await world.stop('replica-2');
    await world.start('replica-2');
    assert.equal(world.node('replica-2').report().recovering, false);
    await world.mint(1);
    const { stateRoot } = await world.agreed(...REPLICAS);
    assert.equal((await world.client('replica-2').status()).stateRoot, stateRoot);
    assert.ok(fromBase64Url((await world.client('replica-2').blocks({ from: 1, limit: 1 })).items[0]?.block ?? '').length > 0);
  });

  it('bring one up again that has lost its blocks but not its log, and one that has lost its log but not its blocks', async () => {
    await world.stop('replica-1');
    await rm(join(world.dataFolder('replica-1'), 'ledger'), { recursive: true });
    await world.start('replica-1');
    assert.equal(world.node('replica-1').report().recovering, false);
    await world.mint(1);
    await world.agreed(...REPLICAS);
    await world.stop('replica-1');
    await rm(join(world.dataFolder('replica-1'), 'wal'));
    await world.start('replica-1');
    assert.equal(world.node('replica-1').report().recovering, true);
    await votesAgain(world, 'replica-1');
  });

  it('all start again from their folders', async () => {
    const { height } = await world.agreed(...REPLICAS);
    await world.stop(...REPLICAS);
    await world.start(...REPLICAS);
    assert.deepEqual(REPLICAS.map((name) => world.node(name).report().recovering), [false, false, false, false]);
    await world.mint(2);
    assert.ok((await world.agreed(...REPLICAS)).height > height);
  });
});
