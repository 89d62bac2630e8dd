import { type Signals } from '../witness.js';
import { CircuitIds, proofFailed, type Prover, type ProvingCircuit } from './prover.js';
import { type PoolOptions, ProvingPool } from './proving-pool.js';
import { type ProofOutcome, type ProofTask } from './snarkjs-worker.js';

/** snarkjs in a pool of worker threads, one thread a proof: the reference that `createWasmProver` is held against. */
export function createSnarkjsProver(options: PoolOptions): Prover {
  // web-worker, which snarkjs loads, takes every thread for one that it started itself: an empty script satisfies it
  return new SnarkjsProver(new ProvingPool(new URL('snarkjs-worker.js', import.meta.url), options, { mod: 'data:,' }));
}

class SnarkjsProver implements Prover {
  private readonly ids = new CircuitIds();

  constructor(private readonly pool: ProvingPool<ProofTask, ProofOutcome>) {}

  async prove(circuit: ProvingCircuit, signals: Signals, { signal }: { signal?: AbortSignal } = {}): Promise<Uint8Array> {
    const task = { circuit: this.ids.of(circuit), wasm: circuit.wasm, zkey: circuit.zkey, signals };
    const outcome = await this.pool.proof(signal, (run) => run(task));
    if (outcome.ok) return outcome.proof;
    throw proofFailed(circuit, outcome.stage);
  }

  close(): Promise<void> {
    return this.pool.close();
  }
}
