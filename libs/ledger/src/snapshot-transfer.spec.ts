import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { certify, genesisOf, MEMBERS, membersOf, setOf, TestChain } from './fixtures/chain.js';
import { keyValueMachine, transactionOf } from './fixtures/machine.js';
import { Ledger } from './ledger.js';
import { MemoryStore } from './memory-store.js';
import { replicaSetValue } from './replica-set.js';
import { decodeSnapshotManifest, encodeSnapshotManifest, type SnapshotManifest, verifySnapshotManifest } from './snapshot.js';
import { type ChunkKeeper, type SnapshotPeer, transferState, type TransferredState } from './snapshot-transfer.js';
import { FIRST_KEY_HASH, requireChunk, type StateChunk } from './state-chunk.js';
import { REPLICA_SET_KEY } from './state-view.js';

const LATER = membersOf('later', 4, 50);
const genesis = genesisOf();
const INTERVAL = 4;

const keeperOf = (kept: StateChunk[] = []): ChunkKeeper & { readonly kept: StateChunk[] } => ({
  kept,
  load: async () => [...kept],
  keep: async (_height, chunk) => void kept.push(chunk),
});

const big = (key: string) => transactionOf({ op: 'put', key, value: new Uint8Array(100_000).fill(key.length) });
const fetched = (peers: readonly SnapshotPeer[], keeper: ChunkKeeper = keeperOf(), onFault?: (peer: string) => void) =>
  transferState({ genesis, peers, keeper, height: 0, minLead: 2, ...(onFault === undefined ? {} : { onFault }) });

