import { readFile } from 'node:fs/promises';
import { groth16, wtns } from 'snarkjs';
import { encodeProof } from '../proof-encoding.js';
import { type Signals } from '../witness.js';

export interface ProofTask {
  readonly wasmPath: string;
  readonly zkeyPath: string;
  readonly signals: Signals;
}

export type ProofOutcome = { readonly ok: true; readonly proof: Uint8Array } | { readonly ok: false; readonly stage: 'witness' | 'proof' };

/** snarkjs would start a thread for every core of the machine and leave them running; the pool is what limits work here. */
const SINGLE_THREAD = { singleThread: true };

/** Files stay in the thread's memory between proofs; few circuits are in use at a time. */
const files = new Map<string, Promise<Uint8Array>>();
const MAX_FILES = 4;

function load(path: string): Promise<Uint8Array> {
  const known = files.get(path);
  if (known !== undefined) return known;
  const [oldest] = files.keys();
  if (files.size >= MAX_FILES && oldest !== undefined) files.delete(oldest);
  const loading = readFile(path).then((bytes) => new Uint8Array(bytes));
  files.set(path, loading);
  loading.catch(() => files.delete(path));
  return loading;
}

/**
 * Runs in a worker thread. The witness lives in memory only. What snarkjs reports of a failure may speak of signals,
 * so that nothing of it goes back but the stage.
 */
export default async function prove(task: ProofTask): Promise<ProofOutcome> {
  const [wasm, zkey] = await Promise.all([load(task.wasmPath), load(task.zkeyPath)]);
  const witness = { type: 'mem' as const };
  try {
    await wtns.calculate(task.signals as Parameters<typeof wtns.calculate>[0], wasm, witness);
  } catch {
    return { ok: false, stage: 'witness' };
  }
  try {
    const { proof } = await groth16.prove(zkey, witness as unknown as Uint8Array, undefined, SINGLE_THREAD);
    const g1 = (point: readonly string[]): [bigint, bigint] => [BigInt(point[0] ?? 0), BigInt(point[1] ?? 0)];
    return {
      ok: true,
      proof: encodeProof(g1(proof.pi_a), [g1(proof.pi_b[0] ?? []), g1(proof.pi_b[1] ?? [])], g1(proof.pi_c)),
    };
  } catch {
    return { ok: false, stage: 'proof' };
  }
}
