import { babyjubjub } from '@noble/curves/misc.js';
import { sha512 } from '@noble/hashes/sha2.js';
import { concatBytes, utf8 } from '@medveil/encoding';
import { poseidon5 } from 'poseidon-lite/poseidon5';
import { bytesToInteger, FIELD_ORDER, fieldToBytes } from './field.js';

/**
 * EdDSA over Baby Jubjub (EIP-2494) with Poseidon as the challenge hash, as circomlib's EdDSAPoseidonVerifier checks it:
 * S·B8 = R8 + 8·Poseidon(R8, A, m)·A. Keys and nonces derive by SHA-512, which the verifier does not see.
 */
const { Point } = babyjubjub;
const SUBGROUP_ORDER = Point.Fn.ORDER;

export interface CurvePoint {
  readonly x: bigint;
  readonly y: bigint;
}

export interface Signature {
  readonly r8: CurvePoint;
  readonly s: bigint;
}

const expand = (domain: string, ...parts: Uint8Array[]): bigint => bytesToInteger(sha512(concatBytes(utf8(domain), ...parts)));

/** In [1, order): never the neutral element. */
const secretScalar = (seed: Uint8Array): bigint => (expand('medveil/issuer-key/1', seed) % (SUBGROUP_ORDER - 1n)) + 1n;

/** @param seed 32 secret bytes */
export const publicPoint = (seed: Uint8Array): CurvePoint => Point.BASE.multiply(secretScalar(seed)).toAffine();

export function sign(seed: Uint8Array, message: bigint): Signature {
  const nonce = (expand('medveil/issuer-nonce/1', seed, fieldToBytes(message)) % (SUBGROUP_ORDER - 1n)) + 1n;
  const r8 = Point.BASE.multiply(nonce).toAffine();
  const challenge = challengeOf(r8, publicPoint(seed), message);
  return { r8, s: (nonce + challenge * 8n * secretScalar(seed)) % SUBGROUP_ORDER };
}

/** @param key a point that `isPrimeOrderPoint` accepts */
export function verify(key: CurvePoint, message: bigint, { r8, s }: Signature): boolean {
  if (s >= SUBGROUP_ORDER || !isCurvePoint(r8)) return false;
  const challenge = (challengeOf(r8, key, message) * 8n) % SUBGROUP_ORDER;
  const right = Point.fromAffine(r8).add(Point.fromAffine(key).multiplyUnsafe(challenge));
  return Point.BASE.multiplyUnsafe(s).equals(right);
}

const challengeOf = (r8: CurvePoint, key: CurvePoint, message: bigint): bigint => poseidon5([r8.x, r8.y, key.x, key.y, message]);

export function isCurvePoint({ x, y }: CurvePoint): boolean {
  if (x >= FIELD_ORDER || y >= FIELD_ORDER) return false;
  try {
    Point.fromAffine({ x, y }).assertValidity();
    return true;
  } catch {
    return false;
  }
}

/** On the curve, of prime order, not neutral. */
export function isPrimeOrderPoint(point: CurvePoint): boolean {
  if (!isCurvePoint(point)) return false;
  const found = Point.fromAffine(point);
  return !found.is0() && found.isTorsionFree();
}
