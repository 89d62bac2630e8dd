import { fromHex, type RandomBytes } from '@medveil/encoding';
import { at, type Bn254, type Pointer } from './bn254.js';
import { bytesToInteger, FIELD_ORDER } from './field.js';
import { splitProof } from './proof-encoding.js';
import { type VerificationKey } from './verification-key.js';

/** Statements of one batch; more are verified in several. */
export const MAX_BATCH = 64;

/** A proof and the public signals it is said to be for, in circuit order. */
export interface ProvenSignals {
  readonly signals: readonly bigint[];
  readonly proof: Uint8Array;
}

/** What of a prepared key a batch needs. */
export interface BatchKey {
  readonly key: VerificationKey;
  readonly ic: Pointer;
}

/**
 * Groth16 in batches: with random ρᵢ of 128 bits, Π e(ρᵢ·Aᵢ, Bᵢ) · e(−Σ ρᵢ·Σⱼ xᵢⱼ·ICⱼ, γ) · e(−Σ ρᵢ·Cᵢ, δ) · e(−Σ ρᵢ·α, β) = 1.
 * One Miller loop a proof and one final exponentiation for all. A batch with a false proof passes with probability 2^-128.
 */
export class BatchVerifier {
  private readonly left: Pointer;
  private readonly right: Pointer;
  private readonly proofA: Pointer;
  private readonly proofC: Pointer;
  private readonly weights: Pointer;
  private readonly sums: Pointer;
  private readonly product: Pointer;
  private readonly one: Pointer;

  constructor(
    private readonly curve: Bn254,
    inputCount: number,
  ) {
    this.left = curve.g1(MAX_BATCH + 3);
    this.right = curve.g2(MAX_BATCH + 3);
    this.proofA = curve.g1();
    this.proofC = curve.g1(MAX_BATCH);
    this.weights = curve.fr(MAX_BATCH);
    this.sums = curve.fr(inputCount + 1);
    this.product = curve.gt();
    this.one = curve.gt();
    curve.mcl._mclBnGT_setInt32(this.one, 1);
  }

  /** Whether all proofs of a batch (at most `MAX_BATCH`, lengths and inputs checked before) are valid. */
  verify(key: BatchKey, batch: readonly ProvenSignals[], random: RandomBytes): boolean {
    const { curve } = this;
    const { mcl } = curve;
    const weights = batch.map(() => bytesToInteger(random(16)) + 1n);
    for (const [i, { proof }] of batch.entries()) {
      const { a, b, c } = splitProof(proof);
      const sound = curve.readG1(this.proofA, a) && curve.readG2(at.g2(this.right, i), b) && curve.readG1(at.g1(this.proofC, i), c);
      if (!sound) return false;
      curve.writeScalar(at.fr(this.weights, i), weights[i] ?? 0n);
      mcl._mclBnG1_mul(at.g1(this.left, i), this.proofA, at.fr(this.weights, i));
    }
    this.addFixedPairs(key, batch, weights);
    mcl._mclBn_millerLoopVec(this.product, this.left, this.right, batch.length + 3);
    mcl._mclBn_finalExp(this.product, this.product);
    return mcl._mclBnGT_isEqual(this.product, this.one) === 1;
  }

  /** The pairs with γ, δ and β, their points of G1 negated. */
  private addFixedPairs({ key, ic }: BatchKey, batch: readonly ProvenSignals[], weights: readonly bigint[]): void {
    const { curve } = this;
    const { mcl } = curve;
    const n = batch.length;
    const total = weights.reduce((sum, weight) => sum + weight, 0n);
    const combined = (batch[0]?.signals ?? []).map((_, j) => batch.reduce((sum, { signals }, i) => sum + (weights[i] ?? 0n) * (signals[j] ?? 0n), 0n));
    for (const [j, value] of [total, ...combined].entries()) curve.writeScalar(at.fr(this.sums, j), value % FIELD_ORDER);
    mcl._mclBnG1_mulVec(at.g1(this.left, n), ic, this.sums, combined.length + 1);
    mcl._mclBnG1_mulVec(at.g1(this.left, n + 1), this.proofC, this.weights, n);
    curve.readG1(this.proofA, fromHex(key.alpha));
    mcl._mclBnG1_mul(at.g1(this.left, n + 2), this.proofA, this.sums);
    for (const [offset, point] of [key.gamma, key.delta, key.beta].entries()) {
      mcl._mclBnG1_neg(at.g1(this.left, n + offset), at.g1(this.left, n + offset));
      curve.readG2(at.g2(this.right, n + offset), fromHex(point));
    }
  }
}
