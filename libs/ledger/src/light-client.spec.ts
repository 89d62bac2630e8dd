import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CodedError } from '@medveil/encoding';
import type { CommitCertificate } from '@medveil/pbft';
import { certify, genesisOf, MEMBERS, type Member, membersOf, setOf, TestChain } from './fixtures/chain.js';
import { transactionOf } from './fixtures/machine.js';
import { LightClient } from './light-client.js';
import {
  type CertifiedHeader,
  decodeCertifiedHeader,
  decodeReceiptProof,
  decodeReplicaSetChange,
  decodeStateProof,
  decodeTransactionProof,
  encodeCertifiedHeader,
  encodeReceiptProof,
  encodeReplicaSetChange,
  encodeStateProof,
  encodeTransactionProof,
} from './proof-bundles.js';
import { transactionIdOf } from './receipt.js';
import { replicaSetHash, replicaSetValue } from './replica-set.js';
import { REPLICA_SET_KEY } from './state-view.js';

const code = (expected: string) => (error: CodedError) => error.code === expected;
const put = (key: string, value: number): Uint8Array => transactionOf({ op: 'put', key, value });
const changeTo = (members: readonly Member[]): Uint8Array =>
  transactionOf({ op: 'put', key: REPLICA_SET_KEY, value: replicaSetValue(setOf(members)) });

/** Three blocks: entries in the first, a rejection in the second. */
async function grown(): Promise<TestChain> {
  const chain = await TestChain.open();
  await chain.grow([put('a', 1), put('b', 2), put('c', 3)]);
  await chain.grow([transactionOf({ op: 'fail', key: 'a' })]);
  await chain.grow();
  return chain;
}

const client = (): LightClient => LightClient.fromGenesis(genesisOf().bytes);

describe('light client: what it believes', () => {
  it('presence, absence and deletion of a state entry', async () => {
    const chain = await grown();
    const present = client().verifyState(await chain.ledger.proofs.state('b'));
    assert.deepEqual([present.value, present.height], [2, 2]);
    assert.equal(client().verifyState(await chain.ledger.proofs.state('nothing')).value, undefined);
    await chain.grow([transactionOf({ op: 'delete', key: 'b' })]);
    await chain.grow();
    assert.equal(client().verifyState(await chain.ledger.proofs.state('b')).value, undefined);
    assert.equal(client().verifyState(await chain.ledger.proofs.state('b', 3)).value, 2);
    assert.equal(client().verifyState(await chain.ledger.proofs.state('greeting', 0)).value, 'hello');
  });

  it('receipts of transactions, accepted and rejected, and of the block', async () => {
    const chain = await grown();
    const accepted = client().verifyReceipt(await chain.ledger.proofs.receipt(transactionIdOf(put('c', 3))));
    assert.deepEqual([accepted.ok, accepted.height, accepted.index], [true, 1, 2]);
    const rejected = client().verifyReceipt(await chain.ledger.proofs.receiptAt(2, 0));
    assert.deepEqual([rejected.ok, rejected.code], [false, 'test/refused']);
    assert.equal(client().verifyReceipt(await chain.ledger.proofs.receiptAt(1, -1)).transactionId, null);
  });

  it('that a transaction was ordered, and where', async () => {
    const chain = await grown();
    const proof = await chain.ledger.proofs.transaction(transactionIdOf(put('b', 2)));
    const { transactionId, height, index } = client().verifyTransaction(proof);
    assert.deepEqual([transactionId, height, index], [transactionIdOf(put('b', 2)), 1, 1]);
  });

  it('the same after the bundles have travelled as bytes', async () => {
    const { proofs } = (await grown()).ledger;
    const bundles = {
      state: await proofs.state('b'),
      absent: await proofs.state('zzz'),
      receipt: await proofs.receiptAt(1, 1),
      transaction: await proofs.transaction(transactionIdOf(put('a', 1))),
      header: await proofs.header(2),
    };
    assert.deepEqual(decodeStateProof(encodeStateProof(bundles.state)), bundles.state);
    assert.deepEqual(decodeStateProof(encodeStateProof(bundles.absent)), bundles.absent);
    assert.deepEqual(decodeReceiptProof(encodeReceiptProof(bundles.receipt)), bundles.receipt);
    assert.deepEqual(decodeTransactionProof(encodeTransactionProof(bundles.transaction)), bundles.transaction);
    assert.deepEqual(decodeCertifiedHeader(encodeCertifiedHeader(bundles.header)), bundles.header);
    assert.throws(() => decodeStateProof(encodeReceiptProof(bundles.receipt)), code('ledger/malformed'));
    assert.throws(() => decodeCertifiedHeader(new Uint8Array(600_000)), code('ledger/too-large'));
  });

  it('a run of headers that link', async () => {
    const { proofs } = (await grown()).ledger;
    const headers = await Promise.all([1, 2, 3].map((height) => proofs.header(height)));
    client().verifyHeaders(headers);
    client().verifyHeaders(headers.slice(1));
    assert.throws(() => client().verifyHeaders([headers[0] as CertifiedHeader, headers[2] as CertifiedHeader]), code('ledger/wrong-height'));
  });
});