describe('a transfer of the state', () => {
  let chain: TestChain;

  /** A state of several chunks, a change of the replica set on the way, and a few blocks after the snapshot of height 8. */
  before(async () => {
    chain = await TestChain.open({ genesis, snapshotInterval: INTERVAL });
    for (let round = 0; round < 3; round += 1) await chain.grow(Array.from({ length: 8 }, (_, index) => big(`entry/${round}/${index}`)));
    await chain.grow([transactionOf({ op: 'put', key: REPLICA_SET_KEY, value: replicaSetValue(setOf(LATER)) })]);
    await chain.grow();
    for (let round = 0; round < 5; round += 1) await chain.grow([transactionOf({ op: 'put', key: 'round', value: round })], LATER);
  });

  const manifest = async (): Promise<SnapshotManifest> => {
    const made = await chain.ledger.proofs.snapshotManifest();
    assert.ok(made !== null);
    return decodeSnapshotManifest(encodeSnapshotManifest(made));
  };
  const chunkOf = (height: number, from: Uint8Array): StateChunk => chain.ledger.proofs.stateChunk(height, from);
  const honest = (name = 'honest'): SnapshotPeer => ({ name, manifest, chunk: async (height, from) => chain.ledger.proofs.stateChunk(height, from) });

  /** A ledger that begins with it and goes on with the chain's later blocks. */
  async function continued(state: TransferredState): Promise<Ledger> {
    const store = new MemoryStore();
    await Ledger.install(store, genesis, state);
    const ledger = await Ledger.open({ genesis, store, stateMachine: keyValueMachine });
    assert.equal(ledger.head.header.height, 8);
    for (let height = 9; height <= chain.ledger.head.header.height; height += 1) {
      const stored = await chain.ledger.store.block(height);
      assert.ok(stored?.certificate);
      await ledger.applyBlock(stored.block, stored.certificate);
    }
    return ledger;
  }

  it('gives a ledger that goes on as if it had executed every block, across a change of the replica set', async () => {
    const state = await fetched([honest()]);
    assert.ok(state !== null && state.snapshot.height === 8);
    const ledger = await continued(state);
    assert.deepEqual(ledger.head.stateRoot, chain.ledger.head.stateRoot);
    assert.deepEqual([ledger.head.epoch, ledger.head.hash], [chain.ledger.head.epoch, chain.ledger.head.hash]);
    assert.equal(await ledger.store.block(3), undefined);
  });

  it('is worth it only where the lead is large enough', async () => {
    assert.equal(await transferState({ genesis, peers: [honest()], keeper: keeperOf(), height: 6, minLead: 2 }), null);
    assert.equal(await transferState({ genesis, peers: [{ ...honest(), manifest: async () => null }], keeper: keeperOf(), height: 0, minLead: 2 }), null);
  });

  it('goes on after a restart from the chunks that were kept, none of which is fetched again', async () => {
    const keeper = keeperOf();
    let left = 2;
    const dying: SnapshotPeer = { ...honest('dying'), chunk: async (height, from) => {
      left -= 1;
      if (left < 0) throw new Error('gone');
      return chain.ledger.proofs.stateChunk(height, from);
    } };
    await assert.rejects(fetched([dying], keeper), { code: 'ledger/no-snapshot' });
    assert.equal(keeper.kept.length, 2);
    const asked: Uint8Array[] = [];
    const state = await fetched([{ ...honest(), chunk: async (height, from) => {
      asked.push(from);
      return chain.ledger.proofs.stateChunk(height, from);
    } }], keeper);
    assert.ok(state !== null && !asked.some((from) => from === FIRST_KEY_HASH));
    await continued(state);
  });

  it('trusts no kept chunk that a disk has changed', async () => {
    const keeper = keeperOf();
    await fetched([honest()], keeper);
    const [first, ...rest] = keeper.kept as [StateChunk, ...StateChunk[]];
    const state = await fetched([honest()], keeperOf([{ ...first, entries: first.entries.slice(1) }, ...rest]));
    assert.ok(state !== null);
    await continued(state);
  });

  it('counts who lies and asks another: a wrong chunk, one cut short, of another height, crumbs without end, nothing, garbage', async () => {
    const lies: Record<string, SnapshotPeer['chunk']> = {
      wrong: async (height, from) => ({ ...chunkOf(height, from), entries: [['made up', new Uint8Array([1])]] }),
      short: async (height, from) => ({ ...chunkOf(height, from), entries: chunkOf(height, from).entries.slice(1) }),
      older: async (_height, from) => chunkOf(4, from),
      crumbs: async (_height, from) => {
        const until = new Uint8Array(from);
        until[31] = (until[31] ?? 0) + 1;
        return { from, until, entries: [], edges: [] };
      },
      elsewhere: async (height) => chunkOf(height, new Uint8Array(32).fill(0x80)),
      silent: async () => { throw new Error('no answer'); },
    };
    for (const [name, chunk] of Object.entries(lies)) {
      const blamed: string[] = [];
      const state = await fetched([{ ...honest(name), chunk }, honest()], keeperOf(), (peer) => void blamed.push(peer));
      assert.ok(state !== null, name);
      assert.ok(blamed.length > 0 && blamed.length <= 3 && blamed.every((peer) => peer === name), name);
      await continued(state);
    }
  });

  it('believes a manifest only if the genesis document leads to it', async () => {
    const good = await manifest();
    const strangers = membersOf('stranger', 4, 90);
    const { header } = good.next;
    const bad: [string, SnapshotManifest][] = [
      ['another state root', { ...good, next: { ...good.next, header: { ...header, stateRoot: new Uint8Array(32) } } }],
      ['signed by strangers', { ...good, next: { header, certificate: certify(header, strangers, undefined, { epoch: chain.ledger.head.epoch }) } }],
      ['signed by the former set', { ...good, next: { header, certificate: certify(header, MEMBERS) } }],
      ['without the change of the set', { ...good, changes: [] }],
      ['other receipts', { ...good, receipts: good.receipts.slice(1) }],
      ['other transactions', { ...good, block: { ...good.block, transactions: [] } }],
      ['headers that do not follow each other', { ...good, next: await chain.ledger.proofs.header(10) }],
    ];
    for (const [name, candidate] of bad) assert.throws(() => verifySnapshotManifest(candidate, genesis.bytes), { name: 'CodedError' }, name);
    const blamed: string[] = [];
    assert.equal(await fetched([{ ...honest('liar'), manifest: async () => bad[0]![1] }], keeperOf(), (peer) => void blamed.push(peer)), null);
    assert.deepEqual(blamed, ['liar']);
  });

  it('refuses a state that is not whole, should chunks get lost on the way', async () => {
    const state = await fetched([honest()]);
    assert.ok(state !== null);
    await assert.rejects(Ledger.install(new MemoryStore(), genesis, { ...state, entries: state.entries.slice(1) }), { code: 'ledger/bad-snapshot' });
  });

  it('is served from the heights that are kept for it, also past those that are provable', async () => {
    const { height } = verifySnapshotManifest(await manifest(), genesis.bytes);
    requireChunk(verifySnapshotManifest(await manifest(), genesis.bytes).stateRoot, FIRST_KEY_HASH, chain.ledger.proofs.stateChunk(height, FIRST_KEY_HASH));
    const small = await TestChain.open({ genesis, snapshotInterval: INTERVAL, retainedHeights: 2 });
    for (let round = 0; round < 10; round += 1) await small.grow();
    assert.equal((await small.ledger.proofs.snapshotManifest())?.block.header.height, 8);
    assert.ok(small.ledger.proofs.stateChunk(4, FIRST_KEY_HASH).entries.length > 0);
    assert.throws(() => small.ledger.proofs.stateChunk(6, FIRST_KEY_HASH), { code: 'ledger/height-not-retained' });
  });
});
