import { bytesSchema, concatBytes, digest, DIGEST_BYTES, equalBytes, sha256, utf8 } from '@medveil/encoding';
import { z } from 'zod';

/**
 * The state tree is a compact binary trie over SHA-256(key), the "sparse Merkle tree with shortcuts" of
 * Diem's Jellyfish tree: a subtree without entries is EMPTY, with one entry its leaf, with more an inner node of
 * its two halves by the next bit of the key hash (most significant first). So the root is a function of the
 * entries alone, whatever their history.
 *
 *   EMPTY = 32 zero bytes      inner = SHA-256(left ‖ right)      leaf = SHA-256(LEAF_TAG ‖ SHA-256(key) ‖ SHA-256(value))
 *
 * An inner node hashes 64 bytes and a leaf 96, so that neither passes for the other.
 */
export const EMPTY_ROOT: Uint8Array = new Uint8Array(DIGEST_BYTES);
const LEAF_TAG = digest('medveil/state-leaf/1', null);

export const keyHashOf = (key: string): Uint8Array => sha256(utf8(key));
/** @param value canonical bytes */
export const valueHashOf = (value: Uint8Array): Uint8Array => sha256(value);
export const leafHashOf = (keyHash: Uint8Array, valueHash: Uint8Array): Uint8Array =>
  sha256(concatBytes(LEAF_TAG, keyHash, valueHash));

/** Bit `depth` of a key hash: 0 is the left half. */
export const bitAt = (keyHash: Uint8Array, depth: number): number => ((keyHash[depth >> 3] ?? 0) >> (7 - (depth & 7))) & 1;

/**
 * The way from the root to where the key's leaf is or would be. That place holds the key's own leaf (present),
 * nothing, or the leaf of another key, which then is alone under that prefix (both: absent).
 */
export interface StateTreeProof {
  /** Sibling hashes, 32 bytes each, from the root downwards; EMPTY_ROOT for an empty sibling. At most 256. */
  readonly siblings: readonly Uint8Array[];
  /** The other key's leaf, in a proof of absence that ends at one; else null. */
  readonly other: { readonly keyHash: Uint8Array; readonly valueHash: Uint8Array } | null;
}

export const stateTreeProofSchema: z.ZodType<StateTreeProof> = z.strictObject({
  siblings: z.array(bytesSchema({ length: DIGEST_BYTES })).max(8 * DIGEST_BYTES),
  other: z
    .strictObject({ keyHash: bytesSchema({ length: DIGEST_BYTES }), valueHash: bytesSchema({ length: DIGEST_BYTES }) })
    .nullable(),
});

/**
 * @param value canonical bytes of the value claimed to be under `key`, or null: claimed to be absent
 * @returns whether the state with this root says so
 */
export function verifyStateTreeProof(root: Uint8Array, key: string, value: Uint8Array | null, proof: StateTreeProof): boolean {
  const { siblings } = proof;
  if (siblings.length > 8 * DIGEST_BYTES || siblings.some((sibling) => sibling.length !== DIGEST_BYTES)) return false;
  const keyHash = keyHashOf(key);
  const end = endOfPath(keyHash, value, proof);
  if (end === null) return false;
  let node = end;
  for (let depth = siblings.length - 1; depth >= 0; depth -= 1) {
    const sibling = siblings[depth] as Uint8Array;
    node = sha256(bitAt(keyHash, depth) === 0 ? concatBytes(node, sibling) : concatBytes(sibling, node));
  }
  return equalBytes(node, root);
}

/** The hash of what stands at the end of the path, or null where the proof contradicts its claim. */
function endOfPath(keyHash: Uint8Array, value: Uint8Array | null, { siblings, other }: StateTreeProof): Uint8Array | null {
  if (value !== null) return other === null ? leafHashOf(keyHash, valueHashOf(value)) : null;
  if (other === null) return EMPTY_ROOT;
  if (other.keyHash.length !== DIGEST_BYTES || other.valueHash.length !== DIGEST_BYTES) return null;
  if (equalBytes(other.keyHash, keyHash)) return null;
  for (let depth = 0; depth < siblings.length; depth += 1) {
    if (bitAt(other.keyHash, depth) !== bitAt(keyHash, depth)) return null;
  }
  return leafHashOf(other.keyHash, other.valueHash);
}