describe('light client: what it refuses', () => {
  const outsiders = membersOf('replica', 4, 90);
  const forgeries: [string, (certified: CertifiedHeader) => CommitCertificate][] = [
    ['fewer signers than a quorum', ({ header }) => certify(header, MEMBERS, [0, 1])],
    ['a signer counted twice', ({ header }) => certify(header, MEMBERS, [0, 1, 1])],
    ['signers out of order', ({ header }) => certify(header, MEMBERS, [2, 1, 0])],
    ['replicas that are not in the set', ({ header }) => certify(header, outsiders)],
    ['a position that the set does not have', ({ header }) => certify(header, [...MEMBERS, ...outsiders], [0, 1, 4])],
    ['signatures for another chain', ({ header }) => certify(header, MEMBERS, [0, 1, 2], { chainId: 'other-chain' })],
    ['signatures for another view', ({ header }) => ({ ...certify(header, MEMBERS), view: 1 })],
    ['a certificate of another height', ({ header }) => certify(header, MEMBERS, [0, 1, 2], { sequence: header.height + 1 })],
    ['a certificate of another header', ({ header }) => certify(header, MEMBERS, [0, 1, 2], { digest: new Uint8Array(32) })],
    ['one bad signature among good ones', ({ header }) => {
      const { signatures, ...rest } = certify(header, MEMBERS);
      return { ...rest, signatures: signatures.with(1, { replica: 1, signature: new Uint8Array(64) }) };
    }],
  ];
  for (const [what, forge] of forgeries) {
    it(what, async () => {
      const certified = await (await grown()).ledger.proofs.header(2);
      const forged = { ...certified, certificate: forge(certified) };
      assert.throws(() => client().verifyHeader(forged), code('ledger/bad-certificate'));
    });
  }

  it('any change to a certified header, and the certificate of one under another', async () => {
    const { proofs } = (await grown()).ledger;
    const { header, certificate } = await proofs.header(2);
    for (const changed of [{ timeMs: 1 }, { stateRoot: new Uint8Array(32) }, { receiptsRoot: new Uint8Array(32) }, { proposer: 'x' }]) {
      assert.throws(() => client().verifyHeader({ header: { ...header, ...changed }, certificate }), code('ledger/bad-certificate'));
    }
    const third = await proofs.header(3);
    assert.throws(() => client().verifyHeader({ header: third.header, certificate }), code('ledger/bad-certificate'));
  });

  it('a chain of another name or of other replicas, and a header for block 0', async () => {
    const certified = await (await grown()).ledger.proofs.header(2);
    const otherName = LightClient.fromGenesis(genesisOf({ chainId: 'other' }).bytes);
    assert.throws(() => otherName.verifyHeader(certified), code('ledger/wrong-chain'));
    const otherSet = LightClient.fromGenesis(genesisOf({ replicaSet: setOf(outsiders) }).bytes);
    assert.throws(() => otherSet.verifyHeader(certified), code('ledger/bad-certificate'));
    const { header } = genesisOf().block;
    assert.throws(() => client().verifyHeader({ header, certificate: certify(header, MEMBERS) }), code('ledger/bad-proof'));
  });

  it('a first block that does not follow the genesis document', async () => {
    const foreign = await TestChain.open({ genesis: genesisOf({ parameters: 'others' }) });
    await foreign.grow();
    assert.throws(() => client().verifyHeaders([{ ...foreign.ledger.head, certificate: foreign.ledger.head.certificate as CommitCertificate }]), code('ledger/wrong-link'));
  });

  it('a state entry under another key, value or height, or called absent', async () => {
    const { proofs } = (await grown()).ledger;
    const proof = await proofs.state('b');
    const other = await proofs.state('c');
    const older = await proofs.header(1);
    for (const forged of [{ ...proof, key: 'c' }, { ...proof, value: other.value }, { ...proof, value: null }, { ...proof, proof: other.proof }, { ...proof, certified: older }]) {
      assert.throws(() => client().verifyState(forged), code('ledger/bad-proof'));
    }
  });

  it('a receipt that was changed, moved, or proved by another header', async () => {
    const { proofs } = (await grown()).ledger;
    const proof = await proofs.receiptAt(1, 0);
    const other = await proofs.receiptAt(1, 1);
    for (const forged of [
      { ...proof, receipt: other.receipt },
      { ...proof, proof: { ...proof.proof, position: 2 } },
      { ...proof, certified: await proofs.header(3) },
      { ...proof, certified: await proofs.header(1) },
    ]) assert.throws(() => client().verifyReceipt(forged), code('ledger/bad-proof'));
  });

  it('a transaction that was changed, moved, or proved by another header', async () => {
    const { proofs } = (await grown()).ledger;
    const proof = await proofs.transaction(transactionIdOf(put('b', 2)));
    for (const forged of [
      { ...proof, transaction: put('b', 3) },
      { ...proof, proof: { ...proof.proof, position: 0 } },
      { ...proof, certified: await proofs.header(2) },
    ]) assert.throws(() => client().verifyTransaction(forged), code('ledger/bad-proof'));
  });

  it('a proof older than asked for', async () => {
    const { proofs } = (await grown()).ledger;
    const old = await proofs.state('a', 1);
    const { height, timeMs } = client().verifyState(old, { notBelowHeight: 2 });
    assert.equal(height, 1);
    assert.throws(() => client().verifyState(old, { notBelowHeight: 3 }), code('ledger/stale-proof'));
    assert.throws(() => client().verifyState(old, { notBeforeMs: timeMs + 1 }), code('ledger/stale-proof'));
  });

  it('is not asked to prove what no header proves yet', async () => {
    const { proofs } = (await grown()).ledger;
    await assert.rejects(proofs.state('a', 3), code('ledger/not-proven-yet'));
    await assert.rejects(proofs.receiptAt(3, -1), code('ledger/not-proven-yet'));
    await assert.rejects(proofs.receiptAt(2, 5), code('ledger/not-found'));
    await assert.rejects(proofs.receipt(transactionIdOf(put('z', 1))), code('ledger/not-found'));
  });
});

