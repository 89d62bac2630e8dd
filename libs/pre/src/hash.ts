/**
 * The random oracles: RFC 9380 expand_message_xmd with SHA-256, each with a domain separation tag of its own,
 * over the canonical encoding (DAG-CBOR array) of its inputs.
 */
import { type CborValue, encodeCanonical } from '@medveil/encoding';
import { expand_message_xmd } from '@noble/curves/abstract/hash-to-curve.js';
import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import type { Engine, Scalar } from './engine/engine.js';
import { degenerate } from './errors.js';

/** What a hash is for; the tag is `MEDVEIL-PRE-V01-CS01-with-BLS12381_XMD:SHA-256_` and this. */
export type HashPurpose =
  /** H: τ of a label. */
  | 'LABEL'
  /** H2: the mask over the seed. */
  | 'MASK'
  /** H3: the randomness k of a capsule. */
  | 'CAPSULE'
  | 'OWNER-KEY-PROOF'
  | 'DELEGATEE-KEY-PROOF'
  | 'RE-ENCRYPTION-PROOF'
  | 'SHARE-PROOF'
  | 'NONCE'
  | 'SHARING'
  | 'BATCH'
  | 'HUANG20';

const TAG = 'MEDVEIL-PRE-V01-CS01-with-BLS12381_XMD:SHA-256_';
/** RFC 9380, section 5.1: ⌈(255 + 128) / 8⌉ bytes make a scalar's bias negligible. */
const WIDE_BYTES = 48;

/** @returns `length` pseudo-random bytes */
export function hashToBytes(purpose: HashPurpose, inputs: readonly CborValue[], length: number): Uint8Array {
  const message = encodeCanonical(inputs);
  const bytes = expand_message_xmd(message, `${TAG}${purpose}`, length, sha256);
  message.fill(0);
  return bytes;
}

/** RFC 9380 hash_to_field with m = 1 and the group order as modulus. @throws PreError `pre/degenerate` for zero */
export function hashToScalar(engine: Engine, purpose: HashPurpose, inputs: readonly CborValue[]): Scalar {
  return reduce(engine, hashToBytes(purpose, inputs, WIDE_BYTES), purpose);
}

/**
 * HKDF-SHA256 without salt, 48 bytes, taken modulo r.
 * @param info the context: different contexts give independent scalars
 */
export function deriveScalar(engine: Engine, secret: Uint8Array, info: string): Scalar {
  return reduce(engine, hkdf(sha256, secret, undefined, new TextEncoder().encode(info), WIDE_BYTES), 'derived scalar');
}

function reduce(engine: Engine, wide: Uint8Array, what: string): Scalar {
  const scalar = engine.scalars.reduceWide(wide);
  wide.fill(0);
  if (engine.scalars.isZero(scalar)) throw degenerate(what);
  return scalar;
}
