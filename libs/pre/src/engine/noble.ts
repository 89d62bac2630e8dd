/** The reference engine: @noble/curves, audited and readable. */
import { bls12_381 } from '@noble/curves/bls12-381.js';
import { degenerate } from '../errors.js';
import { type Engine, type G1, G1_BYTES, type G2, G2_BYTES, type Group, GROUP_ORDER, type GT, type Scalar, type ScalarField } from './engine.js';
import { badPoint, checkGtForm, checkLength, checkPointForm, checkScalarForm, identity, notInSubgroup } from './form.js';
import { lazily } from './lazily.js';
import { buildTable, signedDigits, tableIndex, windowsOf } from './windows.js';

const WINDOWS = windowsOf(6);

const { Fr, Fp12 } = bls12_381.fields;
const Point1 = bls12_381.G1.Point;
const Point2 = bls12_381.G2.Point;
type Point1 = typeof Point1.BASE;
type Point2 = typeof Point2.BASE;
type Target = typeof Fp12.ONE;

/** |x| of the curve's parameter x = −0xd201000000010000; r divides x⁴ − x² + 1. */
const ABS_X = 0xd201000000010000n;

const number = (scalar: Scalar): bigint => scalar as unknown as bigint;
const scalarOf = (value: bigint): Scalar => value as unknown as Scalar;
const target = (element: GT): Target => element as unknown as Target;
const targetOf = (value: Target): GT => value as unknown as GT;
const point1 = (element: G1): Point1 => element as unknown as Point1;
const point2 = (element: G2): Point2 => element as unknown as Point2;

export function loadNoble(): Engine {
  const g1 = pointGroup<Point1, G1>('G1', G1_BYTES, Point1);
  const g2 = pointGroup<Point2, G2>('G2', G2_BYTES, Point2);
  const pair = (p: G1, q: G2): GT =>
    targetOf(g1.isIdentity(p) || g2.isIdentity(q) ? Fp12.ONE : bls12_381.pairing(point1(p), point2(q)));
  return {
    name: 'noble',
    scalars,
    g1,
    g2,
    gt: targetGroup(pair(g1.generator, g2.generator)),
    pair,
    pairProduct: (pairs) => {
      const proper = pairs.filter(([p, q]) => !g1.isIdentity(p) && !g2.isIdentity(q));
      if (proper.length === 0) return targetOf(Fp12.ONE);
      return targetOf(bls12_381.pairingBatch(proper.map(([p, q]) => ({ g1: point1(p), g2: point2(q) }))));
    },
    prepareG2: (q) => ({ pair: (p) => pair(p, q) }),
  };
}

