import { Piscina } from 'piscina';
import { eligibilityError } from '../errors.js';
import { type Signals } from '../witness.js';
import { type Prover, type ProvingCircuit } from './prover.js';
import { type ProofOutcome, type ProofTask } from './snarkjs-worker.js';

export interface SnarkjsProverOptions {
  /** Proofs made at a time, each in a thread of its own that takes up to a gigabyte. */
  readonly threads: number;
  /** Proofs that may wait; more are refused with `eligibility/prover-busy`. */
  readonly maxQueue?: number;
  /** Heap of a thread in megabytes, default 1024; the WebAssembly memory comes on top. */
  readonly maxHeapMb?: number;
}

/** snarkjs in a pool of worker threads, which start with the first proof. */
export function createSnarkjsProver(options: SnarkjsProverOptions): Prover {
  const pool = new Piscina<ProofTask, ProofOutcome>({
    filename: new URL('snarkjs-worker.js', import.meta.url).href,
    minThreads: 0,
    maxThreads: options.threads,
    idleTimeout: 60_000,
    // web-worker, which snarkjs loads, takes every thread for one that it started itself: an empty script satisfies it
    workerData: { mod: 'data:,' },
    resourceLimits: { maxOldGenerationSizeMb: options.maxHeapMb ?? 1024 },
  });
  return new SnarkjsProver(pool, options.threads + (options.maxQueue ?? 100));
}

class SnarkjsProver implements Prover {
  private closed = false;

  private pending = 0;
  private circuits = 0;
  private readonly ids = new WeakMap<ProvingCircuit, number>();

  constructor(
    private readonly pool: Piscina<ProofTask, ProofOutcome>,
    private readonly limit: number,
  ) {}

  async prove(circuit: ProvingCircuit, signals: Signals, { signal }: { signal?: AbortSignal } = {}): Promise<Uint8Array> {
    if (this.closed) throw eligibilityError('eligibility/prover-closed', 'the prover is closed');
    const task = { circuit: this.idOf(circuit), wasm: circuit.wasm, zkey: circuit.zkey, signals };
    const outcome = await this.run(task, signal);
    if (outcome.ok) return outcome.proof;
    throw eligibilityError('eligibility/prover-failed', `no ${outcome.stage} could be made from these inputs`, {
      stage: outcome.stage,
      instance: circuit.instance.name,
    });
  }

  private idOf(circuit: ProvingCircuit): number {
    const id = this.ids.get(circuit) ?? (this.circuits += 1);
    this.ids.set(circuit, id);
    return id;
  }

  private async run(task: ProofTask, signal?: AbortSignal): Promise<ProofOutcome> {
    if (this.pending >= this.limit) throw eligibilityError('eligibility/prover-busy', 'too many proofs are waiting', { limit: this.limit });
    this.pending += 1;
    try {
      return await this.pool.run(task, signal === undefined ? {} : { signal });
    } catch {
      throw this.refusal(signal);
    } finally {
      this.pending -= 1;
    }
  }

  /** What the pool says, in this library's codes; the cause could quote the task and is left out. */
  private refusal(signal?: AbortSignal) {
    if (this.closed) return eligibilityError('eligibility/prover-closed', 'the prover was closed before the proof was made');
    if (signal?.aborted === true) return eligibilityError('eligibility/prover-cancelled', 'the proof was cancelled');
    return eligibilityError('eligibility/prover-failed', 'the proving thread failed', { stage: 'thread' });
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.pool.destroy();
  }
}
