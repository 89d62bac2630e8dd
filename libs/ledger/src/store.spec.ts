import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readdir, rm, stat, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { decodeCanonical } from '@medveil/encoding';
import fc from 'fast-check';
import { GENESIS_MS, MEMBERS, membersOf, setOf, TestChain } from './fixtures/chain.js';
import { type Operation, transactionOf } from './fixtures/machine.js';
import { LevelStore } from './level-store.js';
import { MemoryStore } from './memory-store.js';
import { transactionIdOf } from './receipt.js';
import { replicaSetValue } from './replica-set.js';
import { REPLICA_SET_KEY } from './state-view.js';
import type { LedgerStore } from './store.js';

const put = (key: string, value: number, salt = 0): Uint8Array => transactionOf({ op: 'put', key, value }, salt);
const collect = async <T>(items: AsyncIterable<T>): Promise<T[]> => {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
};

let folder: string;
let made = 0;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'medveil-ledger-'));
});
after(() => rm(folder, { recursive: true, force: true }));
const nextFolder = (): string => join(folder, `level-${(made += 1)}`);

const adapters: [string, () => Promise<{ open: () => Promise<LedgerStore> }>][] = [
  ['MemoryStore', async () => {
    const store = new MemoryStore();
    return { open: async () => store };
  }],
  ['LevelStore', async () => {
    const path = nextFolder();
    return { open: () => LevelStore.open(path) };
  }],
];

for (const [name, make] of adapters) {
  describe(`store contract: ${name}`, () => {
    it('begins anew with a state that was transferred, and goes on from its block', async () => {
      const { open } = await make();
      const store = await open();
      const chain = await TestChain.open({ store });
      for (let round = 0; round < 3; round += 1) await chain.grow([put('a', round)]);
      const [genesis, last] = [await store.block(0), await store.block(3)];
      assert.ok(genesis !== undefined && last !== undefined);
      const stored = { ...last, block: { ...last.block, header: { ...last.block.header, height: 7 } } };
      const replicaSets = [{ height: 5, replicaSet: setOf(MEMBERS) }];
      await store.install({ genesis, stored, entries: [['z', put('z', 1)]], replicaSets });
      assert.deepEqual([await store.height(), await store.block(3), await store.writes(3)], [7, undefined, undefined]);
      assert.deepEqual(await store.block(7), stored);
      assert.deepEqual(await store.heightOf(stored.hash), 7);
      assert.deepEqual(await collect(store.state()), [['z', put('z', 1)]]);
      assert.deepEqual(await store.replicaSetChanges(), replicaSets);
      assert.deepEqual(await store.transactions([transactionIdOf(put('a', 1))]), [undefined]);
      await store.close();
    });

    it('is empty at first', async () => {
      const store = await (await make()).open();
      assert.equal(await store.height(), null);
      assert.equal(await store.block(0), undefined);
      assert.equal(await store.heightOf(new Uint8Array(32)), undefined);
      assert.equal(await store.writes(0), undefined);
      assert.deepEqual(await store.transactions([transactionIdOf(put('a', 1))]), [undefined]);
      assert.deepEqual(await collect(store.state()), []);
      assert.deepEqual(await store.replicaSetChanges(), []);
      await store.close();
    });

    it('gives back what was appended, also after it was closed', async () => {
      const { open } = await make();
      let store = await open();
      const chain = await TestChain.open({ store, retainedHeights: 3 });
      const next = setOf(membersOf('next', 4, 80));
      await chain.grow([put('b', 1), put('a', 2)]);
      await chain.grow([transactionOf({ op: 'put', key: REPLICA_SET_KEY, value: replicaSetValue(next) }), transactionOf({ op: 'delete', key: 'b' })]);
      await chain.grow([put('c', 3)]);
      const { head } = chain.ledger;
      const blocks = await Promise.all([0, 1, 2, 3].map((height) => store.block(height)));
      await store.close();
      store = await open();
      assert.equal(await store.height(), 3);
      assert.deepEqual(await Promise.all([0, 1, 2, 3].map((height) => store.block(height))), blocks);
      assert.equal(await store.heightOf(head.hash), 3);
      assert.deepEqual((await collect(store.state())).map(([key]) => key), ['a', 'c', 'greeting', 'ledger/parameters', 'ledger/replica-set']);
      assert.equal(await store.writes(1), undefined, 'forgotten, for only three heights are retained');
      assert.deepEqual((await store.writes(2))?.map(({ key, value }) => [key, value === null]), [['b', true], [REPLICA_SET_KEY, false]]);
      assert.deepEqual(await store.replicaSetChanges(), [{ height: 3, replicaSet: next }]);
      await store.close();
    });

    it('finds the accepted inclusion of a transaction, else the latest rejected one', async () => {
      const { open } = await make();
      const store = await open();
      const chain = await TestChain.open({ store });
      const [bad, good] = [transactionOf({ op: 'fail', key: 'x' }), put('x', 1)];
      await chain.grow([bad]);
      await chain.grow([good, bad]);
      const locations = await store.transactions([transactionIdOf(bad), transactionIdOf(good), transactionIdOf(put('y', 1))]);
      assert.deepEqual(locations.map((place) => place && [place.height, place.index, place.ok]), [[2, 1, false], [2, 0, true], undefined]);
      const stored = await store.block(2);
      assert.ok(stored);
      const id = transactionIdOf(good);
      const again = { ...stored, block: { ...stored.block, header: { ...stored.block.header, height: 3 } }, hash: new Uint8Array(32).fill(3) };
      await store.append({ stored: again, writes: [], transactions: [{ id, height: 3, index: 0, ok: false }], replicaSet: null, keepWritesFrom: 0 });
      assert.deepEqual(await store.transactions([id]), [{ id, height: 2, index: 0, ok: true }]);
      await store.close();
    });

    it('appends in order only', async () => {
      const store = await (await make()).open();
      const chain = await TestChain.open({ store });
      await chain.grow();
      const stored = await store.block(1);
      assert.ok(stored);
      await assert.rejects(store.append({ stored, writes: [], transactions: [], replicaSet: null, keepWritesFrom: 0 }), RangeError);
      await store.close();
    });

    it('reopens to the state that the chain had in memory, with the proofs of older heights', async () => {
      const operation = fc.oneof(
        fc.record({ op: fc.constant('put' as const), key: fc.constantFrom('a', 'b', 'c/1', 'c/2', `due/${GENESIS_MS + 3_000}`), value: fc.integer() }),
        fc.record({ op: fc.constantFrom('delete' as const, 'fail' as const), key: fc.constantFrom('a', 'b', 'c/1', 'nothing') }),
      );
      const history = fc.array(fc.array(operation as fc.Arbitrary<Operation>, { maxLength: 4 }), { minLength: 1, maxLength: 6 });
      await fc.assert(fc.asyncProperty(history, async (blocks) => {
        const { open } = await make();
        const store = await open();
        const chain = await TestChain.open({ store, retainedHeights: 4 });
        for (const [height, operations] of blocks.entries()) {
          await chain.grow(operations.map((each, index) => transactionOf(each, height * 10 + index)));
        }
        const oldest = Math.max(0, blocks.length - 3);
        const proofsOf = (source: TestChain) => Promise.all([oldest, blocks.length - 1].map((height) => source.ledger.proofs.state('a', height)));
        const proofs = await proofsOf(chain);
        await store.close();
        const reopenedStore = await open();
        const reopened = await TestChain.open({ store: reopenedStore, retainedHeights: 4 });
        assert.deepEqual(reopened.ledger.head, chain.ledger.head);
        assert.deepEqual(await proofsOf(reopened), proofs);
        assert.deepEqual([...reopened.ledger.view().entries('')], [...chain.ledger.view().entries('')]);
        await reopenedStore.close();
      }), { numRuns: 8 });
    });
  });
}

