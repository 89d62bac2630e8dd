import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { encodeCanonical } from '@medveil/encoding';
import fc from 'fast-check';
import { CHUNK_BYTES_MIN, decodeStateChunk, encodeStateChunk, entryBytes, FIRST_KEY_HASH, requireChunk, type StateChunk } from './state-chunk.js';
import { keyHashOf } from './state-proof.js';
import { StateTree } from './state-tree.js';

const stateOf = (count: number, valueBytes: number): StateTree =>
  StateTree.from(Array.from({ length: count }, (_, index) => [`entry/${index}`, encodeCanonical(new Uint8Array(valueBytes).fill(index))] as const));

/** The whole state, chunk by chunk, each checked as it would be at the other end. */
function chunksOf(tree: StateTree): StateChunk[] {
  const chunks: StateChunk[] = [];
  for (let from: Uint8Array | null = FIRST_KEY_HASH; from !== null; from = chunks.at(-1)?.until ?? null) {
    const chunk = decodeStateChunk(encodeStateChunk(tree.chunk(from)));
    requireChunk(tree.root, from, chunk);
    chunks.push(chunk);
  }
  return chunks;
}

const LARGE = stateOf(300, 8_000);

describe('a state in chunks', () => {
  it('is the same state at the other end, whatever its size', () => {
    for (const tree of [StateTree.EMPTY, stateOf(1, 10), stateOf(2, 10), stateOf(1_000, 10), LARGE]) {
      const chunks = chunksOf(tree);
      assert.deepEqual(StateTree.from(chunks.flatMap(({ entries }) => entries)).root, tree.root);
      for (const chunk of chunks.slice(0, -1)) assert.ok(chunk.entries.reduce((sum, entry) => sum + entryBytes(entry), 0) >= CHUNK_BYTES_MIN);
    }
    assert.ok(chunksOf(LARGE).length > 3);
  });

  it('is proved from any place on, also between entries', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.integer({ min: 0, max: 40 }), (from, count) => {
        const tree = stateOf(count, 5);
        const chunk = tree.chunk(from);
        requireChunk(tree.root, from, chunk);
        const expected = [...Array(count).keys()].map((index) => `entry/${index}`).filter((key) => Buffer.compare(keyHashOf(key), from) >= 0);
        assert.deepEqual(chunk.entries.map(([key]) => key).toSorted(), expected.toSorted());
      }),
      { numRuns: 200 },
    );
  });

  it('is refused with an entry left out, added, changed or moved, cut short, empty, or of another state', () => {
    const [, chunk] = chunksOf(LARGE);
    assert.ok(chunk !== undefined && chunk.until !== null);
    const { entries, from } = chunk;
    const [first] = entries as [StateChunk['entries'][number]];
    const forged: [string, StateChunk][] = [
      ['left out', { ...chunk, entries: entries.slice(1) }],
      ['left out at the end', { ...chunk, entries: entries.slice(0, -1) }],
      ['added', { ...chunk, entries: [...entries, ['another', first[1]]] }],
      ['twice', { ...chunk, entries: [first, ...entries] }],
      ['changed', { ...chunk, entries: [[first[0], encodeCanonical(7)], ...entries.slice(1)] }],
      ['renamed', { ...chunk, entries: [['another', first[1]], ...entries.slice(1)] }],
      ['moved', { ...chunk, entries: entries.toReversed() }],
      ['no entries', { ...chunk, entries: [] }],
      ['claims to end the state', { ...chunk, until: null }],
      ['of another place', LARGE.chunk(chunk.until)],
      ['of no length', { ...chunk, until: from }],
      ['without edges', { ...chunk, edges: [] }],
      ['with more edges', { ...chunk, edges: [...chunk.edges, 'own'] }],
      ['of another state', stateOf(301, 8_000).chunk(from)],
    ];
    for (const [name, candidate] of forged) assert.throws(() => requireChunk(LARGE.root, from, candidate), { code: 'ledger/bad-chunk' }, name);
  });

  it('cannot hide an entry behind an edge', () => {
    const tree = stateOf(2, 5);
    const chunk = tree.chunk(FIRST_KEY_HASH);
    // Cut behind the first entry, and the second given as if it stood outside.
    const [low, high] = chunk.entries.map(([key]) => keyHashOf(key)) as [Uint8Array, Uint8Array];
    const between = new Uint8Array(high);
    const rest = tree.chunk(between);
    requireChunk(tree.root, between, rest);
    const hidden = { ...rest, entries: [], until: null };
    assert.throws(() => requireChunk(tree.root, between, hidden), { code: 'ledger/bad-chunk' });
    assert.throws(() => requireChunk(tree.root, low, { ...rest, from: low }), { code: 'ledger/bad-chunk' });
  });
});
