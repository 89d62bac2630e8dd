import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CodedError } from '@medveil/encoding';
import fc from 'fast-check';
import type { BlockHeader } from './block.js';
import { executeBlock } from './execution.js';
import { certify, GENESIS_MS, genesisOf, MEMBERS, membersOf, setOf, TestChain } from './fixtures/chain.js';
import { keyValueMachine, type Operation, transactionOf } from './fixtures/machine.js';
import { Ledger } from './ledger.js';
import { LEDGER_LIMITS } from './limits.js';
import { MemoryStore } from './memory-store.js';
import { transactionsRootOf } from './proposal.js';
import { transactionIdOf } from './receipt.js';
import { replicaSetValue } from './replica-set.js';
import { REPLICA_SET_KEY } from './state-view.js';
import { WorkingState } from './working-state.js';

const code = (expected: string, field?: string) => (error: CodedError) =>
  error.code === expected && (field === undefined || error.details['field'] === field);
const put = (key: string, value: number, salt = 0): Uint8Array => transactionOf({ op: 'put', key, value }, salt);
const transactionsOf = (operations: Operation[], salt: number): Uint8Array[] =>
  operations.map((operation, index) => transactionOf(operation, salt + index));

describe('executing blocks', () => {
  it('gives the block its own receipt and one per transaction, with their events', async () => {
    const chain = await TestChain.open();
    const { receipts, transactionIds, head } = await chain.grow([put('a', 1), transactionOf({ op: 'fail', key: 'b' })]);
    assert.deepEqual(receipts.map(({ index, ok, code: why }) => [index, ok, why]), [[-1, true, null], [0, true, null], [1, false, 'test/refused']]);
    assert.deepEqual(receipts.map(({ transactionId }) => transactionId), [null, ...transactionIds]);
    assert.deepEqual(receipts[1]?.events, [{ type: 'put', data: { key: 'a', height: 1 } }]);
    assert.equal(head.header.height, 1);
    assert.equal(chain.ledger.view().get('a'), 1);
  });

  it('leaves no trace of a rejected transaction, nor of one at which the machine throws', async () => {
    const rejected = fc.array(fc.constantFrom<Operation[]>({ op: 'fail', key: 'a' }, { op: 'throw', key: 'greeting' }, { op: 'throw', key: 'new' }, { op: 'flood', events: LEDGER_LIMITS.eventsPerReceipt + 1 }), { maxLength: 6 });
    await fc.assert(fc.asyncProperty(rejected, rejected, async (before, after) => {
      const plain = await TestChain.open();
      const mixed = await TestChain.open();
      await plain.grow([put('a', 1)]);
      const { receipts, faults } = await mixed.grow([...transactionsOf(before, 100), put('a', 1), ...transactionsOf(after, 200)]);
      assert.deepEqual(mixed.ledger.head.stateRoot, plain.ledger.head.stateRoot);
      assert.equal(receipts.filter(({ ok }) => ok).length, 2);
      assert.equal(faults.length, [...before, ...after].filter(({ op }) => op !== 'fail').length);
    }), { numRuns: 30 });
  });

  it('gives faults of the machine codes of the ledger, without their text', async () => {
    const chain = await TestChain.open();
    const operations: Operation[] = [
      { op: 'throw', key: 'a' },
      { op: 'flood', events: LEDGER_LIMITS.eventsPerReceipt + 1 },
      { op: 'put', key: 'b'.repeat(LEDGER_LIMITS.stateKeyLength + 1), value: 1 },
      { op: 'put', key: 'c', value: 'c'.repeat(LEDGER_LIMITS.stateValueBytes) },
    ];
    const transactions = operations.map((operation) => transactionOf(operation));
    const block = { transactions, header: (await chain.build()).header };
    const { receipts } = executeBlock(WorkingState.from(), keyValueMachine, block);
    const failed = 'ledger/execution-failed';
    assert.deepEqual(receipts.slice(1).map((receipt) => receipt.code), [failed, failed, failed, 'ledger/result-too-large']);
    assert.ok(receipts.every((receipt) => !JSON.stringify(receipt).includes('a bug')));
  });

  it('runs timeouts by the time of the block, and says when one is due', async () => {
    const chain = await TestChain.open();
    await chain.grow([put(`due/${GENESIS_MS + 5_000}`, 7)]);
    assert.equal(chain.ledger.nextDeadlineMs(), GENESIS_MS + 5_000);
    assert.deepEqual((await chain.grow([], MEMBERS, GENESIS_MS + 4_999)).receipts[0]?.events, []);
    const { receipts, head } = await chain.grow([], MEMBERS, GENESIS_MS + 5_000);
    assert.deepEqual(receipts[0]?.events, [{ type: 'timed-out', data: { key: `due/${GENESIS_MS + 5_000}`, value: 7 } }]);
    assert.equal(chain.ledger.nextDeadlineMs(), null);
    assert.equal(head.hasUnprovenResults, true);
    assert.equal((await chain.grow()).head.hasUnprovenResults, false);
  });

  it('changes nothing when the machine fails before the transactions, or the disk does', async () => {
    const store = new MemoryStore();
    let disk: 'good' | 'full' = 'good';
    const append = store.append.bind(store);
    store.append = async (entry) => (disk === 'full' ? Promise.reject(new Error('disk full')) : append(entry));
    let timeoutsFail = false;
    const stateMachine = {
      ...keyValueMachine,
      beginBlock: (...args: Parameters<typeof keyValueMachine.beginBlock>) => {
        if (timeoutsFail) throw new Error('a bug in a timeout');
        return keyValueMachine.beginBlock(...args);
      },
    };
    const chain = await TestChain.open({ store, stateMachine });
    const before = chain.ledger.head;
    disk = 'full';
    await assert.rejects(chain.grow([put('a', 1)]), /disk full/);
    disk = 'good';
    timeoutsFail = true;
    await assert.rejects(chain.grow([put('a', 2)]), /a bug in a timeout/);
    timeoutsFail = false;
    assert.equal(chain.ledger.head, before);
    assert.equal(chain.ledger.view().get('a'), undefined);
    await chain.grow([put('a', 1)]);
    assert.equal(chain.ledger.view().get('a'), 1);
  });

  it('keeps an older view as it was', async () => {
    const chain = await TestChain.open();
    const before = chain.ledger.view();
    await chain.grow([put('greeting', 2), put('a', 1)]);
    assert.equal(before.get('greeting'), 'hello');
    assert.deepEqual([...before.entries('a')], []);
    assert.equal(chain.ledger.view().get('greeting'), 2);
  });
});

