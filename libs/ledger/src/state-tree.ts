import {
  BranchNode,
  executeHashComputations,
  getHashComputations,
  type HashComputationLevel,
  LeafNode,
  type Node,
  uint8ArrayToHashObject,
  zeroNode,
} from '@chainsafe/persistent-merkle-tree';
import { equalBytes } from '@medveil/encoding';
import { CHUNK_BYTES, type ChunkEdge, entryBytes, halvesOf, isInside, type Place, relationOf, ROOT, type StateChunk, type StateEntry } from './state-chunk.js';
import { bitAt, keyHashOf, leafHashOf, type StateTreeProof, valueHashOf } from './state-proof.js';

// Loaded before the first tree is made.
export { TREE_HASHER } from './tree-hasher.js';

/** A leaf keeps its key and value, so that a tree of an older height answers for that height. */
class StateLeaf extends LeafNode {
  readonly keyHash: Uint8Array;
  readonly valueHash: Uint8Array;

  constructor(
    readonly key: string,
    keyHash: Uint8Array,
    readonly value: Uint8Array,
  ) {
    const valueHash = valueHashOf(value);
    const hash = uint8ArrayToHashObject(leafHashOf(keyHash, valueHash));
    super(hash.h0, hash.h1, hash.h2, hash.h3, hash.h4, hash.h5, hash.h6, hash.h7);
    this.keyHash = keyHash;
    this.valueHash = valueHash;
  }
}

interface Change {
  readonly keyHash: Uint8Array;
  /** Null deletes. */
  readonly leaf: StateLeaf | null;
}

const EMPTY = zeroNode(0);

/**
 * The authenticated state: see `state-proof.ts` for its shape and hashes. Immutable: `update` shares all it
 * does not touch, so that one tree per height costs what the height changed.
 */
export class StateTree {
  static readonly EMPTY = new StateTree(EMPTY);

  private constructor(private readonly node: Node) {}

  static from(entries: Iterable<readonly [key: string, value: Uint8Array]>): StateTree {
    return StateTree.EMPTY.update(entries);
  }

  /** 32 bytes. */
  get root(): Uint8Array {
    return this.node.root;
  }

  /** @param changes canonical values, null to delete; of a key given twice the last counts */
  update(changes: Iterable<readonly [key: string, value: Uint8Array | null]>): StateTree {
    const sorted = sortChanges(changes);
    const node = updateNode(this.node, 0, sorted, 0, sorted.length);
    hashBatch(node);
    return new StateTree(node);
  }

  get(key: string): Uint8Array | undefined {
    const keyHash = keyHashOf(key);
    const { end } = walk(this.node, keyHash);
    return end instanceof StateLeaf && equalBytes(end.keyHash, keyHash) ? end.value : undefined;
  }

  /** The part of this state that begins at a key hash, as much as fits one chunk. @param from 32 bytes */
  chunk(from: Uint8Array): StateChunk {
    const entries: StateEntry[] = [];
    let bytes = 0;
    let until: Uint8Array | null = null;
    for (const leaf of leavesFrom(this.node, ROOT, from)) {
      const entry = [leaf.key, leaf.value] as const;
      bytes += entryBytes(entry);
      if (bytes > CHUNK_BYTES) {
        until = leaf.keyHash;
        break;
      }
      entries.push(entry);
    }
    const edges: ChunkEdge[] = [];
    collectEdges(this.node, ROOT, { from, until }, edges);
    return { from, until, entries, edges };
  }

  /** Of the key's value if it is present, else of its absence. */
  prove(key: string): StateTreeProof {
    const keyHash = keyHashOf(key);
    const { end, siblings } = walk(this.node, keyHash);
    const isOther = end instanceof StateLeaf && !equalBytes(end.keyHash, keyHash);
    return { siblings, other: isOther ? { keyHash: end.keyHash, valueHash: end.valueHash } : null };
  }
}

/** In the order of their key hashes. */
function* leavesFrom(node: Node, place: Place, from: Uint8Array): Generator<StateLeaf> {
  if (node === EMPTY || relationOf(place, { from, until: null }) === 'outside') return;
  if (node instanceof StateLeaf) {
    if (Buffer.compare(node.keyHash, from) >= 0) yield node;
    return;
  }
  const [left, right] = halvesOf(place);
  yield* leavesFrom(node.left, left, from);
  yield* leavesFrom(node.right, right, from);
}

