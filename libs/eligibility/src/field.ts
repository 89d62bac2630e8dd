import { digest, type RandomBytes } from '@medveil/encoding';
import { eligibilityError } from './errors.js';

/** Order r of the BN254 scalar field: what circuits, Poseidon and public inputs compute in. */
export const FIELD_ORDER = 21888242871839275222246405745257275088548364400416034343698204186575808495617n;

export const FIELD_BYTES = 32;

/** @returns 32 bytes, big-endian */
export function fieldToBytes(value: bigint): Uint8Array {
  if (value < 0n || value >= FIELD_ORDER) throw eligibilityError('eligibility/bad-field-element', 'not a field element');
  const bytes = new Uint8Array(FIELD_BYTES);
  let rest = value;
  for (let i = FIELD_BYTES - 1; i >= 0; i -= 1) {
    bytes[i] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  return bytes;
}

/** @throws CodedError `eligibility/bad-field-element` unless the bytes are 32 and below r: an element has one encoding */
export function bytesToField(bytes: Uint8Array): bigint {
  const value = bytes.length === FIELD_BYTES ? bytesToInteger(bytes) : FIELD_ORDER;
  if (value >= FIELD_ORDER) {
    throw eligibilityError('eligibility/bad-field-element', 'not 32 big-endian bytes below the field order', { bytes: bytes.length });
  }
  return value;
}

/** Big-endian bytes of any length as an integer. */
export const bytesToInteger = (bytes: Uint8Array): bigint =>
  bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);

/** The lowest bits of a number, the least first: how circuits take them. */
export const bitsOf = (value: bigint, count: number): bigint[] => Array.from({ length: count }, (_, i) => (value >> BigInt(i)) & 1n);

/**
 * Maps an identifier (requirement id, chain id, account id, domain id: the UTF-8 of its text) into the field:
 * the digest under `medveil/field/1`, big-endian, modulo r. The remainder keeps a quarter less than 254 bits,
 * so collisions stay out of reach.
 */
export const hashToField = (bytes: Uint8Array): bigint => bytesToInteger(digest('medveil/field/1', bytes)) % FIELD_ORDER;

/** A uniform field element from 48 random bytes (bias below 2^-128). */
export const randomField = (random: RandomBytes): bigint => bytesToInteger(random(48)) % FIELD_ORDER;
