import { concatBytes } from '@medveil/encoding';
import { eligibilityError } from './errors.js';
import { G1_BYTES, G2_BYTES } from './bn254.js';

/** A ‖ B ‖ C, compressed. */
export const PROOF_BYTES = 2 * G1_BYTES + G2_BYTES;

/** Order of the BN254 base field. */
export const BASE_FIELD_ORDER = 21888242871839275222246405745257275088696311157297823662689037894645226208583n;

/** A point in affine coordinates; of G2 each coordinate as [real, imaginary]. */
export type AffineG1 = readonly [bigint, bigint];
export type AffineG2 = readonly [readonly [bigint, bigint], readonly [bigint, bigint]];

/** Big-endian x, the top bit set where y is odd. */
export const compressG1 = ([x, y]: AffineG1): Uint8Array => withParity(coordinate(x), y);

/** Imaginary part of x, then its real part; the top bit set where the real part of y is odd. */
export const compressG2 = ([x, y]: AffineG2): Uint8Array => withParity(concatBytes(coordinate(x[1]), coordinate(x[0])), y[0]);

/** The 128 bytes that travel. */
export const encodeProof = (a: AffineG1, b: AffineG2, c: AffineG1): Uint8Array => concatBytes(compressG1(a), compressG2(b), compressG1(c));

/** @throws CodedError `eligibility/bad-proof` unless 128 bytes */
export function splitProof(proof: Uint8Array): { a: Uint8Array; b: Uint8Array; c: Uint8Array } {
  if (proof.length !== PROOF_BYTES) {
    throw eligibilityError('eligibility/bad-proof', `a proof is ${PROOF_BYTES} bytes`, { bytes: proof.length });
  }
  const afterB = G1_BYTES + G2_BYTES;
  return { a: proof.subarray(0, G1_BYTES), b: proof.subarray(G1_BYTES, afterB), c: proof.subarray(afterB) };
}

function coordinate(value: bigint): Uint8Array {
  if (value < 0n || value >= BASE_FIELD_ORDER) throw eligibilityError('eligibility/bad-proof', 'not a coordinate of BN254');
  return Uint8Array.from({ length: 32 }, (_, i) => Number((value >> BigInt(8 * (31 - i))) & 0xffn));
}

function withParity(bytes: Uint8Array, y: bigint): Uint8Array {
  bytes[0] = (bytes[0] ?? 0) | (y % 2n === 1n ? 0x80 : 0);
  return bytes;
}
