import { bn254 } from '@noble/curves/bn254.js';
import { toHex } from '@medveil/encoding';
import {
  compressG1, compressG2, type EligibilityStatement, encodeProof, FIELD_ORDER, PUBLIC_INPUT_COUNT, publicInputsOf, publicSignals, type VerificationKey,
} from '@medveil/eligibility';

/**
 * A Groth16 verification key whose trapdoor is known, and proofs simulated with it: what the key's maker could forge.
 * They let the specs check the real verifier, public inputs included, without a circuit. α, β, γ, δ and the input
 * points are small multiples of the generators.
 */
const [ALPHA, BETA, GAMMA, DELTA] = [3n, 5n, 7n, 11n];
const inputScalar = (index: number): bigint => BigInt(100 + index);

const g1 = (scalar: bigint) => affine(bn254.G1.Point.BASE.multiply(scalar).toAffine());
const g2 = (scalar: bigint) => {
  const { x, y } = bn254.G2.Point.BASE.multiply(scalar).toAffine();
  return [[x.c0, x.c1], [y.c0, y.c1]] as const;
};
const affine = ({ x, y }: { x: bigint; y: bigint }) => [x, y] as const;

export const simulatedKey: VerificationKey = {
  format: 'medveil/verification-key/1',
  instance: { name: 'small', slots: 8, depth: 0, tops: 3, issuerDepth: 5 },
  development: true,
  contributions: [],
  alpha: toHex(compressG1(g1(ALPHA))),
  beta: toHex(compressG2(g2(BETA))),
  gamma: toHex(compressG2(g2(GAMMA))),
  delta: toHex(compressG2(g2(DELTA))),
  ic: Array.from({ length: PUBLIC_INPUT_COUNT + 1 }, (_, index) => toHex(compressG1(g1(inputScalar(index))))),
};

/** A proof of 128 bytes that the verifier accepts for exactly this statement. */
export function simulateProof(statement: EligibilityStatement): Uint8Array {
  const inputs = [1n, ...publicSignals(publicInputsOf(statement))].reduce((sum, x, index) => sum + x * inputScalar(index), 0n);
  const [a, b] = [13n, 17n];
  const c = modulo((a * b - ALPHA * BETA - GAMMA * inputs) * bn254.fields.Fr.inv(DELTA));
  return encodeProof(g1(a), g2(b), g1(c));
}

const modulo = (value: bigint): bigint => ((value % FIELD_ORDER) + FIELD_ORDER) % FIELD_ORDER;