/** Lets a process append blocks until it has acknowledged some, kills it, and gives the last height it promised. */
async function appendUntilKilled(path: string, blocks: number): Promise<number> {
  const child = spawn(process.execPath, [fileURLToPath(new URL('fixtures/appender.js', import.meta.url)), path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'close');
  let [promised, seen] = [0, 0];
  for await (const line of createInterface({ input: child.stdout })) {
    promised = Number(line);
    if ((seen += 1) === blocks) child.kill('SIGKILL');
  }
  await ended;
  return promised;
}

describe('a LevelDB folder after a crash', () => {
  it('has every block that was acknowledged before the process was killed, and goes on from there', async () => {
    const path = nextFolder();
    let promised = 0;
    for (const blocks of [3, 8]) {
      promised = await appendUntilKilled(path, blocks);
      const store = await LevelStore.open(path);
      const { ledger } = await TestChain.open({ store });
      const { height } = ledger.head.header;
      assert.ok(height >= promised, `${height} on disk, ${promised} acknowledged`);
      assert.equal(ledger.view().get('counter'), height);
      const { value } = await ledger.proofs.state('counter');
      assert.equal(value && decodeCanonical(value), height - 1);
      await store.close();
    }
    assert.ok(promised >= 11);
  });

  it('holds whole blocks only, wherever its log was torn', async () => {
    const path = nextFolder();
    const store = await LevelStore.open(path);
    const chain = await TestChain.open({ store });
    const roots = [chain.ledger.head.stateRoot];
    for (let height = 1; height <= 4; height += 1) {
      const { head } = await chain.grow([put('counter', height), put(`key/${height}`, height)], MEMBERS);
      roots.push(head.stateRoot);
    }
    const crashed = `${path}-crashed`;
    await cp(path, crashed, { recursive: true });
    await store.close();

    const log = (await readdir(crashed)).find((file) => file.endsWith('.log'));
    assert.ok(log);
    const { size } = await stat(join(crashed, log));
    const heights = new Set<number>();
    for (const fraction of [1, 0.999, 0.9, 0.75, 0.6, 0.45, 0.3]) {
      const copy = nextFolder();
      await cp(crashed, copy, { recursive: true });
      await truncate(join(copy, log), Math.floor(size * fraction));
      const torn = await LevelStore.open(copy);
      const height = await torn.height();
      if (height !== null) {
        const { ledger } = await TestChain.open({ store: torn });
        assert.deepEqual(ledger.head.stateRoot, roots[height]);
        assert.equal(ledger.view().get('counter'), height === 0 ? undefined : height);
        assert.equal(await torn.block(height + 1), undefined);
        heights.add(height);
      }
      await torn.close();
    }
    assert.ok(heights.has(4) && heights.size >= 3, 'the cuts fell into several blocks');
  });
});