describe('checking blocks', () => {
  const altered: [string, Partial<BlockHeader>, string, string?][] = [
    ['another chain', { chainId: 'other' }, 'ledger/wrong-chain'],
    ['a height left out', { height: 3 }, 'ledger/wrong-height'],
    ['the height before', { height: 1 }, 'ledger/wrong-height'],
    ['another parent', { previousHash: new Uint8Array(32) }, 'ledger/wrong-link'],
    ['a time before the parent', { timeMs: GENESIS_MS }, 'ledger/wrong-time'],
    ['another state root', { stateRoot: new Uint8Array(32) }, 'ledger/wrong-root', 'stateRoot'],
    ['another receipts root', { receiptsRoot: new Uint8Array(32) }, 'ledger/wrong-root', 'receiptsRoot'],
    ['another replica set', { replicaSetHash: new Uint8Array(32) }, 'ledger/wrong-root', 'replicaSetHash'],
    ['other transactions', { transactionsRoot: transactionsRootOf([]) }, 'ledger/wrong-root', 'transactionsRoot'],
    ['a stranger as proposer', { proposer: 'stranger' }, 'ledger/wrong-proposer'],
  ];
  for (const [what, change, expected, field] of altered) {
    it(`refuses ${what}, certified or not`, async () => {
      const chain = await TestChain.open();
      await chain.grow([put('a', 1)]);
      const { header, transactions } = await chain.build([put('b', 1)]);
      const block = { header: { ...header, ...change }, transactions };
      await assert.rejects(chain.ledger.validateBlock(block), code(expected, field));
      await assert.rejects(chain.ledger.applyBlock(block, certify(block.header, MEMBERS)), code(expected, field));
      assert.equal(chain.ledger.head.header.height, 1);
    });
  }

  it('holds the time of a proposal against the bounds of the clock, both ends included', async () => {
    const chain = await TestChain.open();
    const block = await chain.build();
    const { timeMs } = block.header;
    await chain.ledger.validateBlock(block, { bounds: { earliestMs: timeMs, latestMs: timeMs } });
    await assert.rejects(chain.ledger.validateBlock(block, { bounds: { earliestMs: timeMs + 1, latestMs: timeMs + 9 } }), code('ledger/wrong-time'));
    await assert.rejects(chain.ledger.validateBlock(block, { bounds: { earliestMs: timeMs - 9, latestMs: timeMs - 1 } }), code('ledger/wrong-time'));
  });

  it('takes an accepted transaction once, and a rejected one again', async () => {
    const chain = await TestChain.open();
    const good = put('a', 1);
    const bad = transactionOf({ op: 'fail', key: 'b' });
    await chain.grow([good, bad]);
    const { block, unusable } = await chain.ledger.buildBlock({ transactions: [good, bad, bad], timeMs: 0, proposer: 'replica-0' });
    assert.deepEqual(unusable, [transactionIdOf(good)]);
    assert.deepEqual(block.transactions, [bad]);
    await chain.ledger.validateBlock(block);
    for (const transactions of [[good], [bad, bad]]) {
      const repeated = { header: { ...block.header, transactionsRoot: transactionsRootOf(transactions) }, transactions };
      await assert.rejects(chain.ledger.validateBlock(repeated), code('ledger/transaction-repeated'));
    }
  });

  it('applies no block without a quorum of the set that the header before names', async () => {
    const chain = await TestChain.open();
    const { header, transactions } = await chain.build();
    const block = { header, transactions };
    await assert.rejects(chain.ledger.applyBlock(block, certify(header, MEMBERS, [0, 1])), code('ledger/bad-certificate'));
    await assert.rejects(chain.ledger.applyBlock(block, certify(header, membersOf('replica', 4, 50))), code('ledger/bad-certificate'));
    await chain.ledger.applyBlock(block, certify(header, MEMBERS, [1, 2, 3]));
  });

  it('applies one block at a time', async () => {
    const chain = await TestChain.open();
    const block = await chain.build();
    const first = chain.ledger.applyBlock(block, certify(block.header, MEMBERS));
    await assert.rejects(chain.ledger.applyBlock(block, certify(block.header, MEMBERS)), code('ledger/busy'));
    assert.equal((await first).head.header.height, 1);
  });
});

