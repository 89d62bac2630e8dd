import { z } from 'zod';
import { encodeProof } from '../proof-encoding.js';
import { type Signals } from '../witness.js';
import { CircuitIds, proofFailed, type Prover, type ProvingCircuit } from './prover.js';
import { type PoolOptions, ProvingPool } from './proving-pool.js';
import { type ProofStep, type StepResults } from './wasm/wasm-worker.js';
import { encodeWitness } from './witness-calculator.js';

/**
 * Runs a native prover once. It must keep the witness (snarkjs's wtns format) off every disk, and end when `stop` says so.
 * @returns the proof in snarkjs's JSON, or nothing where none was made
 */
export type ProofProgram = (zkeyFile: string, witness: Uint8Array, stop: AbortSignal) => Promise<string | undefined>;

export interface NativeProverOptions extends PoolOptions {
  readonly program: ProofProgram;
}

/** Witnesses from worker threads, proofs from a program outside (`nativeProgram` of @medveil/host), for circuits that name their `zkeyFile`. */
export function createNativeProver(options: NativeProverOptions): Prover {
  return new NativeProver(new ProvingPool(new URL('wasm/wasm-worker.js', import.meta.url), options), options.program);
}

class NativeProver implements Prover {
  private readonly ids = new CircuitIds();

  constructor(
    private readonly pool: ProvingPool<ProofStep, StepResults[ProofStep['step']] | undefined>,
    private readonly program: ProofProgram,
  ) {}

  prove(circuit: ProvingCircuit, signals: Signals, { signal }: { signal?: AbortSignal } = {}): Promise<Uint8Array> {
    return this.pool.proof(signal, async (run, stop) => {
      const { wasm, zkeyFile } = circuit;
      const witness = await run({ step: 'witness', circuit: this.ids.of(circuit), wasm, signals });
      if (!(witness instanceof Uint32Array)) throw proofFailed(circuit, 'witness');
      const json = zkeyFile === undefined ? undefined : await this.program(zkeyFile, encodeWitness(witness), stop);
      const proof = json === undefined ? undefined : parseProof(json);
      if (proof === undefined) throw proofFailed(circuit, 'proof');
      return proof;
    });
  }

  close(): Promise<void> {
    return this.pool.close();
  }
}

const decimal = z.string().regex(/^\d{1,78}$/).transform(BigInt);
const pair = z.tuple([decimal, decimal]);
const g1 = z.tuple([decimal, decimal]).rest(z.unknown());
const proofSchema = z.object({ pi_a: g1, pi_b: z.tuple([pair, pair]).rest(z.unknown()), pi_c: g1 });

function parseProof(json: string): Uint8Array | undefined {
  try {
    const { pi_a: a, pi_b: b, pi_c: c } = proofSchema.parse(JSON.parse(json));
    return encodeProof([a[0], a[1]], [b[0], b[1]], [c[0], c[1]]);
  } catch {
    return undefined;
  }
}
