/** Encodings that a decoder must refuse, for each kind of field, made with the reference arithmetic. */
import { bls12_381 } from '@noble/curves/bls12-381.js';
import { G1_BYTES, G2_BYTES, GROUP_ORDER, GT_BYTES, SCALAR_BYTES } from '../engine/engine.js';

export interface Hostile {
  readonly what: string;
  readonly bytes: Uint8Array;
}

const { Fp, Fp2, Fp12 } = bls12_381.fields;
const Point1 = bls12_381.G1.Point;
const Point2 = bls12_381.G2.Point;

const be = (value: bigint, length: number): Uint8Array => new Uint8Array(Buffer.from(value.toString(16).padStart(length * 2, '0'), 'hex'));
const hostile = (what: string, bytes: Uint8Array): Hostile => ({ what, bytes });
const withByte = (bytes: Uint8Array, index: number, value: number): Uint8Array => bytes.with(index, value);

function wrongLengths(valid: Uint8Array): Hostile[] {
  return [
    hostile('empty', new Uint8Array(0)),
    hostile('one byte short', valid.subarray(1)),
    hostile('cut at the end', valid.subarray(0, -1)),
    hostile('one byte long', Uint8Array.of(...valid, 0)),
    hostile('a zero in front', Uint8Array.of(0, ...valid)),
    hostile('twice', Uint8Array.of(...valid, ...valid)),
  ];
}

function wrongFlags(valid: Uint8Array, length: number): Hostile[] {
  const zeros = new Uint8Array(length);
  return [
    hostile('not flagged as compressed', withByte(valid, 0, (valid[0] as number) & 0x7f)),
    hostile('infinity', withByte(zeros, 0, 0xc0)),
    hostile('infinity with a sign', withByte(zeros, 0, 0xe0)),
    hostile('infinity, uncompressed', withByte(zeros, 0, 0x40)),
    hostile('infinity with a stray bit', withByte(withByte(zeros, 0, 0xc0), length - 1, 1)),
    hostile('infinity flag on a point', withByte(valid, 0, (valid[0] as number) | 0x40)),
    hostile('all zero', zeros),
    hostile('all ones', new Uint8Array(length).fill(0xff)),
    hostile('reversed', Uint8Array.from(valid).toReversed()),
  ];
}

/** x as the first field of a compressed point, with the flags. */
function flagged(x: bigint, sign: number): Uint8Array {
  const bytes = be(x, 48);
  bytes[0] = (bytes[0] as number) | 0x80 | sign;
  return bytes;
}

/** noble refuses to write what is outside the subgroup. */
const isLarge = (y: bigint): boolean => 2n * y >= Fp.ORDER;

function compressed1(point: typeof Point1.BASE): Uint8Array {
  const { x, y } = point.toAffine();
  return flagged(x, isLarge(y) ? 0x20 : 0);
}

function compressed2(point: typeof Point2.BASE): Uint8Array {
  const { x, y } = point.toAffine();
  const large = isLarge(Fp.is0(y.c1) ? y.c0 : y.c1);
  return Uint8Array.of(...flagged(x.c1, large ? 0x20 : 0), ...be(x.c0, 48));
}

export function hostileG1(): Hostile[] {
  const valid = Point1.BASE.toBytes();
  const onCurve: bigint[] = [];
  const offCurve: bigint[] = [];
  for (let x = 1n; onCurve.length < 4 || offCurve.length < 3; x += 1n) {
    (isSquare(Fp.add(Fp.pow(x, 3n), 4n)) ? onCurve : offCurve).push(x);
  }
  return [
    ...wrongLengths(valid),
    ...wrongFlags(valid, G1_BYTES),
    hostile('uncompressed', Point1.BASE.toBytes(false)),
    hostile('x = p', flagged(Fp.ORDER, 0)),
    hostile('x of a curve point, plus p', flagged(Fp.ORDER + (onCurve[0] as bigint), 0)),
    hostile('x = 2^381 − 1', flagged(2n ** 381n - 1n, 0)),
    hostile('(0, 2), of order 3', flagged(0n, 0)),
    hostile('(0, −2), of order 3', flagged(0n, 0x20)),
    ...onCurve.slice(0, 4).map((x) => hostile(`curve point outside the subgroup, x = ${x}`, flagged(x, 0x20))),
    ...offCurve.slice(0, 3).map((x) => hostile(`not on the curve, x = ${x}`, flagged(x, 0))),
    hostile('generator plus a point of order 3', compressed1(Point1.BASE.add(Point1.fromAffine({ x: 0n, y: 2n })))),
  ];
}

const isSquare = (value: bigint): boolean => Fp.is0(value) || Fp.eql(Fp.pow(value, (Fp.ORDER - 1n) / 2n), Fp.ONE);

