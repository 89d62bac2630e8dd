import { Calculators } from '../calculators.js';
import { type Signals } from '../../witness.js';
import { ProvingEngine, type Query, type Sums } from './proving-engine.js';

/** One step of a proof. Scalars and witness stand in shared memory, eight 32-bit words each. */
export type ProofStep =
  | { readonly step: 'witness'; readonly circuit: number; readonly wasm: Uint8Array; readonly signals: Signals }
  | { readonly step: 'quotient'; readonly circuit: number; readonly zkey: Uint8Array; readonly witness: Uint32Array }
  | { readonly step: 'sum'; readonly zkey: Uint8Array; readonly query: Query; readonly scalars: Uint32Array; readonly first: number; readonly end: number }
  | { readonly step: 'finish'; readonly zkey: Uint8Array; readonly sums: Sums; readonly r: bigint; readonly s: bigint };

/** What a step gives. */
export interface StepResults {
  readonly witness: Uint32Array;
  readonly quotient: Uint32Array;
  readonly sum: Uint8Array;
  readonly finish: Uint8Array;
}

const calculators = new Calculators();
const loading = ProvingEngine.load();

/** Runs in a worker thread. Of a failure nothing goes back. */
export default async function prove(task: ProofStep): Promise<StepResults[ProofStep['step']] | undefined> {
  const engine = await loading;
  try {
    return make(engine, task);
  } catch {
    return undefined;
  }
}

function make(engine: ProvingEngine, task: ProofStep): StepResults[ProofStep['step']] {
  if (task.step === 'witness') return calculators.of(task).calculateWords(task.signals);
  if (task.step === 'quotient') return engine.quotient(task.circuit, task.zkey, task.witness);
  if (task.step === 'sum') return engine.sum(task.zkey, task.query, task.scalars, task.first, task.end);
  return engine.finish(task.zkey, task.sums, task);
}
