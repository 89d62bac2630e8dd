import { createNativeProver, type ProofProgram } from './native-prover.js';
import { type Prover } from './prover.js';
import { createSnarkjsProver } from './snarkjs-prover.js';
import { createWasmProver, type WasmProverOptions } from './wasm-prover.js';

/** Provers that need nothing installed: this project's own, and snarkjs as the reference. */
export const PROVER_KINDS = ['wasm', 'snarkjs'] as const;
export type ProverKind = (typeof PROVER_KINDS)[number];

/** @param program a native prover's, which goes before the one named */
export function createProver(kind: ProverKind, options: WasmProverOptions, program?: ProofProgram): Prover {
  if (program !== undefined) return createNativeProver({ ...options, program });
  return kind === 'wasm' ? createWasmProver(options) : createSnarkjsProver(options);
}
