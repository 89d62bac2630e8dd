import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CodedError } from '@medveil/encoding';
import { type Block, encodeBlock } from './block.js';
import { certify, MEMBERS, setOf, TestChain } from './fixtures/chain.js';
import { keyValueMachine, transactionOf } from './fixtures/machine.js';
import { blockProposalReader } from './proposal.js';
import { replicaSetValue } from './replica-set.js';
import { REPLICA_SET_KEY } from './state-view.js';

const put = (key: string, value: number): Uint8Array => transactionOf({ op: 'put', key, value });
const code = (expected: string) => (error: CodedError) => error.code === expected;

/** As a leader with several blocks in agreement does. */
async function buildRun(chain: TestChain, contents: readonly (readonly Uint8Array[])[]): Promise<Block[]> {
  const run: Block[] = [];
  for (const transactions of contents) {
    const { block } = await chain.ledger.buildBlock({ transactions, timeMs: 0, proposer: 'replica-0', ancestors: run });
    await chain.ledger.validateBlock(block, { ancestors: run });
    run.push(block);
  }
  return run;
}

const apply = (chain: TestChain, block: Block) => chain.ledger.applyBlock(block, certify(block.header, MEMBERS));

const writesOf = async ({ ledger: { store } }: TestChain) => [await store.writes(2), await store.writes(3)];

describe('blocks on undecided blocks', () => {
  it('are those that would have been built had each been decided first, and show nothing before', async () => {
    const contents = [[put('a', 1)], [put('a', 2), transactionOf({ op: 'fail', key: 'b' })], [put('due/5', 1)], []];
    const [ahead, plain] = [await TestChain.open(), await TestChain.open()];
    const run = await buildRun(ahead, contents);
    assert.equal(ahead.ledger.view().get('a'), undefined);
    assert.equal(ahead.ledger.head.header.height, 0);
    for (const [index, block] of run.entries()) {
      const { block: one } = await plain.ledger.buildBlock({ transactions: contents[index] ?? [], timeMs: 0, proposer: 'replica-0' });
      assert.deepEqual(block, one);
      const [{ receipts: sooner }, { receipts: later }] = [await apply(ahead, block), await apply(plain, one)];
      assert.deepEqual(sooner, later);
    }
    assert.deepEqual(ahead.ledger.head, plain.ledger.head);
    assert.equal(ahead.ledger.view().get('a'), 2);
    assert.deepEqual(await writesOf(ahead), await writesOf(plain));
  });

  it('leave nothing behind when another block is decided', async () => {
    const chain = await TestChain.open();
    const run = await buildRun(chain, [[put('a', 1)], [put('a', 2)]]);
    await chain.grow([put('c', 1)]);
    assert.equal(chain.ledger.view().get('a'), undefined);
    await assert.rejects(buildRunOn(chain, run), code('ledger/wrong-height'));
    await buildRun(chain, [[put('a', 1)], [put('a', 2)]]);
    assert.equal((await chain.grow([put('a', 1)])).receipts[1]?.ok, true);
  });

  it('are executed once, though asked about, built on and decided', async () => {
    let begun = 0;
    const stateMachine = { ...keyValueMachine, beginBlock: (...args: Parameters<typeof keyValueMachine.beginBlock>) => { begun += 1; return keyValueMachine.beginBlock(...args); } };
    const chain = await TestChain.open({ stateMachine });
    const run = await buildRun(chain, [[put('a', 1)], [put('a', 2)], [put('a', 3)]]);
    for (const block of run) await apply(chain, block);
    assert.equal(begun, 3);
  });

  it('take no transaction that an undecided ancestor accepts, and do not give it up either', async () => {
    const chain = await TestChain.open();
    const [good, bad] = [put('a', 1), transactionOf({ op: 'fail', key: 'b' })];
    const [first] = await buildRun(chain, [[good, bad]]);
    assert.ok(first !== undefined);
    const { block, unusable } = await chain.ledger.buildBlock({ transactions: [good, bad], timeMs: 0, proposer: 'replica-0', ancestors: [first] });
    assert.deepEqual([block.transactions, unusable], [[bad], []]);
    const { block: alone } = await chain.ledger.buildBlock({ transactions: [good], timeMs: 0, proposer: 'replica-0' });
    const repeated = { header: { ...block.header, transactionsRoot: alone.header.transactionsRoot }, transactions: [good] };
    await assert.rejects(chain.ledger.validateBlock(repeated, { ancestors: [first] }), code('ledger/transaction-repeated'));
  });

  it('name the set that one of them decides on; the one that names it ends the configuration', async () => {
    const chain = await TestChain.open();
    const next = MEMBERS.toReversed();
    const change = transactionOf({ op: 'put', key: REPLICA_SET_KEY, value: replicaSetValue(setOf(next)) });
    const run = await buildRun(chain, [[change], [put('a', 1)]]);
    const configuration = { epoch: 1, names: MEMBERS.map(({ id }) => id), replicaSet: { publicKeys: MEMBERS.map(({ publicKey }) => publicKey) } };
    assert.deepEqual(run.map((block) => blockProposalReader.endsConfiguration(encodeBlock(block), configuration)), [false, true]);
    for (const block of run) await apply(chain, block);
    assert.deepEqual([chain.ledger.head.epoch, chain.ledger.head.certifiers], [3, setOf(next)]);
    await chain.grow([put('a', 2)], next);
    assert.deepEqual((await chain.ledger.store.replicaSetChanges()).map(({ height, replicaSet }) => [height, replicaSet]), [[2, setOf(next)]]);
  });

  it('must follow on each other and on the last block', async () => {
    const chain = await TestChain.open();
    const run = await buildRun(chain, [[put('a', 1)], [put('a', 2)], []]);
    await assert.rejects(buildRunOn(chain, run.slice(1)), code('ledger/wrong-height'));
    const [first, , third] = run;
    assert.ok(first !== undefined && third !== undefined);
    await assert.rejects(chain.ledger.validateBlock(third, { ancestors: [first] }), code('ledger/wrong-height'));
  });
});

const buildRunOn = (chain: TestChain, ancestors: readonly Block[]) => chain.ledger.buildBlock({ transactions: [], timeMs: 0, proposer: 'replica-0', ancestors });
