import { concatBytes, digest, DIGEST_BYTES, equalBytes, sha256 } from '@medveil/encoding';

/**
 * A Merkle tree over an ordered list of digests, in the shape of RFC 9162 section 2.1 (a list of n splits at the
 * largest power of two below n; leaves and inner nodes hash under different prefixes). The root binds the count
 * too, so that a proof fixes the position: root = digest('medveil/merkle-list/1', [count, tree head]).
 */
export interface MerkleListProof {
  /** 0-based position in the list. */
  readonly position: number;
  readonly count: number;
  /** Sibling hashes, 32 bytes each, from the leaf upwards. */
  readonly siblings: readonly Uint8Array[];
}

const LEAF_PREFIX = Uint8Array.of(0);
const NODE_PREFIX = Uint8Array.of(1);
const EMPTY_HEAD = sha256(new Uint8Array(0));

/** @param leaves digests of 32 bytes */
export const merkleListRoot = (leaves: readonly Uint8Array[]): Uint8Array =>
  boundRoot(leaves.length, headOf(leaves, 0, leaves.length));

/** @throws RangeError where the position is not in the list */
export function proveMerkleList(leaves: readonly Uint8Array[], position: number): MerkleListProof {
  if (!Number.isInteger(position) || position < 0 || position >= leaves.length) {
    throw new RangeError('position outside the list');
  }
  const siblings: Uint8Array[] = [];
  let start = 0;
  let end = leaves.length;
  while (end - start > 1) {
    const middle = start + splitOf(end - start);
    siblings.push(position < middle ? headOf(leaves, middle, end) : headOf(leaves, start, middle));
    if (position < middle) end = middle;
    else start = middle;
  }
  return { position, count: leaves.length, siblings: siblings.toReversed() };
}

/** Whether `leaf` stands at exactly that position of a list of exactly that count under `root`. */
export function verifyMerkleList(root: Uint8Array, leaf: Uint8Array, proof: MerkleListProof): boolean {
  const { position, count, siblings } = proof;
  if (!Number.isInteger(count) || !Number.isInteger(position) || position < 0 || position >= count) return false;
  const turns = turnsTo(position, count);
  if (turns.length !== siblings.length || siblings.some((sibling) => sibling.length !== DIGEST_BYTES)) return false;
  let node = leafHash(leaf);
  for (const [index, sibling] of siblings.entries()) {
    const isRight = turns[turns.length - 1 - index] === 'right';
    node = isRight ? nodeHash(sibling, node) : nodeHash(node, sibling);
  }
  return equalBytes(boundRoot(count, node), root);
}

/** The way from the root down to a position: which child the leaf is under at each split. */
function turnsTo(position: number, count: number): ('left' | 'right')[] {
  const turns: ('left' | 'right')[] = [];
  let offset = position;
  let size = count;
  while (size > 1) {
    const left = splitOf(size);
    const goesLeft = offset < left;
    turns.push(goesLeft ? 'left' : 'right');
    if (!goesLeft) offset -= left;
    size = goesLeft ? left : size - left;
  }
  return turns;
}

function headOf(leaves: readonly Uint8Array[], start: number, end: number): Uint8Array {
  if (end === start) return EMPTY_HEAD;
  if (end - start === 1) return leafHash(leaves[start] as Uint8Array);
  const middle = start + splitOf(end - start);
  return nodeHash(headOf(leaves, start, middle), headOf(leaves, middle, end));
}

/** The largest power of two below `size` (size > 1). */
function splitOf(size: number): number {
  let power = 1;
  while (power * 2 < size) power *= 2;
  return power;
}

const leafHash = (leaf: Uint8Array): Uint8Array => sha256(concatBytes(LEAF_PREFIX, leaf));
const nodeHash = (left: Uint8Array, right: Uint8Array): Uint8Array => sha256(concatBytes(NODE_PREFIX, left, right));
const boundRoot = (count: number, head: Uint8Array): Uint8Array => digest('medveil/merkle-list/1', [count, head]);