const bigIntOf = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).toString('hex')}`);

const encodeScalar = (scalar: Scalar): Uint8Array => Fr.toBytes(number(scalar));

const scalars: ScalarField = {
  fromInt: (value) => scalarOf(BigInt(value)),
  reduceWide: (bytes) => {
    checkLength(bytes, 48, 'wide scalar');
    return scalarOf(bigIntOf(bytes) % GROUP_ORDER);
  },
  decode: (bytes) => {
    checkScalarForm(bytes);
    return scalarOf(bigIntOf(bytes));
  },
  encode: encodeScalar,
  add: (x, y) => scalarOf(Fr.add(number(x), number(y))),
  sub: (x, y) => scalarOf(Fr.sub(number(x), number(y))),
  mul: (x, y) => scalarOf(Fr.mul(number(x), number(y))),
  neg: (x) => scalarOf(Fr.neg(number(x))),
  inv: (x) => {
    if (number(x) === 0n) throw degenerate('the inverted scalar');
    return scalarOf(Fr.inv(number(x)));
  },
  isZero: (x) => number(x) === 0n,
  // A bigint cannot be overwritten.
  erase: () => undefined,
};

/** What both point classes of noble offer. */
interface NoblePoint<P> {
  add(other: P): P;
  negate(): P;
  multiply(scalar: bigint): P;
  multiplyUnsafe(scalar: bigint): P;
  equals(other: P): boolean;
  is0(): boolean;
  toBytes(): Uint8Array;
  precompute(windowSize?: number, lazy?: boolean): P;
}

interface NobleCurve<P> {
  readonly BASE: P;
  readonly ZERO: P;
  fromBytes(bytes: Uint8Array): P;
}

function pointGroup<P extends NoblePoint<P>, E extends G1 | G2>(
  name: 'G1' | 'G2',
  bytesLength: typeof G1_BYTES | typeof G2_BYTES,
  curve: NobleCurve<P>,
): Group<E> {
  const point = (element: E): P => element as unknown as P;
  const element = (value: P): E => value as unknown as E;
  const powSecret = (x: P, scalar: Scalar): E =>
    element(number(scalar) === 0n || x.is0() ? curve.ZERO : x.multiply(number(scalar)));
  return {
    generator: element(curve.BASE),
    decode: (bytes) => {
      checkPointForm(bytes, bytesLength);
      try {
        return element(curve.fromBytes(bytes));
      } catch (cause) {
        // noble checks curve and subgroup in one call.
        throw cause instanceof Error && cause.message.includes('subgroup') ? notInSubgroup(name) : badPoint(name, 'is not on the curve');
      }
    },
    encode: (x) => point(x).toBytes(),
    mul: (x, y) => element(point(x).add(point(y))),
    inv: (x) => element(point(x).negate()),
    pow: (x, scalar) => element(point(x).multiplyUnsafe(number(scalar))),
    powSecret: (x, scalar) => powSecret(point(x), scalar),
    equals: (x, y) => point(x).equals(point(y)),
    isIdentity: (x) => point(x).is0(),
    generatorPow: (scalar) => powSecret(curve.BASE, scalar),
    fixedBase: (x) => {
      const base = point(x).precompute(8, true);
      return (scalar) => powSecret(base, scalar);
    },
  };
}

const mul = (x: Target, y: Target): Target => Fp12.mul(x, y);
const pow = (x: GT, scalar: Scalar): GT => targetOf(Fp12.pow(target(x), number(scalar)));

function fixedBase(base: GT): (scalar: Scalar) => GT {
  const table = buildTable(WINDOWS, target(base), mul);
  return (scalar) => {
    let power = Fp12.ONE;
    signedDigits(WINDOWS, encodeScalar(scalar)).forEach((digit, window) => {
      if (digit === 0) return;
      const entry = table[tableIndex(WINDOWS, window, Math.abs(digit))] as Target;
      power = mul(power, digit > 0 ? entry : Fp12.conjugate(entry));
    });
    return targetOf(power);
  };
}

function targetGroup(generator: GT): Group<GT> {
  return {
    generator,
    decode: (bytes) => {
      checkGtForm(bytes);
      const value = Fp12.fromBytes(bytes);
      if (Fp12.eql(value, Fp12.ONE)) throw identity('GT');
      if (!isInTargetGroup(value)) throw notInSubgroup('GT');
      return targetOf(value);
    },
    encode: (x) => Fp12.toBytes(target(x)),
    mul: (x, y) => targetOf(mul(target(x), target(y))),
    inv: (x) => targetOf(Fp12.conjugate(target(x))),
    pow,
    powSecret: pow,
    equals: (x, y) => Fp12.eql(target(x), target(y)),
    isIdentity: (x) => Fp12.eql(target(x), Fp12.ONE),
    generatorPow: lazily(() => fixedBase(generator)),
    fixedBase,
  };
}

/**
 * Scott, "A note on group membership tests for G1, G2 and GT on BLS pairing-friendly curves" (2021):
 * α^(p⁴ − p² + 1) = 1 and α^p = α^x, with x negative: its power is conjugated.
 */
function isInTargetGroup(value: Target): boolean {
  const cyclotomic = Fp12.eql(Fp12.mul(Fp12.frobeniusMap(value, 4), value), Fp12.frobeniusMap(value, 2));
  return cyclotomic && Fp12.eql(Fp12.frobeniusMap(value, 1), Fp12.conjugate(Fp12.pow(value, ABS_X)));
}
