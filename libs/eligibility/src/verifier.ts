import { fromHex, type RandomBytes } from '@medveil/encoding';
import { at, Bn254, type Pointer } from './bn254.js';
import { eligibilityError } from './errors.js';
import { FIELD_ORDER } from './field.js';
import { PROOF_BYTES, splitProof } from './proof-encoding.js';
import { type EligibilityStatement, PUBLIC_INPUT_COUNT, type PublicInputs, publicInputsOf, publicSignals } from './public-inputs.js';
import { type VerificationKey } from './verification-key.js';
import { BatchVerifier, MAX_BATCH, type ProvenSignals } from './verifier-batch.js';

let loaded: Engine | undefined;

/** Loads the BN254 engine once per process; afterwards verification is synchronous. */
export async function loadVerifier(): Promise<void> {
  if (loaded !== undefined) return;
  const curve = await Bn254.load();
  loaded ??= new Engine(curve);
}

/** A verification key whose points were checked and prepared. Prepare a key once and keep it: its memory is not given back. */
export interface PreparedKey {
  readonly key: VerificationKey;
  readonly alphaBeta: Pointer;
  readonly gammaTable: Pointer;
  readonly deltaTable: Pointer;
  readonly ic: Pointer;
}

/** @throws CodedError `eligibility/bad-verification-key`, `eligibility/verifier-not-loaded` */
export const prepareVerificationKey = (key: VerificationKey): PreparedKey => engine().prepare(key);

/**
 * Groth16: e(A,B) = e(α,β) · e(Σ xᵢ·ICᵢ, γ) · e(C,δ). Deterministic, and false for whatever is malformed: inputs not
 * below r, proofs not of 128 bytes, points off the curve, outside the subgroup or at infinity. It does not look at what
 * the inputs say; the caller builds them from what the ledger says (`publicInputsOf`).
 */
export function verifyEligibility(key: PreparedKey, publicInputs: PublicInputs, proof: Uint8Array): boolean {
  const inputs = signalsOf(publicInputs);
  return inputs !== undefined && proof.length === PROOF_BYTES && engine().verify(key, inputs, proof);
}

/** The same on a statement in the ledger's terms; false too where the statement is malformed. */
export function verifyStatement(key: PreparedKey, statement: EligibilityStatement, proof: Uint8Array): boolean {
  let inputs: PublicInputs;
  try {
    inputs = publicInputsOf(statement);
  } catch {
    return false;
  }
  return verifyEligibility(key, inputs, proof);
}

/** The same on public signals as integers, in circuit order. */
export function verifySignals(key: PreparedKey, signals: readonly bigint[], proof: Uint8Array): boolean {
  const sound = signals.length === PUBLIC_INPUT_COUNT && signals.every((x) => x >= 0n && x < FIELD_ORDER);
  return sound && proof.length === PROOF_BYTES && engine().verify(key, signals, proof);
}

/** One proof of a batch. */
export interface ProvenStatement {
  readonly publicInputs: PublicInputs;
  readonly proof: Uint8Array;
}

/**
 * Many proofs under one key, about three times as fast a proof as one by one. Which are valid is exact: a batch that
 * fails is halved until the bad ones stand alone.
 * @param random weights the proofs of a batch; it must not be predictable by those who send them. Replicas, which must
 * not differ, need no common randomness for that: a wrong answer has probability 2^-128.
 * @returns for each proof whether it is valid
 */
export function verifyBatch(key: PreparedKey, statements: readonly ProvenStatement[], random: RandomBytes): boolean[] {
  const valid = statements.map(() => false);
  const proven: (ProvenSignals & { index: number })[] = [];
  for (const [index, { publicInputs, proof }] of statements.entries()) {
    const signals = signalsOf(publicInputs);
    if (signals !== undefined && proof.length === PROOF_BYTES) proven.push({ index, signals, proof });
  }
  const settle = (batch: typeof proven): void => {
    const [only] = batch;
    if (only === undefined) return;
    if (batch.length === 1) valid[only.index] = engine().verify(key, only.signals, only.proof);
    else if (batch.length <= MAX_BATCH && engine().batch.verify(key, batch, random)) for (const { index } of batch) valid[index] = true;
    else for (const half of [batch.slice(0, batch.length >> 1), batch.slice(batch.length >> 1)]) settle(half);
  };
  settle(proven);
  return valid;
}

