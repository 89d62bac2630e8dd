import type { CircuitFolder } from '@medveil/host';
import { ResearchApiError } from '../errors.js';

/**
 * The circuit that a requirement's claims will be proved with: of the policy's number of slots, deep enough for parts of
 * `partDepth` (else as deep as there is), and the smallest such.
 * @throws ResearchApiError `research-api/no-circuit-fits`
 */
export function chooseInstance(circuits: readonly CircuitFolder[], wanted: { readonly slots: number; readonly partDepth: number; readonly name: string | undefined }): CircuitFolder {
  const { slots, partDepth, name } = wanted;
  const fitting = circuits
    .filter(({ instance }) => instance.slots === slots && (name === undefined || instance.name === name))
    .toSorted((a, b) => a.instance.depth - b.instance.depth);
  const chosen = fitting.find(({ instance }) => instance.depth >= partDepth) ?? fitting.at(-1);
  if (chosen === undefined) {
    throw new ResearchApiError('research-api/no-circuit-fits', `circuit: this agent has none of ${slots} slots${name === undefined ? '' : ' by that name'}`, { path: 'circuit', slots });
  }
  return chosen;
}
