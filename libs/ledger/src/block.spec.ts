import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type CborValue, type CodedError, encodeCanonical, toHex } from '@medveil/encoding';
import { type Block, type BlockHeader, decodeBlock, encodeBlock, headerHash } from './block.js';
import { genesisOf } from './fixtures/chain.js';
import { createGenesis, loadGenesis } from './genesis.js';
import { LEDGER_LIMITS } from './limits.js';
import { blockProposalReader, transactionsRootOf } from './proposal.js';
import { decodeReceipt, encodeReceipt, receiptDigest, transactionDigest, transactionIdOf } from './receipt.js';
import { StateTree } from './state-tree.js';

const header: BlockHeader = {
  version: 1,
  chainId: 'test-chain',
  height: 7,
  previousHash: new Uint8Array(32).fill(1),
  timeMs: 1_700_000_000_000,
  transactionsRoot: transactionsRootOf([Uint8Array.of(1, 2), Uint8Array.of(3)]),
  stateRoot: new Uint8Array(32).fill(3),
  receiptsRoot: new Uint8Array(32).fill(4),
  replicaSetHash: new Uint8Array(32).fill(5),
  proposer: 'replica-0',
};
const block: Block = { header, transactions: [Uint8Array.of(1, 2), Uint8Array.of(3)] };
const code = (expected: string) => (error: CodedError) => error.code === expected;
const encoded = (changed: Record<string, CborValue>, transactions: CborValue = [...block.transactions]): Uint8Array =>
  encodeCanonical({ header: { ...header, ...changed }, transactions });

describe('block', () => {
  it('keeps its format', () => {
    assert.equal(toHex(headerHash(header)), '7aa4e5174e38a758634b3037cbca63fbeb60410c300f2a7e47bc22bb89f9a77d');
    assert.equal(transactionIdOf(Uint8Array.of(1, 2)), 'txn_a978dc8577a1ceda25aa3591b051560ac4bdab79c358ad4267ca69514f995fc7');
    assert.equal(toHex(genesisOf().hash), '20c3edd399bdd18299a897b135e9c819b2795b53c29ff699133cae2ec0402907');
  });

  it('round-trips', () => {
    assert.deepEqual(decodeBlock(encodeBlock(block)), block);
  });

  it('is decoded strictly', () => {
    const malformed: Record<string, CborValue>[] = [
      { version: 2 }, { height: -1 }, { height: 1.5 }, { extra: 1 }, { previousHash: new Uint8Array(31) },
      { timeMs: -1 }, { chainId: '' }, { proposer: 'p'.repeat(65) }, { stateRoot: 'text' },
    ];
    for (const changed of malformed) assert.throws(() => decodeBlock(encoded(changed)), code('ledger/malformed'));
    assert.throws(() => decodeBlock(encoded({}, ['text'])), code('ledger/malformed'));
    assert.throws(() => decodeBlock(encoded({}, [new Uint8Array(LEDGER_LIMITS.transactionBytes + 1)])), code('ledger/malformed'));
    const trailing = Uint8Array.of(...encodeBlock(block), 0);
    assert.throws(() => decodeBlock(trailing), code('ledger/malformed'));
  });

  it('is limited in the number and the sum of its transactions', () => {
    const many = Array.from({ length: LEDGER_LIMITS.transactionsPerBlock + 1 }, () => Uint8Array.of(1));
    assert.throws(() => decodeBlock(encoded({}, many)), code('ledger/malformed'));
    const large = Array.from({ length: LEDGER_LIMITS.blockBytes / LEDGER_LIMITS.transactionBytes }, () => new Uint8Array(LEDGER_LIMITS.transactionBytes));
    assert.equal(decodeBlock(encoded({}, large)).transactions.length, large.length);
    assert.throws(() => decodeBlock(encoded({}, [...large, Uint8Array.of(1)])), code('ledger/too-large'));
  });

  it('is read by PBFT only as the one byte string that its header names', () => {
    const identity = blockProposalReader.identify(encodeBlock(block));
    assert.deepEqual(identity, { sequence: 7, digest: headerHash(header), previousDigest: header.previousHash });
    assert.equal(blockProposalReader.identify(encodeBlock({ header, transactions: block.transactions.toReversed() })), null);
    assert.equal(blockProposalReader.identify(encodeBlock({ header, transactions: [] })), null);
    assert.equal(blockProposalReader.identify(new Uint8Array(0)), null);
  });

  it('is put together from an outline that its header binds, to the same bytes', () => {
    const proposal = encodeBlock(block);
    const outline = blockProposalReader.outline(proposal);
    const read = blockProposalReader.readOutline(outline);
    assert.deepEqual(read?.digest, headerHash(header));
    assert.deepEqual(read?.requestIds, block.transactions.map((transaction) => blockProposalReader.requestIdOf(transaction)));
    assert.deepEqual(blockProposalReader.assemble(outline, block.transactions), proposal);
    const others = blockProposalReader.assemble(outline, block.transactions.toReversed());
    assert.ok(others !== null && blockProposalReader.identify(others) === null);
    const digests = block.transactions.map((transaction) => transactionDigest(transaction));
    for (const given of [digests.toReversed(), digests.slice(1), [...digests, ...digests], [new Uint8Array(31)]]) {
      assert.equal(blockProposalReader.readOutline(encodeCanonical({ header: { ...header }, transactions: given })), null);
    }
    for (const bytes of [new Uint8Array(0), proposal]) assert.equal(blockProposalReader.readOutline(bytes), null);
    const tooLarge = Array.from({ length: LEDGER_LIMITS.blockBytes / LEDGER_LIMITS.transactionBytes + 1 }, () => new Uint8Array(LEDGER_LIMITS.transactionBytes));
    assert.equal(blockProposalReader.assemble(outline, tooLarge), null);
  });
});

