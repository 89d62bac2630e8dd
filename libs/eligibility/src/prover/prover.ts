import { eligibilityError } from '../errors.js';
import { type EligibilityStatement, publicInputsOf, type PublicInputs } from '../public-inputs.js';
import { buildWitness, type CircuitSize, depthNeeded, type EligibilityInputs, fits, type Signals } from '../witness.js';
import { slotClassOf } from '../compiled-policy.js';

/** A compiled circuit and its proving key. Over a SharedArrayBuffer (`loadProvingCircuit` of @medveil/circuits) threads share them. */
export interface ProvingCircuit {
  readonly instance: CircuitSize & { readonly name: string };
  /** The witness generator that circom made. */
  readonly wasm: Uint8Array;
  /** The proving key in snarkjs's format. */
  readonly zkey: Uint8Array;
  /** Where the proving key stands as a file, which a native prover reads by itself. */
  readonly zkeyFile?: string;
}

/** Makes Groth16 proofs: `createWasmProver`, `createSnarkjsProver`, `createNativeProver`. */
export interface Prover {
  /**
   * @returns the proof in 128 bytes
   * @throws CodedError `eligibility/prover-busy` (queue full), `eligibility/prover-cancelled`, `eligibility/prover-closed`,
   * `eligibility/prover-failed` (the signals satisfy no witness)
   */
  prove(circuit: ProvingCircuit, signals: Signals, options?: { signal?: AbortSignal }): Promise<Uint8Array>;
  /** Ends the threads; proofs under way fail with `eligibility/prover-closed`. */
  close(): Promise<void>;
}

export interface EligibilityProof {
  readonly proof: Uint8Array;
  readonly statement: EligibilityStatement;
  readonly publicInputs: PublicInputs;
  /** Name of the instance, which says which verification key fits. */
  readonly instance: string;
}

/**
 * Proves that a record satisfies a policy, with the smallest of the circuits that fits.
 * A record that does not satisfy it is refused before any work: `eligibility/not-eligible` (no witness would exist).
 * @throws CodedError `eligibility/not-eligible`, `eligibility/no-circuit-fits`, `eligibility/bad-issuer`, and those of `Prover`
 */
export async function proveEligibility(
  prover: Prover,
  circuits: readonly ProvingCircuit[],
  inputs: EligibilityInputs,
  options: { signal?: AbortSignal } = {},
): Promise<EligibilityProof> {
  const circuit = chooseCircuit(circuits, inputs);
  const { signals, statement } = buildWitness(inputs, circuit.instance);
  const proof = await prover.prove(circuit, signals, options);
  return { proof, statement, publicInputs: publicInputsOf(statement), instance: circuit.instance.name };
}

/** The smallest circuit with the policy's number of slots that is deep enough for the parts it looks into. */
export function chooseCircuit(circuits: readonly ProvingCircuit[], inputs: Pick<EligibilityInputs, 'record' | 'policy'>): ProvingCircuit {
  const slots = slotClassOf(inputs.policy);
  const fitting = circuits
    .filter(({ instance }) => instance.slots === slots && fits(inputs.record, inputs.policy, instance))
    .toSorted((a, b) => a.instance.depth - b.instance.depth);
  const [smallest] = fitting;
  if (smallest === undefined) {
    throw eligibilityError('eligibility/no-circuit-fits', 'no circuit here is large enough for the policy and the record', {
      slots,
      depth: depthNeeded(inputs.record, inputs.policy),
    });
  }
  return smallest;
}

/** Numbers for circuits, by which a prover's threads know them. */
export class CircuitIds {
  private readonly ids = new WeakMap<ProvingCircuit, number>();
  private last = 0;

  of(circuit: ProvingCircuit): number {
    const id = this.ids.get(circuit) ?? (this.last += 1);
    this.ids.set(circuit, id);
    return id;
  }
}

/** Of a failure only the stage is told: what the inputs are is nobody's business. */
export const proofFailed = (circuit: ProvingCircuit, stage: 'witness' | 'proof') =>
  eligibilityError('eligibility/prover-failed', `no ${stage} could be made from these inputs`, { stage, instance: circuit.instance.name });
