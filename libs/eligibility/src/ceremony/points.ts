import type { WeierstrassPoint } from '@noble/curves/abstract/weierstrass.js';
import { bn254 } from '@noble/curves/bn254.js';
import { fromHex, toHex } from '@medveil/encoding';

/** Points of a ceremony: uncompressed, big-endian, of G2 the imaginary part first; what snarkjs hashes. In bytes. */
export const G1_UNCOMPRESSED_BYTES = 64;
export const G2_UNCOMPRESSED_BYTES = 128;

const { Fp, Fp2 } = bn254.fields;
const COORDINATE_BYTES = 32;

export type PointG1 = WeierstrassPoint<bigint>;
export type PointG2 = WeierstrassPoint<typeof Fp2.ZERO>;

export const GENERATOR_G1: PointG1 = bn254.G1.Point.BASE;
export const GENERATOR_G2: PointG2 = bn254.G2.Point.BASE;

const coordinate = (bytes: Uint8Array, i: number): bigint => BigInt(`0x${toHex(bytes.subarray(i * COORDINATE_BYTES, (i + 1) * COORDINATE_BYTES))}`);
const coordinateHex = (value: bigint): string => value.toString(16).padStart(2 * COORDINATE_BYTES, '0');

/** A point of the curve other than infinity, or undefined. */
export function parseG1(hex: string): PointG1 | undefined {
  const bytes = fromHex(hex);
  if (bytes.length !== G1_UNCOMPRESSED_BYTES) return undefined;
  const [x, y] = [coordinate(bytes, 0), coordinate(bytes, 1)];
  return Fp.isValid(x) && Fp.isValid(y) ? sound(() => bn254.G1.Point.fromAffine({ x, y })) : undefined;
}

/** A point of the subgroup of order r other than infinity, or undefined. */
export function parseG2(hex: string): PointG2 | undefined {
  const bytes = fromHex(hex);
  if (bytes.length !== G2_UNCOMPRESSED_BYTES) return undefined;
  const [x1, x0, y1, y0] = [coordinate(bytes, 0), coordinate(bytes, 1), coordinate(bytes, 2), coordinate(bytes, 3)];
  if (![x0, x1, y0, y1].every((value) => Fp.isValid(value))) return undefined;
  return sound(() => bn254.G2.Point.fromAffine({ x: { c0: x0, c1: x1 }, y: { c0: y0, c1: y1 } }));
}

/** The same from the compressed form of verification keys: x, imaginary part first, its top bit the parity of y's real part. */
export function parseCompressedG2(hex: string): PointG2 | undefined {
  const bytes = fromHex(hex);
  if (bytes.length !== 2 * COORDINATE_BYTES) return undefined;
  const odd = ((bytes[0] ?? 0) & 0x80) !== 0;
  bytes[0] = (bytes[0] ?? 0) & 0x7f;
  const x = { c0: coordinate(bytes, 1), c1: coordinate(bytes, 0) };
  if (!Fp.isValid(x.c0) || !Fp.isValid(x.c1)) return undefined;
  return sound(() => {
    const y = Fp2.sqrt(Fp2.add(Fp2.mul(Fp2.sqr(x), x), CURVE_B_G2));
    return bn254.G2.Point.fromAffine({ x, y: (y.c0 & 1n) === (odd ? 1n : 0n) ? y : Fp2.neg(y) });
  });
}

/** b of y² = x³ + b over Fp2: 3/(9 + u). */
export const CURVE_B_G2 = Fp2.div({ c0: 3n, c1: 0n }, { c0: 9n, c1: 1n });

function sound<P extends { assertValidity(): void; is0(): boolean }>(make: () => P): P | undefined {
  try {
    const point = make();
    point.assertValidity();
    return point.is0() ? undefined : point;
  } catch {
    return undefined;
  }
}

export function formatG1(point: PointG1): string {
  const { x, y } = point.toAffine();
  return coordinateHex(x) + coordinateHex(y);
}

export function formatG2(point: PointG2): string {
  const { x, y } = point.toAffine();
  return [x.c1, x.c0, y.c1, y.c0].map(coordinateHex).join('');
}

/** Whether b is a times the same factor as d is c: e(a, d) = e(b, c). */
export function sameRatio([a, b]: readonly [PointG1, PointG1], [c, d]: readonly [PointG2, PointG2]): boolean {
  const product = bn254.pairingBatch([{ g1: a, g2: d }, { g1: b.negate(), g2: c }]);
  return bn254.fields.Fp12.eql(product, bn254.fields.Fp12.ONE);
}
