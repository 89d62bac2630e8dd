/**
 * The wire form of every artefact: one byte that holds version and kind, then fields of fixed size.
 * The kind keeps a re-encryption key from being taken for a public key, though both are one G2 point.
 */
import { PreError } from './errors.js';

/** High half: version 1. Low half: the kind. */
export const KIND = {
  ownerPublicKey: 0x11,
  delegateePublicKey: 0x12,
  capsule: 0x13,
  reKey: 0x14,
  transformedCapsule: 0x15,
  reEncryptionProof: 0x16,
  ownerKeyProof: 0x17,
  delegateeKeyProof: 0x18,
  ownerSecretKey: 0x19,
  delegateeSecretKey: 0x1a,
  reKeyShare: 0x1b,
  sharingCommitments: 0x1c,
  transformedShare: 0x1d,
  shareProof: 0x1e,
  disclosedKey: 0x1f,
} as const;

export type ArtefactKind = keyof typeof KIND;

/** kind ‖ P1 in G1 */
export const OWNER_PUBLIC_KEY_BYTES = 49;
/** kind ‖ P2 in G2 */
export const DELEGATEE_PUBLIC_KEY_BYTES = 97;
/** kind ‖ scalar */
export const SECRET_KEY_BYTES = 33;
/** kind ‖ c1 in G1 ‖ c2 (32 bytes) */
export const CAPSULE_BYTES = 81;
/** kind ‖ rk in G2 */
export const RE_KEY_BYTES = 97;
/** kind ‖ c1' in GT ‖ c2 (32 bytes) */
export const TRANSFORMED_CAPSULE_BYTES = 609;
/** kind ‖ challenge χ (scalar) ‖ z in G2 */
export const RE_ENCRYPTION_PROOF_BYTES = 129;
/** kind ‖ challenge χ (scalar) ‖ response s (scalar) */
export const KEY_PROOF_BYTES = 65;
/** kind ‖ index (1 to 255) ‖ rk_i in G2 */
export const RE_KEY_SHARE_BYTES = 98;
/** kind ‖ index ‖ c1'_i in GT */
export const TRANSFORMED_SHARE_BYTES = 578;
/** kind ‖ challenge χ (scalar) ‖ z in G2 */
export const SHARE_PROOF_BYTES = 129;
/** kind ‖ K in GT ‖ challenge χ (scalar) ‖ response s (scalar) */
export const DISCLOSED_KEY_BYTES = 641;
/** The symmetric secret inside a capsule. */
export const SEED_BYTES = 32;

/** Puts the kind before the fields. */
export function frame(kind: ArtefactKind, ...fields: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(1 + fields.reduce((sum, field) => sum + field.length, 0));
  bytes[0] = KIND[kind];
  let offset = 1;
  for (const field of fields) {
    bytes.set(field, offset);
    offset += field.length;
  }
  return bytes;
}

/**
 * Cuts an artefact into its fields.
 * @param sizes bytes of each field, in order
 * @throws PreError `pre/bad-length`, `pre/bad-kind`
 */
export function unframe<const Sizes extends readonly number[]>(
  kind: ArtefactKind,
  bytes: Uint8Array,
  sizes: Sizes,
): { [Index in keyof Sizes]: Uint8Array } {
  if (!(bytes instanceof Uint8Array)) throw new PreError('pre/bad-kind', `${kind}: not bytes`, { kind });
  const expected = 1 + sizes.reduce((sum, size) => sum + size, 0);
  if (bytes.length !== expected) {
    throw new PreError('pre/bad-length', `${kind}: ${bytes.length} bytes, not ${expected}`, { kind, given: bytes.length, expected });
  }
  if (bytes[0] !== KIND[kind]) {
    throw new PreError('pre/bad-kind', `not a ${kind} of a known version`, { kind, given: bytes[0] ?? null, expected: KIND[kind] });
  }
  let offset = 1;
  return sizes.map((size) => bytes.subarray(offset, (offset += size))) as { [Index in keyof Sizes]: Uint8Array };
}
