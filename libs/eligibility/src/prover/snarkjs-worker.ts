import { groth16 } from 'snarkjs';
import { type AffineG1, encodeProof } from '../proof-encoding.js';
import { type Signals } from '../witness.js';
import { Calculators } from './calculators.js';
import { encodeWitness } from './witness-calculator.js';

export interface ProofTask {
  /** Tells circuits apart within one prover. */
  readonly circuit: number;
  readonly wasm: Uint8Array;
  readonly zkey: Uint8Array;
  readonly signals: Signals;
}

export type ProofOutcome = { readonly ok: true; readonly proof: Uint8Array } | { readonly ok: false; readonly stage: 'witness' | 'proof' };

/** snarkjs would start a thread for every core of the machine and leave them running; the pool is what limits work here. */
const SINGLE_THREAD = { singleThread: true };

const calculators = new Calculators();

/**
 * Runs in a worker thread. The witness lives in memory only, and of a failure nothing goes back but the stage.
 */
export default async function prove(task: ProofTask): Promise<ProofOutcome> {
  let witness: Uint8Array;
  try {
    witness = encodeWitness(calculators.of(task).calculateWords(task.signals));
  } catch {
    return { ok: false, stage: 'witness' };
  }
  try {
    const { proof } = await groth16.prove(task.zkey, witness, undefined, SINGLE_THREAD);
    const [b0 = [], b1 = []] = proof.pi_b;
    return { ok: true, proof: encodeProof(pair(proof.pi_a), [pair(b0), pair(b1)], pair(proof.pi_c)) };
  } catch {
    return { ok: false, stage: 'proof' };
  }
}

const pair = ([first = '0', second = '0']: readonly string[]): AffineG1 => [BigInt(first), BigInt(second)];