describe('receipt', () => {
  const receipt = {
    transactionId: transactionIdOf(Uint8Array.of(1)),
    height: 3,
    index: 0,
    ok: true,
    code: null,
    reason: null,
    events: [{ type: 'paid', data: { amount: 5, to: Uint8Array.of(1) } }],
  };

  it('round-trips and keeps its format', () => {
    assert.deepEqual(decodeReceipt(encodeReceipt(receipt)), receipt);
    assert.equal(toHex(receiptDigest(encodeReceipt(receipt))), 'd81ac6b9a4b47d2e1d79a0a0b9e78a9b40a28b140bc4cd7d1cfb00c0b977608b');
  });

  it('is limited', () => {
    assert.throws(() => encodeReceipt({ ...receipt, events: [{ type: 'x', data: { big: new Uint8Array(LEDGER_LIMITS.receiptBytes) } }] }), code('ledger/too-large'));
    assert.throws(() => encodeReceipt({ ...receipt, code: '' }), code('ledger/malformed'));
    const event = { type: 'x', data: {} };
    const events = Array.from({ length: LEDGER_LIMITS.eventsPerReceipt + 1 }, () => event);
    assert.throws(() => encodeReceipt({ ...receipt, events }), code('ledger/malformed'));
  });
});

describe('genesis', () => {
  it('is the same whatever the order its state is given in', () => {
    const state = [{ key: 'b', value: 1 }, { key: 'a', value: 2 }];
    assert.deepEqual(genesisOf({ state }).bytes, genesisOf({ state: state.toReversed() }).bytes);
  });

  it('commits to its document and to the state it begins with', () => {
    const genesis = genesisOf();
    assert.deepEqual(loadGenesis(genesis.bytes), genesis);
    assert.deepEqual(genesis.block.header.stateRoot, StateTree.from(genesis.entries).root);
    assert.notDeepEqual(genesisOf({ parameters: 2 }).hash, genesis.hash);
    assert.notDeepEqual(genesisOf({ timeMs: 1 }).hash, genesis.hash);
  });

  it('refuses reserved, repeated and bad keys and an unusable replica set', () => {
    const { document } = genesisOf();
    const withState = (...keys: string[]) => () => createGenesis({ ...document, state: keys.map((key) => ({ key, value: 1 })) });
    assert.throws(withState('ledger/replica-set'), code('ledger/malformed'));
    assert.throws(withState('a', 'a'), code('ledger/malformed'));
    assert.throws(withState('a b'), code('ledger/bad-key'));
    const [first, ...rest] = document.replicaSet;
    assert.ok(first);
    assert.throws(() => createGenesis({ ...document, replicaSet: [] }), code('ledger/malformed'));
    assert.throws(() => createGenesis({ ...document, replicaSet: [first, first, ...rest] }), code('ledger/malformed'));
    assert.throws(() => createGenesis({ ...document, chainId: 'no spaces' }), code('ledger/malformed'));
  });
});
