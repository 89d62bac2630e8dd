import type { ProvingCircuit } from '@medveil/eligibility';
import { toHex } from '@medveil/encoding';
import { type Network, readCircuitFolders } from '@medveil/host';
import type { Mode } from '@medveil/service-kit';

/** A circuit that this agent can prove with, and the hash of the verification key that a requirement has to name. */
export interface HeldCircuit {
  readonly circuit: ProvingCircuit;
  readonly verificationKeyHash: string;
}

/** Reads the circuits' artefacts, once, into memory that proving threads share. @throws CodedError as `readCircuitFolders` */
export async function loadCircuits(folders: readonly string[], network: Network, mode: Mode): Promise<readonly HeldCircuit[]> {
  const circuits = await readCircuitFolders(folders, network, mode);
  return Promise.all(circuits.map(async (folder) => ({ circuit: await folder.load(), verificationKeyHash: toHex(folder.verificationKeyHash) })));
}
