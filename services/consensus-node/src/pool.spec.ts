import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { accountTable, buildTransaction, proposalTable, type Proposal, proposalIdOf } from '@medveil/agreements';
import { makeId, sha256 } from '@medveil/encoding';
import { accountId, type SigningKeyPair, signingKeyFromSeed } from '@medveil/identity';
import { type Admission, type Ledger, type Receipt, transactionIdOf } from '@medveil/ledger';
import type { PoolRequest } from '@medveil/pbft';
import { PeerQuota } from './peer-quota.js';
import { PoolWatch } from './pool-watch.js';
import { OperatorQueue } from './operator-queue.js';

const keyOf = (seed: number): SigningKeyPair => signingKeyFromSeed(new Uint8Array(32).fill(seed));
const [alice, bob] = [keyOf(1), keyOf(2)];

function requestOf(key: SigningKeyPair, nonce: number): PoolRequest {
  const { transactionId, bytes } = buildTransaction({ chainId: 'pool', account: key, nonce, validUntilMs: 1_000, body: { type: 'redeem', amount: 1, reference: new Uint8Array(32) } });
  return { id: transactionId, sender: accountId(key.publicKey), bytes };
}

describe('what a replica remembers of its pool', () => {
  const [a0, a1, a2, b0] = [requestOf(alice, 0), requestOf(alice, 1), requestOf(alice, 2), requestOf(bob, 0)];
  const watchOf = (dead: readonly PoolRequest[]) => {
    const checkTransaction = (bytes: Uint8Array): Admission =>
      dead.some((request) => request.bytes === bytes) ? { ok: false, code: 'agreements/wrong-nonce', reason: '' } : { ok: true, sender: '', nonce: 0 };
    const watch = new PoolWatch({ checkTransaction }, () => 0);
    watch.watch([a0, a1, b0], [0, 1, 0]);
    return watch;
  };

  it('names what a block of the same sender has made unusable, also where the block’s transaction was not known here', () => {
    const watch = watchOf([a0, b0]);
    const stranger = buildTransaction({ chainId: 'pool', account: alice, nonce: 0, validUntilMs: 999, body: { type: 'redeem', amount: 2, reference: new Uint8Array(32) } });
    assert.deepEqual(watch.afterBlock([stranger.transactionId], [stranger.bytes]), [a0.id]);
    assert.deepEqual(watch.afterBlock([stranger.transactionId], [stranger.bytes]), []);
    assert.deepEqual(watch.sweep(), [b0.id]);
    assert.deepEqual(watch.afterBlock(['txn_x'], [Uint8Array.of(1)]), []);
  });

  it('does not name what found no room in the pool', () => {
    const watch = watchOf([a0, b0]);
    watch.forget([a0.id]);
    assert.deepEqual(watch.sweep(), [b0.id]);
  });

  it('does not name what is executed', () => {
    const watch = watchOf([a0]);
    assert.deepEqual(watch.afterBlock([a0.id], [a0.bytes]), []);
    assert.deepEqual(watch.sweep(), []);
  });

  it('puts each sender’s requests in the order of their nonces, in the places that the sender has', () => {
    const watch = watchOf([]);
    watch.watch([a2], [2]);
    assert.deepEqual(watch.inTurn([a2, b0, a0, a1]).map(({ id }) => id), [a0, b0, a1, a2].map(({ id }) => id));
  });
});

describe('a peer’s share of the queue', () => {
  it('ends one peer’s flood and touches no other', () => {
    const quota = new PeerQuota();
    let taken = 0;
    while (quota.take('1', 100)) taken += 1;
    assert.equal(taken, 4_096);
    assert.equal(quota.take('2', 100), true);
    quota.giveBack('1', 100);
    assert.equal(quota.take('1', 100), true);
    assert.equal(quota.take('3', 65 * 1024 * 1024), false);
  });
});

const receiptsOf = (code: string | null) => [{}, { ok: code === null, code }] as unknown as Receipt[];

const proposalOf = (name: string): Proposal => ({ action: { kind: 'unpin-member', account: makeId('acc', sha256(new TextEncoder().encode(name))) }, reference: new Uint8Array(16), voteUntilMs: 1_000_000 });
const knownOf = (name: string) => ({ proposalId: proposalIdOf(proposalOf(name)), proposal: proposalOf(name) });

function votingWorld() {
  const entries = new Map<string, unknown>();
  accountTable.write({ put: (key, value) => void entries.set(key, value), delete: () => undefined }, {
    publicKey: alice.publicKey, role: 'consortium', nonce: 0, balance: 0, registeredAtMs: 0, certificate: null, revokedAtMs: null,
  }, accountId(alice.publicKey));
  const sent: Uint8Array[] = [];
  const time = { nowMs: 0 };
  const ledger = { chainId: 'pool', view: () => ({ get: (key: string) => entries.get(key), entries: () => [].values() }) } as unknown as Ledger;
  const voter = new OperatorQueue(ledger, alice, () => time.nowMs, (bytes) => void sent.push(bytes));
  return { entries, sent, time, voter };
}

describe('a member’s votes', () => {
  it('go out one at a time, the next when the one before is in a block', () => {
    const { voter, sent } = votingWorld();
    assert.ok(voter.vote(knownOf('a')) && voter.vote(knownOf('b')));
    assert.equal(sent.length, 1);
    voter.afterBlock({ transactionIds: [transactionIdOf(sent[0] as Uint8Array)], receipts: receiptsOf(null) });
    assert.equal(sent.length, 2);
  });

  it('are not repeated where the contract refused them, but where they came out of turn or were lost', () => {
    const { voter, sent, time } = votingWorld();
    voter.vote(knownOf('a'));
    voter.afterBlock({ transactionIds: [transactionIdOf(sent[0] as Uint8Array)], receipts: receiptsOf('agreements/wrong-nonce') });
    assert.equal(sent.length, 2);
    voter.wake();
    assert.equal(sent.length, 2);
    time.nowMs = 61_000;
    voter.wake();
    assert.equal(sent.length, 3);
    voter.afterBlock({ transactionIds: [transactionIdOf(sent[2] as Uint8Array)], receipts: receiptsOf('agreements/unknown-member') });
    voter.wake();
    assert.equal(sent.length, 3);
  });

  it('end where the proposal is decided or its time is over, and have a limit', () => {
    const { voter, sent, entries, time } = votingWorld();
    const decided = knownOf('decided');
    entries.set(proposalTable.key(decided.proposalId), { action: decided.proposal.action, votes: [], decidedAtMs: 5 });
    time.nowMs = 2_000_000;
    voter.vote(knownOf('late'));
    assert.equal(sent.length, 0);
  });
});
