import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { bn254 } from '@noble/curves/bn254.js';
import { Bn254 } from './bn254.js';
import { FIELD_ORDER as R } from './field.js';
import { CURVE_PARAMETER as X } from './g2-subgroup.js';
import { BASE_FIELD_ORDER as Q, compressG2 } from './proof-encoding.js';

const { Fp2 } = bn254.fields;
type Point = InstanceType<typeof bn254.G2.Point>;
const TRACE = 6n * X * X + 1n;
const COFACTOR = 2n * Q - R;
/** The least prime factor of the cofactor. */
const SMALL_ORDER = 10_069n;

const gcd = (a: bigint, b: bigint): bigint => (b === 0n ? a : gcd(b, a % b));

/** Points of the twist of whatever order, the first few x that have one. */
function twistPoints(count: number): Point[] {
  const b = Fp2.div(Fp2.fromBigTuple([3n, 0n]), Fp2.fromBigTuple([9n, 1n]));
  const points: Point[] = [];
  for (let n = 1n; points.length < count; n += 1n) {
    const x = Fp2.fromBigTuple([n, n * n]);
    try {
      points.push(bn254.G2.Point.fromAffine({ x, y: Fp2.sqrt(Fp2.add(Fp2.mul(Fp2.sqr(x), x), b)) }));
    } catch {
      // no square: no point with this x
    }
  }
  return points;
}

/** noble multiplies by scalars below r only. */
function multiple(point: Point, scalar: bigint): Point {
  let sum = bn254.G2.Point.ZERO;
  for (const bit of scalar.toString(2)) {
    sum = sum.double();
    if (bit === '1') sum = sum.add(point);
  }
  return sum;
}

describe('membership in G2', () => {
  let curve: Bn254;
  before(async () => {
    curve = await Bn254.load();
  });

  const isMember = (point: Point) => {
    const { x, y } = point.toAffine();
    return curve.readG2(curve.g2(), compressG2([[x.c0, x.c1], [y.c0, y.c1]]));
  };

  it('is tested by an equation that no point of an order dividing the cofactor fulfils', () => {
    // ψ² - tψ + q = 0 turns the equation into a + bψ = 0; the points that fulfil it have an order dividing its norm
    const [square, cube] = [[-Q, TRACE], [-Q * TRACE, TRACE * TRACE - Q]] as const;
    const a = X + 1n + X * square[0] - 2n * X * cube[0];
    const b = X + X * square[1] - 2n * X * cube[1];
    const norm = a * a + a * b * TRACE + b * b * Q;
    assert.equal(norm % R, 0n);
    assert.equal(gcd(norm, COFACTOR), 1n);
    assert.equal(COFACTOR % SMALL_ORDER, 0n);
  });

  it('is seen for points of order r, and for no others', () => {
    for (const point of twistPoints(4)) {
      assert.equal(isMember(multiple(point, COFACTOR)), true);
      assert.equal(isMember(point), false);
      const small = multiple(point, (R * COFACTOR) / SMALL_ORDER);
      assert.equal(small.equals(bn254.G2.Point.ZERO), false);
      assert.equal(isMember(small), false, 'small order');
      assert.equal(isMember(multiple(point, COFACTOR).add(small)), false, 'a member and a point of small order');
    }
  });
});