describe('light client: across changes of the replica set', () => {
  const second = membersOf('second', 4, 20);
  const third = [...second.slice(0, 3), ...membersOf('third', 4, 30)];

  /** Set 1 certifies blocks 1 to 2, set 2 blocks 3 to 5, set 3 from block 6. */
  async function changed(): Promise<TestChain> {
    const chain = await TestChain.open();
    await chain.grow([changeTo(second), put('a', 1)]);
    await chain.grow();
    await chain.grow([put('a', 2)], second);
    await chain.grow([changeTo(third)], second);
    await chain.grow([], second);
    await chain.grow([], third);
    return chain;
  }

  it('follows them from the genesis set, without the headers between', async () => {
    const { proofs } = (await changed()).ledger;
    const changes = await proofs.replicaSetChanges();
    assert.deepEqual(changes.map(({ certified }) => certified.header.height), [2, 5]);
    const travelled = changes.map((change) => decodeReplicaSetChange(encodeReplicaSetChange(change)));
    const followed = travelled.reduce((known, change) => known.follow(change), client());
    assert.deepEqual(followed.currentSet, { fromHeight: 6, replicaSet: setOf(third) });
    for (const height of [1, 2, 3, 4, 5, 6]) followed.verifyHeader(await proofs.header(height));
    assert.equal(followed.verifyState(await proofs.state('a')).value, 2);
    assert.equal(changes.reduce((known, change) => known.follow(change), followed), followed, 'what is known changes nothing');
  });

  it('follows them along a run of headers', async () => {
    const { proofs } = (await changed()).ledger;
    const headers = await Promise.all([1, 2, 3, 4, 5, 6].map((height) => proofs.header(height)));
    assert.deepEqual(client().verifyHeaders(headers, [setOf(second), setOf(third)]).currentSet.fromHeight, 6);
    assert.throws(() => client().verifyHeaders(headers, [setOf(second)]), code('ledger/replica-set-unknown'));
    assert.throws(() => client().verifyHeaders(headers, [setOf(third), setOf(second)]), code('ledger/bad-proof'));
  });

  it('refuses a former set, a set to come, a change left out and a set that the header does not name', async () => {
    const { proofs } = (await changed()).ledger;
    const [first, last] = await proofs.replicaSetChanges();
    assert.ok(first && last);
    const followed = client().follow(first);
    const { header } = await proofs.header(4);
    assert.throws(() => followed.verifyHeader({ header, certificate: certify(header, MEMBERS) }), code('ledger/bad-certificate'));
    const { header: early } = await proofs.header(2);
    assert.throws(() => followed.verifyHeader({ header: early, certificate: certify(early, second) }), code('ledger/bad-certificate'));
    assert.throws(() => client().follow(last), code('ledger/bad-certificate'));
    assert.throws(() => client().follow({ ...first, replicaSet: setOf(third) }), code('ledger/bad-proof'));
    assert.throws(() => client().follow({ ...first, replicaSet: setOf(second.toReversed()) }), code('ledger/bad-proof'));
  });

  it('refuses a change that contradicts one it has followed, even with the signatures of the former set', async () => {
    const { proofs } = (await changed()).ledger;
    const [first] = await proofs.replicaSetChanges();
    assert.ok(first);
    const followed = client().follow(first);
    for (const height of [1, 2]) {
      const { header: honest } = await proofs.header(height);
      const header = { ...honest, replicaSetHash: replicaSetHash(setOf(third)) };
      const forged = { certified: { header, certificate: certify(header, MEMBERS) }, replicaSet: setOf(third) };
      assert.throws(() => followed.follow(forged), code('ledger/bad-proof'));
    }
  });
});