describe('building blocks', () => {
  it('never goes back in time and keeps within the size asked for', async () => {
    const chain = await TestChain.open();
    await chain.grow();
    const transactions = Array.from({ length: 50 }, (_, index) => put(`key/${index}`, index));
    const { block } = await chain.ledger.buildBlock({ transactions, timeMs: 5, proposer: 'replica-0', maxBytes: 2_048 });
    assert.equal(block.header.timeMs, chain.ledger.head.header.timeMs);
    assert.ok(block.transactions.length > 5 && block.transactions.length < 50);
    const { block: full } = await chain.ledger.buildBlock({ transactions: Array.from({ length: LEDGER_LIMITS.transactionsPerBlock + 9 }, (_, index) => put('k', index)), timeMs: 5, proposer: 'replica-0' });
    assert.equal(full.transactions.length, LEDGER_LIMITS.transactionsPerBlock);
  });

  it('says before the pool that a transaction is too large', async () => {
    const { ledger } = await TestChain.open();
    const admission = ledger.checkTransaction(new Uint8Array(LEDGER_LIMITS.transactionBytes + 1), 0);
    assert.equal(!admission.ok && admission.code, 'ledger/too-large');
    assert.deepEqual(ledger.checkTransaction(put('a', 1), 0), { ok: true, sender: 'anyone', nonce: 0 });
  });
});

describe('replacing the replica set', () => {
  it('lets the new set certify from the second block after the change', async () => {
    const chain = await TestChain.open();
    const next = membersOf('next', 7, 60);
    const change = transactionOf({ op: 'put', key: REPLICA_SET_KEY, value: replicaSetValue(setOf(next)) });
    await chain.grow([change]);
    const { head } = await chain.grow([], MEMBERS);
    assert.deepEqual(head.certifiers, setOf(next));
    await assert.rejects(chain.grow([], MEMBERS), code('ledger/wrong-proposer'));
    await chain.grow([], next);
    const changes = await chain.ledger.proofs.replicaSetChanges();
    assert.deepEqual(changes.map(({ certified, replicaSet }) => [certified.header.height, replicaSet.length]), [[2, 7]]);
  });

  it('rejects a transaction that would leave no usable set', async () => {
    const chain = await TestChain.open();
    const { receipts } = await chain.grow([transactionOf({ op: 'put', key: REPLICA_SET_KEY, value: [] }), transactionOf({ op: 'delete', key: REPLICA_SET_KEY })]);
    assert.deepEqual(receipts.map(({ ok }) => ok), [true, false, false]);
    assert.deepEqual(chain.ledger.head.nextSet, setOf(MEMBERS));
  });
});

describe('opening a ledger', () => {
  it('refuses the store of another chain', async () => {
    const store = new MemoryStore();
    await TestChain.open({ store });
    const other = genesisOf({ chainId: 'other' });
    await assert.rejects(Ledger.open({ genesis: other, store, stateMachine: keyValueMachine }), code('ledger/wrong-genesis'));
  });

  it('notices a state that is not the one the chain commits to', async () => {
    const store = new MemoryStore();
    const chain = await TestChain.open({ store });
    await chain.grow([put('a', 1)]);
    await chain.grow([put('b', 1)]);
    const state = store.state.bind(store);
    store.state = async function* tampered() {
      for await (const [key, value] of state()) yield [key, key === 'a' ? Uint8Array.of(2) : value];
    };
    await assert.rejects(TestChain.open({ store }), code('ledger/corrupt-store'));
  });
});
