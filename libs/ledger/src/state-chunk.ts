import { bytesSchema, concatBytes, DIGEST_BYTES, encodeCanonical, equalBytes, sha256 } from '@medveil/encoding';
import { z } from 'zod';
import { decodeWith } from './codec.js';
import { LedgerError } from './errors.js';
import { LEDGER_LIMITS } from './limits.js';
import { bitAt, EMPTY_ROOT, keyHashOf, leafHashOf, valueHashOf } from './state-proof.js';

/**
 * All entries of a state whose key hashes lie in [from, until), with what proves from the state root alone that they are
 * these and no others: every chunk is checked by itself, before anything of it is kept.
 */
export interface StateChunk {
  /** Key hash, 32 bytes, included. */
  readonly from: Uint8Array;
  /** Excluded; null: to the end. */
  readonly until: Uint8Array | null;
  /** In the order of their key hashes. */
  readonly entries: readonly StateEntry[];
  /** What stands at the places that the interval's edges cut, and beside them: from the root, the left half first. */
  readonly edges: readonly ChunkEdge[];
}

/** A key with its value's canonical bytes. */
export type StateEntry = readonly [key: string, value: Uint8Array];

/**
 * At a place of the trie that lies wholly outside of the interval: its hash. At one that an edge cuts: `inner` (its halves
 * follow), a leaf outside of the interval, or `own` (nothing but what the chunk itself holds there, one entry at the most).
 */
export type ChunkEdge = Uint8Array | 'inner' | 'own' | { readonly keyHash: Uint8Array; readonly valueHash: Uint8Array };

/** Keys and values in one chunk; a value that is larger than the rest of it waits for the next. */
export const CHUNK_BYTES = 2 * LEDGER_LIMITS.stateValueBytes;
/** A chunk that does not end the state has at least so much: whoever sends crumbs cannot draw a transfer out. */
export const CHUNK_BYTES_MIN = CHUNK_BYTES - LEDGER_LIMITS.stateValueBytes - 4 * LEDGER_LIMITS.stateKeyLength;
const MAX_ENTRIES = CHUNK_BYTES;
/** Two edges, each with a place, and one beside it, at every depth. */
const MAX_EDGES = 4 * 8 * DIGEST_BYTES;

const hash = bytesSchema({ length: DIGEST_BYTES });
const chunkSchema: z.ZodType<StateChunk> = z.strictObject({
  from: hash,
  until: hash.nullable(),
  entries: z.array(z.tuple([z.string().min(1).max(4 * LEDGER_LIMITS.stateKeyLength), bytesSchema({ max: LEDGER_LIMITS.stateValueBytes })])).max(MAX_ENTRIES),
  edges: z.array(z.union([hash, z.literal('inner'), z.literal('own'), z.strictObject({ keyHash: hash, valueHash: hash })])).max(MAX_EDGES),
});

export const encodeStateChunk = (chunk: StateChunk): Uint8Array => encodeCanonical(chunk as never);

/** @throws LedgerError `ledger/malformed`, `ledger/too-large` */
export const decodeStateChunk = (bytes: Uint8Array): StateChunk => decodeWith(chunkSchema, bytes, 'state chunk', 4 * CHUNK_BYTES);

/** The lowest key hash: where a transfer begins. */
export const FIRST_KEY_HASH: Uint8Array = new Uint8Array(DIGEST_BYTES);

export const entryBytes = ([key, value]: StateEntry): number => Buffer.byteLength(key) + value.length;

/**
 * @param from where the chunk was asked to begin
 * @throws LedgerError `ledger/bad-chunk`: it is not the part of the state with this root that begins there, or too small to be all that fits
 */
export function requireChunk(root: Uint8Array, from: Uint8Array, chunk: StateChunk): void {
  const bytes = chunk.entries.reduce((sum, entry) => sum + entryBytes(entry), 0);
  if (!equalBytes(chunk.from, from)) throw bad('the chunk begins elsewhere');
  if (chunk.until !== null && Buffer.compare(chunk.until, from) <= 0) throw bad('the chunk ends before it begins');
  if (bytes > CHUNK_BYTES) throw bad('the chunk is too large');
  if (chunk.until !== null && bytes < CHUNK_BYTES_MIN) throw bad('the chunk is too small');
  const leaves = chunk.entries.map(([key, value]) => ({ keyHash: keyHashOf(key), valueHash: valueHashOf(value) }));
  const inOrder = leaves.every(({ keyHash }, index) => index === 0 || Buffer.compare(keyHash, (leaves[index - 1] as Leaf).keyHash) > 0);
  if (!inOrder || !leaves.every(({ keyHash }) => isInside(keyHash, chunk))) throw bad('the entries are not in order, or outside of the chunk');
  const check = new Rebuild(chunk, leaves);
  if (!equalBytes(check.hashAt(ROOT, 0, leaves.length), root) || !check.isUsedUp) throw bad('the entries are not those of this state');
}