function collectEdges(node: Node, place: Place, interval: Pick<StateChunk, 'from' | 'until'>, edges: ChunkEdge[]): void {
  const relation = relationOf(place, interval);
  if (relation === 'inside') return;
  if (relation === 'outside') edges.push(node.root);
  else if (node instanceof StateLeaf) edges.push(isInside(node.keyHash, interval) ? 'own' : { keyHash: node.keyHash, valueHash: node.valueHash });
  else if (node.isLeaf()) edges.push('own');
  else {
    edges.push('inner');
    const [left, right] = halvesOf(place);
    collectEdges(node.left, left, interval, edges);
    collectEdges(node.right, right, interval, edges);
  }
}

function walk(root: Node, keyHash: Uint8Array): { end: Node; siblings: Uint8Array[] } {
  const siblings: Uint8Array[] = [];
  let node = root;
  while (!node.isLeaf()) {
    const goesLeft = bitAt(keyHash, siblings.length) === 0;
    siblings.push(goesLeft ? node.right.root : node.left.root);
    node = goesLeft ? node.left : node.right;
  }
  return { end: node, siblings };
}

function sortChanges(changes: Iterable<readonly [key: string, value: Uint8Array | null]>): Change[] {
  return [...new Map(changes)]
    .map(([key, value]) => {
      const keyHash = keyHashOf(key);
      return { keyHash, leaf: value === null ? null : new StateLeaf(key, keyHash, value) };
    })
    .toSorted((a, b) => Buffer.compare(a.keyHash, b.keyHash));
}

/** Applies changes[from, to), all of whose key hashes share the first `depth` bits with this place. */
function updateNode(node: Node, depth: number, changes: readonly Change[], from: number, to: number): Node {
  if (from === to) return node;
  if (node.isLeaf()) return replaceLeaf(node, depth, changes, from, to);
  const middle = splitAt(changes, depth, from, to, (change) => change.keyHash);
  const left = updateNode(node.left, depth + 1, changes, from, middle);
  const right = updateNode(node.right, depth + 1, changes, middle, to);
  return left === node.left && right === node.right ? node : join(left, right);
}

/** At a place with one entry or none: the entries that stand there afterwards, built anew. */
function replaceLeaf(node: Node, depth: number, changes: readonly Change[], from: number, to: number): Node {
  const leaves: StateLeaf[] = [];
  let kept = node instanceof StateLeaf ? node : null;
  for (let index = from; index < to; index += 1) {
    const { keyHash, leaf } = changes[index] as Change;
    const order = kept === null ? 1 : Buffer.compare(kept.keyHash, keyHash);
    if (kept !== null && order < 0) leaves.push(kept);
    if (order <= 0) kept = null;
    if (leaf !== null) leaves.push(leaf);
  }
  if (kept !== null) leaves.push(kept);
  return buildNode(leaves, depth, 0, leaves.length);
}

/** The subtree of sorted leaves[from, to). */
function buildNode(leaves: readonly StateLeaf[], depth: number, from: number, to: number): Node {
  if (from === to) return EMPTY;
  if (to - from === 1) return leaves[from] as StateLeaf;
  const middle = splitAt(leaves, depth, from, to, (leaf) => leaf.keyHash);
  return new BranchNode(buildNode(leaves, depth + 1, from, middle), buildNode(leaves, depth + 1, middle, to));
}

/** Two halves as one place: an inner node only where two entries or more are left. */
function join(left: Node, right: Node): Node {
  if (left === EMPTY && right.isLeaf()) return right;
  if (right === EMPTY && left.isLeaf()) return left;
  return new BranchNode(left, right);
}

/** The first of items[from, to) whose key hash has bit `depth` set: they are sorted. */
function splitAt<T>(items: readonly T[], depth: number, from: number, to: number, keyHash: (item: T) => Uint8Array): number {
  let low = from;
  let high = to;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (bitAt(keyHash(items[middle] as T), depth) === 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Hashes all new inner nodes level by level, deepest first, so that the native hasher gets batches. */
function hashBatch(node: Node): void {
  const levels: HashComputationLevel[] = [];
  getHashComputations(node, 0, levels);
  if (levels.length > 0) executeHashComputations(levels);
}