export function hostileG2(): Hostile[] {
  const valid = Point2.BASE.toBytes();
  const outside = curvePointsOutsideG2(4);
  const second = (x: bigint): Uint8Array => Uint8Array.of(...valid.subarray(0, 48), ...be(x, 48));
  return [
    ...wrongLengths(valid),
    ...wrongFlags(valid, G2_BYTES),
    hostile('uncompressed', Point2.BASE.toBytes(false)),
    hostile('x.c1 = p', Uint8Array.of(...flagged(Fp.ORDER, 0), ...valid.subarray(48))),
    hostile('x.c0 = p', second(Fp.ORDER)),
    hostile('x.c0 = 2^384 − 1', second(2n ** 384n - 1n)),
    hostile('halves exchanged', Uint8Array.of(...flagged(Fp2.fromBytes(Uint8Array.of(...be(0n, 48), ...valid.subarray(48))).c1, 0), ...valid.subarray(0, 48))),
    hostile('a G1 point twice', Uint8Array.of(...Point1.BASE.toBytes(), ...Point1.BASE.toBytes())),
    ...outside.map((point, index) => hostile(`curve point outside the subgroup, ${index}`, compressed2(point))),
    hostile('generator plus a point outside the subgroup', compressed2(Point2.BASE.add(outside[0] as typeof Point2.BASE))),
    hostile('a point of the cofactor group', compressed2((outside[0] as typeof Point2.BASE).multiplyUnsafe(GROUP_ORDER - 1n).add(outside[0] as typeof Point2.BASE))),
  ];
}

function curvePointsOutsideG2(count: number): (typeof Point2.BASE)[] {
  const points: (typeof Point2.BASE)[] = [];
  const b = Fp2.fromBigTuple([4n, 4n]);
  for (let x0 = 1n; points.length < count; x0 += 1n) {
    const x = Fp2.fromBigTuple([x0, 1n]);
    try {
      const point = Point2.fromAffine({ x, y: Fp2.sqrt(Fp2.add(Fp2.pow(x, 3n), b)) });
      if (!point.isTorsionFree()) points.push(point);
    } catch {
      // x³ + b has no root: not a curve point.
    }
  }
  return points;
}

export function hostileGt(): Hostile[] {
  const z = bls12_381.pairing(Point1.BASE, Point2.BASE);
  const valid = Fp12.toBytes(z);
  const some = Fp12.fromBigTwelve(Array.from({ length: 12 }, (_, index) => BigInt(3 * index + 5)) as never);
  const easyPart = Fp12.div(Fp12.frobeniusMap(some, 6), some);
  const cyclotomic = Fp12.mul(Fp12.frobeniusMap(easyPart, 2), easyPart);
  const swapped = Uint8Array.of(...valid.subarray(48, 96), ...valid.subarray(0, 48), ...valid.subarray(96));
  return [
    ...wrongLengths(valid),
    hostile('zero', new Uint8Array(GT_BYTES)),
    hostile('one', Fp12.toBytes(Fp12.ONE)),
    hostile('minus one, of order 2', Fp12.toBytes(Fp12.neg(Fp12.ONE))),
    hostile('minus Z', Fp12.toBytes(Fp12.neg(z))),
    hostile('all ones', new Uint8Array(GT_BYTES).fill(0xff)),
    hostile('some field element', Fp12.toBytes(some)),
    hostile('unitary, not cyclotomic', Fp12.toBytes(easyPart)),
    hostile('cyclotomic, not of order r', Fp12.toBytes(cyclotomic)),
    hostile('Z times a cyclotomic element', Fp12.toBytes(Fp12.mul(z, cyclotomic))),
    hostile('coefficients exchanged', swapped),
    hostile('reversed', valid.toReversed()),
    ...Array.from({ length: 12 }, (_, index) => {
      const bytes = Uint8Array.from(valid);
      bytes.set(be(Fp.ORDER, 48), index * 48);
      return hostile(`coefficient ${index} is p`, bytes);
    }),
  ];
}

export function hostileScalars(): Hostile[] {
  const valid = be(12_345n, SCALAR_BYTES);
  const values: readonly (readonly [string, bigint])[] = [
    ['zero', 0n],
    ['r', GROUP_ORDER],
    ['r + 1', GROUP_ORDER + 1n],
    ['r + 12345', GROUP_ORDER + 12_345n],
    ['2r', 2n * GROUP_ORDER],
    ['2r − 1', 2n * GROUP_ORDER - 1n],
    ['2r + 1', 2n * GROUP_ORDER + 1n],
    ['2^255', 2n ** 255n],
    ['2^255 − 1', 2n ** 255n - 1n],
    ['2^256 − 1', 2n ** 256n - 1n],
    ['2^256 − r', 2n ** 256n - GROUP_ORDER],
    ['r with its last byte larger', GROUP_ORDER + 0xfen],
    ['r + 2^128', GROUP_ORDER + 2n ** 128n],
    ['r + 2^200', GROUP_ORDER + 2n ** 200n],
  ];
  return [...wrongLengths(valid), ...values.map(([what, value]) => hostile(what, be(value, SCALAR_BYTES)))];
}
