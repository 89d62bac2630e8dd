import { bn254 } from '@noble/curves/bn254.js';
import { splitProof } from './proof-encoding.js';

/** For specs: compressed points read by noble, independently of mcl, and proofs as snarkjs takes them. */
const { G1, G2 } = { G1: bn254.G1.Point, G2: bn254.G2.Point };
export type G1Point = InstanceType<typeof G1>;
export type G2Point = InstanceType<typeof G2>;

const { Fp, Fp2 } = bn254.fields;
const integer = (bytes: Uint8Array) => BigInt(`0x${Buffer.from(bytes).toString('hex')}`);

export function decodeG1(bytes: Uint8Array): G1Point {
  const x = integer(bytes) & ((1n << 255n) - 1n);
  const y = Fp.sqrt(Fp.add(Fp.mul(Fp.sqr(x), x), 3n));
  const odd = (bytes[0] ?? 0) >> 7 === 1;
  return G1.fromAffine({ x, y: (y % 2n === 1n) === odd ? y : Fp.neg(y) });
}

export function decodeG2(bytes: Uint8Array): G2Point {
  const x = { c0: integer(bytes.subarray(32)), c1: integer(bytes.subarray(0, 32)) & ((1n << 255n) - 1n) };
  const b = Fp2.div(Fp2.fromBigTuple([3n, 0n]), Fp2.fromBigTuple([9n, 1n]));
  const y = Fp2.sqrt(Fp2.add(Fp2.mul(Fp2.sqr(x), x), b));
  const odd = (bytes[0] ?? 0) >> 7 === 1;
  return G2.fromAffine({ x, y: (y.c0 % 2n === 1n) === odd ? y : Fp2.neg(y) });
}

export const g1Text = (p: G1Point): string[] => [p.toAffine().x.toString(), p.toAffine().y.toString(), '1'];

export const g2Text = (p: G2Point): string[][] => {
  const { x, y } = p.toAffine();
  return [[x.c0.toString(), x.c1.toString()], [y.c0.toString(), y.c1.toString()], ['1', '0']];
};

/** A proof in snarkjs's JSON form. */
export function decodeProof(proof: Uint8Array) {
  const { a, b, c } = splitProof(proof);
  return { protocol: 'groth16', curve: 'bn128', pi_a: g1Text(decodeG1(a)), pi_b: g2Text(decodeG2(b)), pi_c: g1Text(decodeG1(c)) };
}
