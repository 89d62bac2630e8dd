import { babyjubjub } from '@noble/curves/misc.js';
import { sha512 } from '@noble/hashes/sha2.js';
import { concatBytes, utf8 } from '@medveil/encoding';
import { bitsOf, bytesToInteger, FIELD_ORDER, fieldToBytes } from './field.js';
import { poseidon } from './poseidon.js';

/**
 * Schnorr signatures over Baby Jubjub (EIP-2494) with Poseidon as the challenge hash and challenges of 128 bits, as
 * circuits/circom/schnorr.circom checks them: e = Poseidon(TAG, u(R), Kx, Ky, message) with u of the Montgomery form,
 * c its low 128 bits, and R = s·B − (2c + 2^128 + 1)·K. Only e below 3·2^252 counts, so that its 254 bits are its own.
 * Keys and nonces derive by SHA-512, which the verifier does not see.
 */
const { Point } = babyjubjub;
type GroupPoint = InstanceType<typeof Point>;
export const SUBGROUP_ORDER = Point.Fn.ORDER;

export interface CurvePoint {
  readonly x: bigint;
  readonly y: bigint;
}

export interface Signature {
  /** c, below 2^128. */
  readonly challenge: bigint;
  /** s, below the group's order. */
  readonly response: bigint;
}

const CHALLENGE_LIMIT = 3n << 252n;
const lowBits = (e: bigint): bigint => e & ((1n << 128n) - 1n);

/** What the circuit's ladder multiplies the key by: odd, and above 2^128 whatever the challenge. */
const factorOf = (challenge: bigint): bigint => 2n * challenge + (1n << 128n) + 1n;

const expand = (domain: string, ...parts: Uint8Array[]): bigint => bytesToInteger(sha512(concatBytes(utf8(domain), ...parts)));

/** In [1, order): never the neutral element. */
const secretScalar = (seed: Uint8Array): bigint => (expand('medveil/issuer-key/1', seed) % (SUBGROUP_ORDER - 1n)) + 1n;

/** @param seed 32 secret bytes */
export const publicPoint = (seed: Uint8Array): CurvePoint => Point.BASE.multiply(secretScalar(seed)).toAffine();

export function sign(seed: Uint8Array, message: readonly bigint[]): Signature {
  const secret = secretScalar(seed);
  const key = publicPoint(seed);
  for (let attempt = 0; ; attempt += 1) {
    const drawn = expand('medveil/issuer-nonce/1', seed, ...message.map(fieldToBytes), new Uint8Array([attempt]));
    const nonce = (drawn % (SUBGROUP_ORDER - 1n)) + 1n;
    const hash = challengeHash(Point.BASE.multiply(nonce), key, message);
    const challenge = lowBits(hash);
    if (hash < CHALLENGE_LIMIT) return { challenge, response: (nonce + factorOf(challenge) * secret) % SUBGROUP_ORDER };
  }
}

/**
 * e, whose low bits are the challenge, of a signature that is valid; undefined for any other.
 * @param key a point that `isPrimeOrderPoint` accepts
 */
export function verifiedHash(key: CurvePoint, message: readonly bigint[], { challenge, response }: Signature): bigint | undefined {
  if (challenge >= 1n << 128n || response >= SUBGROUP_ORDER) return undefined;
  const nonce = Point.BASE.multiplyUnsafe(response).subtract(Point.fromAffine(key).multiplyUnsafe(factorOf(challenge)));
  if (nonce.is0()) return undefined;
  const hash = challengeHash(nonce, key, message);
  return hash < CHALLENGE_LIMIT && lowBits(hash) === challenge ? hash : undefined;
}

const challengeHash = (nonce: GroupPoint, key: CurvePoint, message: readonly bigint[]): bigint =>
  poseidon('attestation', [toMontgomery(nonce.toAffine()).u, key.x, key.y, ...message]);

const Fp = Point.Fp;

/** (u, v) = ((1 + y) / (1 − y), u / x) of v² = u³ + 168698u² + u; neither the neutral element nor that of order 2 has any. */
export function toMontgomery({ x, y }: CurvePoint): { readonly u: bigint; readonly v: bigint } {
  const u = Fp.div(Fp.add(1n, y), Fp.sub(1n, y));
  return { u, v: Fp.div(u, x) };
}

/** The point of the prime-order subgroup that is the key when taken eight times: how the circuit sees that the key lies there. */
export const eighthOf = (key: CurvePoint): CurvePoint => Point.fromAffine(key).multiplyUnsafe(Point.Fn.inv(8n)).toAffine();

const RESPONSE_DIGITS = 84;

/** s, or s − order where s is even, as odd digits between −7 and 7 to the base 8: two bits of (|digit| − 1) / 2 and one for plus. */
export function signedDigits(response: bigint): bigint[][] {
  let rest = response % 2n === 1n ? response : response - SUBGROUP_ORDER;
  return Array.from({ length: RESPONSE_DIGITS }, (_, i) => {
    // what is left after the digit is odd again, and the last digit, 3 at most, is all that is left
    const digit = i === RESPONSE_DIGITS - 1 ? rest : (((rest % 16n) + 16n) % 16n) - 8n;
    rest = (rest - digit) / 8n;
    return [...bitsOf(((digit < 0n ? -digit : digit) - 1n) / 2n, 2), digit > 0n ? 1n : 0n];
  });
}

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
