import { type Prover } from './prover.js';
import { createSnarkjsProver } from './snarkjs-prover.js';
import { createWasmProver, type WasmProverOptions } from './wasm-prover.js';

/** Provers that need nothing installed: this project's own, and snarkjs as the reference. */
export const PROVER_KINDS = ['wasm', 'snarkjs'] as const;
export type ProverKind = (typeof PROVER_KINDS)[number];

export const createProver = (kind: ProverKind, options: WasmProverOptions): Prover =>
  kind === 'wasm' ? createWasmProver(options) : createSnarkjsProver(options);
