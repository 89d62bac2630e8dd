import { type RandomBytes } from '@medveil/encoding';
import { randomField } from '../field.js';
import { type Signals } from '../witness.js';
import { CircuitIds, proofFailed, type Prover, type ProvingCircuit } from './prover.js';
import { type PoolOptions, ProvingPool } from './proving-pool.js';
import { type Query, scalarsOf } from './wasm/proving-engine.js';
import { parseProvingKey, type ProvingKey } from './wasm/proving-key.js';
import { type ProofStep, type StepResults } from './wasm/wasm-worker.js';
import { WORDS } from './wasm/vector-field.js';

export interface WasmProverOptions extends PoolOptions {
  /** For the blinding scalars r and s: whoever could predict them would learn of the witness. */
  readonly random: RandomBytes;
}

/** Points that are not worth being summed in several threads. */
const LEAST_POINTS = 4096;

/**
 * Groth16 on this project's own vector arithmetic (`wasm/field-code.ts`). A proof is cut into steps: a proof alone takes all
 * threads, several at a time share them. The witness lives in memory only.
 */
export function createWasmProver(options: WasmProverOptions): Prover {
  return new WasmProver(new ProvingPool(new URL('wasm/wasm-worker.js', import.meta.url), options), options.random);
}

type StepOutcome = StepResults[ProofStep['step']] | undefined;
type Run = <S extends ProofStep['step']>(task: Extract<ProofStep, { step: S }>) => Promise<StepResults[S]>;

class WasmProver implements Prover {
  private readonly ids = new CircuitIds();

  constructor(
    private readonly pool: ProvingPool<ProofStep, StepOutcome>,
    private readonly random: RandomBytes,
  ) {}

  prove(circuit: ProvingCircuit, signals: Signals, { signal }: { signal?: AbortSignal } = {}): Promise<Uint8Array> {
    return this.pool.proof(signal, (runTask) =>
      this.inSteps(circuit, signals, async (task) => {
        const outcome = await runTask(task);
        if (outcome === undefined) throw proofFailed(circuit, task.step === 'witness' ? 'witness' : 'proof');
        return outcome as never;
      }),
    );
  }

  private async inSteps(circuit: ProvingCircuit, signals: Signals, run: Run): Promise<Uint8Array> {
    const { wasm, zkey } = circuit;
    const id = this.ids.of(circuit);
    const key = parsed(circuit);
    const witness = await run({ step: 'witness', circuit: id, wasm, signals });
    const sum = (query: Query, scalars: Uint32Array) =>
      Promise.all(this.ranges(scalars.length / WORDS, query).map(([first, end]) => run({ step: 'sum', zkey, query, scalars, first, end })));
    const ofWitness = (query: Exclude<Query, 'h'>) => sum(query, scalarsOf(key, query, witness));
    // what takes longest begins first; what follows upon the quotient last
    const [b2, h, a, c, b1] = await Promise.all([
      ofWitness('b2'),
      run({ step: 'quotient', circuit: id, zkey, witness }).then((scalars) => sum('h', scalars)),
      ofWitness('a'),
      ofWitness('c'),
      ofWitness('b1'),
    ]);
    return run({ step: 'finish', zkey, sums: { b2, h, a, c, b1 }, r: randomField(this.random), s: randomField(this.random) });
  }

  /** How a sum is cut up: the two that a proof would wait for into as many as there are threads for it, the others into half as many. */
  private ranges(points: number, query: Query): (readonly [number, number])[] {
    const { share } = this.pool;
    const wanted = query === 'h' || (query === 'b2' && share > 2) ? share : Math.ceil(share / 2);
    const parts = Math.max(1, Math.min(wanted, Math.floor(points / LEAST_POINTS)));
    return Array.from({ length: parts }, (_, i) => [Math.floor((points * i) / parts), Math.floor((points * (i + 1)) / parts)]);
  }

  close(): Promise<void> {
    return this.pool.close();
  }
}

function parsed(circuit: ProvingCircuit): ProvingKey {
  try {
    return parseProvingKey(circuit.zkey);
  } catch {
    throw proofFailed(circuit, 'proof');
  }
}