interface Leaf {
  readonly keyHash: Uint8Array;
  readonly valueHash: Uint8Array;
}

/** A place in the trie: the bits on the way to it, and how many. */
export interface Place {
  readonly prefix: Uint8Array;
  readonly depth: number;
}

export const ROOT: Place = { prefix: FIRST_KEY_HASH, depth: 0 };

export const halvesOf = ({ prefix, depth }: Place): readonly [Place, Place] => {
  const right = new Uint8Array(prefix);
  right[depth >> 3] = (right[depth >> 3] ?? 0) | (0x80 >> (depth & 7));
  return [{ prefix, depth: depth + 1 }, { prefix: right, depth: depth + 1 }];
};

type Interval = Pick<StateChunk, 'from' | 'until'>;

export const isInside = (keyHash: Uint8Array, { from, until }: Interval): boolean =>
  Buffer.compare(keyHash, from) >= 0 && (until === null || Buffer.compare(keyHash, until) < 0);

/** Where a place lies: all of its possible key hashes, none, or some of them in the interval. */
export function relationOf({ prefix, depth }: Place, { from, until }: Interval): 'cut' | 'inside' | 'outside' {
  const last = new Uint8Array(prefix);
  for (let bit = depth; bit < 8 * DIGEST_BYTES; bit += 1) last[bit >> 3] = (last[bit >> 3] ?? 0) | (0x80 >> (bit & 7));
  if (Buffer.compare(last, from) < 0 || (until !== null && Buffer.compare(prefix, until) >= 0)) return 'outside';
  return Buffer.compare(prefix, from) >= 0 && (until === null || Buffer.compare(last, until) < 0) ? 'inside' : 'cut';
}

/** The root that a chunk's entries and edges give. */
class Rebuild {
  #used = 0;

  constructor(
    readonly chunk: StateChunk,
    readonly leaves: readonly Leaf[],
  ) {}

  get isUsedUp(): boolean {
    return this.#used === this.chunk.edges.length;
  }

  /** Of the place that holds leaves[from, to) of the chunk, and perhaps others. */
  hashAt(place: Place, from: number, to: number): Uint8Array {
    const relation = relationOf(place, this.chunk);
    if (relation === 'inside') return this.#whole(place.depth, from, to);
    const edge = this.chunk.edges[this.#used];
    this.#used += 1;
    if (relation === 'outside') {
      if (!(edge instanceof Uint8Array) || from !== to) throw bad('an edge is not a hash');
      return edge;
    }
    if (edge === 'inner') return this.#inner(place, from, to);
    if (edge === 'own') {
      if (to - from > 1) throw bad('one entry stands for several');
      return this.#whole(place.depth, from, to);
    }
    if (edge === undefined || edge instanceof Uint8Array || from !== to || isInside(edge.keyHash, this.chunk)) throw bad('an edge hides entries');
    return leafHashOf(edge.keyHash, edge.valueHash);
  }

  #inner(place: Place, from: number, to: number): Uint8Array {
    const [left, right] = halvesOf(place);
    const middle = this.#splitAt(place.depth, from, to);
    const leftHash = this.hashAt(left, from, middle);
    return sha256(concatBytes(leftHash, this.hashAt(right, middle, to)));
  }

  #whole(depth: number, from: number, to: number): Uint8Array {
    const only = this.leaves[from];
    if (from === to || only === undefined) return EMPTY_ROOT;
    if (to - from === 1) return leafHashOf(only.keyHash, only.valueHash);
    const middle = this.#splitAt(depth, from, to);
    return sha256(concatBytes(this.#whole(depth + 1, from, middle), this.#whole(depth + 1, middle, to)));
  }

  #splitAt(depth: number, from: number, to: number): number {
    let at = from;
    while (at < to && bitAt((this.leaves[at] as Leaf).keyHash, depth) === 0) at += 1;
    return at;
  }
}

const bad = (message: string): LedgerError => new LedgerError('ledger/bad-chunk', message);
