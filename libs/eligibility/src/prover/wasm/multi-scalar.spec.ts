import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { bn254 } from '@noble/curves/bn254.js';
import { Bn254 } from '../../bn254.js';
import { bytesToInteger, FIELD_ORDER as R } from '../../field.js';
import { BASE_FIELD_ORDER as Q, compressG1, compressG2 } from '../../proof-encoding.js';
import { seededRandom } from '../../testing.js';
import { MultiScalar, SignedDigits } from './multi-scalar.js';
import { VectorField, VectorMemory, WORDS } from './vector-field.js';

const random = seededRandom('multi-scalar');
const scalar = () => bytesToInteger(random(40)) % R;
const littleEndian = (value: bigint) => Buffer.from(value.toString(16).padStart(64, '0'), 'hex').toReversed();
const wordsOf = (scalars: readonly bigint[]) => new Uint32Array(Uint8Array.from(scalars.flatMap((s) => [...littleEndian(s)])).buffer);
/** Montgomery form, R = 2^256. */
const coordinate = (value: bigint) => [...littleEndian((value << 256n) % Q)];

interface Case {
  /** What each point is times the generator; 0 is infinity. */
  readonly points: readonly bigint[];
  readonly scalars: readonly bigint[];
}

const many = Array.from({ length: 1500 }, (_, i) => BigInt(i + 1));
const cases: Readonly<Record<string, Case>> = {
  'one point': { points: [7n], scalars: [scalar()] },
  'edges of the scalars': { points: [1n, 2n, 3n, 4n, 5n, 6n], scalars: [0n, 1n, R - 1n, R - 2n, 2n ** 128n, 2n ** 253n] },
  'no scalar but 0': { points: [1n, 2n, 3n], scalars: [0n, 0n, 0n] },
  'infinity among the points': { points: [0n, 2n, 0n, 4n, 0n], scalars: [scalar(), scalar(), R - 1n, scalar(), 1n] },
  'one point many times, in one bucket': { points: many.slice(0, 100).map(() => 9n), scalars: many.slice(0, 100).map(() => 1n) },
  'one point many times': { points: many.slice(0, 100).map(() => 9n), scalars: many.slice(0, 100).map(() => scalar()) },
  'points and their opposites in one bucket': { points: [3n, R - 3n, 5n, 3n, R - 3n], scalars: [1n, 1n, 1n, 1n, 1n] },
  'opposites by the sign of their digits': { points: [3n, 3n, 3n, 3n], scalars: [5n, R - 5n, 5n, R - 5n] },
  'sums that cancel in the end': { points: [1n, 2n, 3n], scalars: [1n, 1n, R - 1n] },
  'mostly bits, as a witness': { points: many.slice(0, 600), scalars: many.slice(0, 600).map((i) => (i % 5n === 0n ? scalar() : i % 2n)) },
  'more points than a batch of additions': { points: many, scalars: many.map(() => scalar()) },
};

const { G1, G2 } = { G1: bn254.G1.Point, G2: bn254.G2.Point };
const total = ({ points, scalars }: Case) => points.reduce((sum, point, i) => (sum + point * (scalars[i] ?? 0n)) % R, 0n);
/** Points by their multiples, from the generator upwards: most are small. */
const multiples = <P extends { add(q: P): P; multiplyUnsafe(s: bigint): P }>(generator: P, zero: P, of: readonly bigint[]): P[] => {
  let [last, at] = [zero, 0n];
  return of.map((multiple) => {
    last = multiple === at + 1n ? last.add(generator) : generator.multiplyUnsafe(multiple);
    at = multiple;
    return last;
  });
};

describe('sums of multiples', () => {
  let curve: Bn254;
  const field = new VectorField(new VectorMemory(), Q);
  before(async () => {
    curve = await Bn254.load();
  });

  it('are right in G1, whatever the scalars and points', () => {
    const sums = new MultiScalar(field, curve, 'g1');
    const out = curve.g1();
    for (const [name, each] of Object.entries(cases)) {
      const points = multiples(G1.BASE, G1.ZERO, each.points).map((p) => p.toAffine());
      sums.multiply(out, Uint8Array.from(points.flatMap(({ x, y }) => [x, y].flatMap(coordinate))), wordsOf(each.scalars));
      const expected = G1.BASE.multiplyUnsafe(total(each));
      const { x, y } = expected.toAffine();
      assert.deepEqual(curve.group('g1').compress(out), expected.is0() ? new Uint8Array(32) : compressG1([x, y]), name);
    }
  });

  it('are right in G2, whatever the scalars and points', () => {
    const sums = new MultiScalar(field, curve, 'g2');
    const out = curve.g2();
    for (const [name, each] of Object.entries(cases)) {
      const points = multiples(G2.BASE, G2.ZERO, each.points).map((p) => p.toAffine());
      sums.multiply(out, Uint8Array.from(points.flatMap(({ x, y }) => [x.c0, x.c1, y.c0, y.c1].flatMap(coordinate))), wordsOf(each.scalars));
      const expected = G2.BASE.multiplyUnsafe(total(each));
      const { x, y } = expected.toAffine();
      assert.deepEqual(curve.group('g2').compress(out), expected.is0() ? new Uint8Array(64) : compressG2([[x.c0, x.c1], [y.c0, y.c1]]), name);
    }
  });
});

describe('signed digits', () => {
  it('add up to the scalars for every width of window', () => {
    const scalars = [0n, 1n, R - 1n, 2n ** 253n, scalar(), scalar()];
    for (let bits = 2; bits <= 16; bits += 1) {
      const digits = new SignedDigits(wordsOf(scalars), bits);
      const sums = scalars.map(() => 0n);
      for (let window = 0; window < digits.windows; window += 1) {
        digits.next().forEach((digit, i) => {
          assert.ok(digit > -(2 ** (bits - 1)) && digit <= 2 ** (bits - 1));
          sums[i] = (sums[i] ?? 0n) + (BigInt(digit) << BigInt(bits * window));
        });
      }
      assert.deepEqual(sums, scalars, `${bits} bits`);
    }
    assert.equal(wordsOf(scalars).length, WORDS * scalars.length);
  });
});