function signalsOf(publicInputs: PublicInputs): bigint[] | undefined {
  try {
    return publicSignals(publicInputs);
  } catch {
    return undefined;
  }
}

function engine(): Engine {
  if (loaded === undefined) throw eligibilityError('eligibility/verifier-not-loaded', 'call loadVerifier first');
  return loaded;
}

class Engine {
  private readonly a: Pointer;
  private readonly b: Pointer;
  private readonly c: Pointer;
  private readonly inputs: Pointer;
  private readonly scalars: Pointer;
  private readonly left: Pointer;
  private readonly right: Pointer;
  readonly batch: BatchVerifier;

  constructor(readonly curve: Bn254) {
    this.a = curve.g1();
    this.b = curve.g2();
    this.c = curve.g1();
    this.inputs = curve.g1();
    this.scalars = curve.fr(PUBLIC_INPUT_COUNT + 1);
    this.left = curve.gt();
    this.right = curve.gt();
    this.batch = new BatchVerifier(curve, PUBLIC_INPUT_COUNT);
  }

  prepare(key: VerificationKey): PreparedKey {
    const { curve } = this;
    const { mcl } = curve;
    const table = (hex: string) => {
      const pointer = curve.reserve(8 * mcl._mclBn_getUint64NumToPrecompute());
      this.need(curve.readG2(this.b, fromHex(hex)));
      mcl._mclBn_precomputeG2(pointer, this.b);
      return pointer;
    };
    const gammaTable = table(key.gamma);
    const deltaTable = table(key.delta);
    const ic = curve.g1(PUBLIC_INPUT_COUNT + 1);
    key.ic.forEach((hex, i) => this.need(curve.readG1(at.g1(ic, i), fromHex(hex))));
    this.need(curve.readG1(this.a, fromHex(key.alpha)) && curve.readG2(this.b, fromHex(key.beta)));
    const alphaBeta = curve.gt();
    mcl._mclBn_pairing(alphaBeta, this.a, this.b);
    return { key, alphaBeta, gammaTable, deltaTable, ic };
  }

  private need(valid: boolean): void {
    if (!valid) throw eligibilityError('eligibility/bad-verification-key', 'a point of the key is not in its group');
  }

  /** e(A,B) · e(−Σ xᵢ·ICᵢ, γ) · e(−C, δ) = e(α,β), with one final exponentiation. */
  verify(key: PreparedKey, signals: readonly bigint[], proof: Uint8Array): boolean {
    const { curve } = this;
    const { mcl } = curve;
    const { a, b, c } = splitProof(proof);
    if (!curve.readG1(this.a, a) || !curve.readG2(this.b, b) || !curve.readG1(this.c, c)) return false;
    [1n, ...signals].forEach((x, i) => curve.writeScalar(at.fr(this.scalars, i), x));
    mcl._mclBnG1_mulVec(this.inputs, key.ic, this.scalars, signals.length + 1);
    mcl._mclBnG1_neg(this.inputs, this.inputs);
    mcl._mclBnG1_neg(this.c, this.c);
    mcl._mclBn_millerLoop(this.left, this.a, this.b);
    mcl._mclBn_precomputedMillerLoop2(this.right, this.inputs, key.gammaTable, this.c, key.deltaTable);
    mcl._mclBnGT_mul(this.left, this.left, this.right);
    mcl._mclBn_finalExp(this.left, this.left);
    return mcl._mclBnGT_isEqual(this.left, key.alphaBeta) === 1;
  }
}
