import { givenLength, PreError } from '../errors.js';
import { G1_BYTES, G2_BYTES, GROUP_ORDER, GT_BYTES, SCALAR_BYTES } from './engine.js';

/** The base field's modulus p. */
const FIELD_MODULUS =
  0x1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaabn;
const FIELD_BYTES = 48;

const bigEndian = (value: bigint, length: number): Uint8Array => Buffer.from(value.toString(16).padStart(length * 2, '0'), 'hex');
const MODULUS = bigEndian(FIELD_MODULUS, FIELD_BYTES);
const ORDER = bigEndian(GROUP_ORDER, SCALAR_BYTES);

const COMPRESSED = 0x80;
const INFINITY = 0x40;
const FLAGS = 0xe0;

/**
 * The checks on an encoding that need no curve arithmetic, the same for both engines.
 * zcash form: flags compressed, infinity, sign in the top three bits, then x (for G2: c1 before c0), big-endian, below p.
 * @throws PreError `pre/bad-length`, `pre/bad-point`, `pre/identity`
 */
export function checkPointForm(bytes: Uint8Array, length: typeof G1_BYTES | typeof G2_BYTES): void {
  const group = length === G1_BYTES ? 'G1' : 'G2';
  checkLength(bytes, length, group);
  const flags = bytes[0] as number;
  if ((flags & COMPRESSED) === 0) throw badPoint(group, 'is not compressed');
  if ((flags & INFINITY) !== 0) {
    const canonical = flags === (COMPRESSED | INFINITY) && bytes.subarray(1).every((byte) => byte === 0);
    throw canonical ? identity(group) : badPoint(group, 'spells infinity in another way');
  }
  for (let offset = 0; offset < length; offset += FIELD_BYTES) {
    if (!isBelow(bytes, offset, MODULUS, offset === 0 ? FLAGS : 0)) throw badPoint(group, 'has a coordinate not below p');
  }
}

/** @throws PreError `pre/bad-length`, `pre/bad-point` */
export function checkGtForm(bytes: Uint8Array): void {
  checkLength(bytes, GT_BYTES, 'GT');
  for (let offset = 0; offset < GT_BYTES; offset += FIELD_BYTES) {
    if (!isBelow(bytes, offset, MODULUS, 0)) throw badPoint('GT', 'has a coefficient not below p');
  }
  if (bytes.every((byte) => byte === 0)) throw badPoint('GT', 'is zero');
}

/** @throws PreError `pre/bad-length`, `pre/bad-scalar` for zero or a value not below r */
export function checkScalarForm(bytes: Uint8Array): void {
  checkLength(bytes, SCALAR_BYTES, 'scalar');
  let any = 0;
  for (const byte of bytes) any |= byte;
  if (any === 0 || !isBelow(bytes, 0, ORDER, 0)) throw new PreError('pre/bad-scalar', 'a scalar that is zero or not below r');
}

export function checkLength(bytes: Uint8Array, length: number, what: string): void {
  if (!(bytes instanceof Uint8Array) || bytes.length !== length) {
    throw new PreError('pre/bad-length', `${what}: not ${length} bytes`, { what, given: givenLength(bytes), expected: length });
  }
}

/** Compares without an early exit, since scalars are secrets. */
function isBelow(bytes: Uint8Array, offset: number, bound: Uint8Array, mask: number): boolean {
  let borrow = 0;
  for (let index = bound.length - 1; index >= 0; index -= 1) {
    const byte = (bytes[offset + index] as number) & (index === 0 ? ~mask & 0xff : 0xff);
    borrow = ((byte - (bound[index] as number) - borrow) >> 8) & 1;
  }
  return borrow === 1;
}

export const badPoint = (group: string, problem: string): PreError =>
  new PreError('pre/bad-point', `${group} element that ${problem}`, { group, problem });

export const identity = (group: string): PreError => new PreError('pre/identity', `the neutral element of ${group}`, { group });

export const notInSubgroup = (group: string): PreError =>
  new PreError('pre/not-in-subgroup', `${group} element outside the subgroup of order r`, { group });
