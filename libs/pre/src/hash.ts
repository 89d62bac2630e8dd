/**
 * The random oracles: RFC 9380 expand_message_xmd with SHA-256, each with a domain separation tag of its own,
 * over the canonical encoding (DAG-CBOR array) of its inputs.
 */
import { hash } from 'node:crypto';
import { type CborValue, encodeCanonical, utf8 } from '@medveil/encoding';
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
  | 'DISCLOSURE-PROOF'
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
  const bytes = expandMessage(message, utf8(`${TAG}${purpose}`), length);
  message.fill(0);
  return bytes;
}

/** expand_message_xmd of RFC 9380, section 5.3.1, over node's SHA-256, which is several times faster than one in JavaScript. */
export function expandMessage(message: Uint8Array, tag: Uint8Array, length: number): Uint8Array {
  const suffix = Buffer.concat([tag, Uint8Array.of(tag.length)]);
  const zeroPad = Buffer.alloc(64);
  const first = sha256Of([zeroPad, message, Uint8Array.of(length >> 8, length & 0xff, 0), suffix]);
  const blocks: Buffer[] = [];
  const mixed = Buffer.alloc(32);
  let previous: Buffer = Buffer.alloc(32);
  for (let index = 1; blocks.length * 32 < length; index += 1) {
    for (let at = 0; at < 32; at += 1) mixed[at] = (first[at] as number) ^ (previous[at] as number);
    previous = sha256Of([mixed, Uint8Array.of(index), suffix]);
    blocks.push(previous);
  }
  return new Uint8Array(Buffer.concat(blocks, length));
}

function sha256Of(parts: readonly Uint8Array[]): Buffer {
  const joined = Buffer.concat(parts);
  const digest = hash('sha256', joined, 'buffer');
  joined.fill(0);
  return digest;
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
  return reduce(engine, hkdf(sha256, secret, undefined, utf8(info), WIDE_BYTES), 'derived scalar');
}

function reduce(engine: Engine, wide: Uint8Array, what: string): Scalar {
  const scalar = engine.scalars.reduceWide(wide);
  wide.fill(0);
  if (engine.scalars.isZero(scalar)) throw degenerate(what);
  return scalar;
}
