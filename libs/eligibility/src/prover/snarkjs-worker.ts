import { groth16, wtns } from 'snarkjs';
import { type AffineG1, encodeProof } from '../proof-encoding.js';
import { type Signals } from '../witness.js';

export interface ProofTask {
  readonly wasm: Uint8Array;
  readonly zkey: Uint8Array;
  readonly signals: Signals;
}

export type ProofOutcome = { readonly ok: true; readonly proof: Uint8Array } | { readonly ok: false; readonly stage: 'witness' | 'proof' };

/** snarkjs would start a thread for every core of the machine and leave them running; the pool is what limits work here. */
const SINGLE_THREAD = { singleThread: true };

/**
 * Runs in a worker thread. The witness lives in memory only. What snarkjs reports of a failure may speak of signals,
 * so that nothing of it goes back but the stage.
 */
export default async function prove({ wasm, zkey, signals }: ProofTask): Promise<ProofOutcome> {
  const witness = { type: 'mem' as const };
  try {
    // a copy: WebAssembly is not compiled from memory that threads share
    await wtns.calculate(signals as Parameters<typeof wtns.calculate>[0], wasm.slice(), witness);
  } catch {
    return { ok: false, stage: 'witness' };
  }
  try {
    const { proof } = await groth16.prove(zkey, witness as unknown as Uint8Array, undefined, SINGLE_THREAD);
    const [b0 = [], b1 = []] = proof.pi_b;
    return { ok: true, proof: encodeProof(pair(proof.pi_a), [pair(b0), pair(b1)], pair(proof.pi_c)) };
  } catch {
    return { ok: false, stage: 'proof' };
  }
}

const pair = ([first = '0', second = '0']: readonly string[]): AffineG1 => [BigInt(first), BigInt(second)];
