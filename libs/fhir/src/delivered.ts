/** The institution's side: does the delivered plaintext say what was proved? (docs/scheme.md, section 6) */
import type { Observation, PartType } from '@medveil/eligibility';
import { toObservations } from './observations.js';

export interface DeliveredPart {
  readonly ok: boolean;
  /** The observations that the delivered bytes give. */
  readonly observations: readonly Observation[];
  /** Proved, but not in what was delivered. */
  readonly missing: number;
  /** Delivered, but not among what was proved. */
  readonly unexpected: number;
}

/**
 * Makes the observations anew from a delivered part, as its owner did, and compares them with the proved leaves.
 * @param bytes plaintext of the part
 * @param proved the observations of the part's opened leaves, in any order
 * @throws FhirError `fhir/bad-part`
 */
export function checkDelivered(part: PartType, bytes: Uint8Array, proved: readonly Observation[]): DeliveredPart {
  const { observations } = toObservations({ [part]: bytes });
  const balance = new Map<string, number>();
  for (const observation of observations) count(balance, observation, 1);
  for (const observation of proved) count(balance, observation, -1);
  const counts = [...balance.values()];
  const unexpected = sum(counts.filter((n) => n > 0));
  const missing = sum(counts.filter((n) => n < 0).map((n) => -n));
  return { ok: missing === 0 && unexpected === 0, observations, missing, unexpected };
}

function count(balance: Map<string, number>, { part, code, timeMs, value }: Observation, change: number): void {
  const said = value.kind === 'quantity' ? [value.scaled.toString(), value.unit] : value.kind === 'coded' ? [value.system, value.code] : [];
  const key = JSON.stringify([part, code.system, code.code, timeMs, value.kind, ...said]);
  balance.set(key, (balance.get(key) ?? 0) + change);
}

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);
