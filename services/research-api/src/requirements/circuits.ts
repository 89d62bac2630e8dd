import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseVerificationKey, type ProvingCircuit, requireProductionKey, verificationKeyHash } from '@medveil/eligibility';
import { toHex } from '@medveil/encoding';
import type { Network } from '@medveil/host';
import type { Mode } from '@medveil/service-kit';
import { ResearchApiError } from '../errors.js';

/** A circuit that this agent can prove with, and the hash of its verification key. */
export interface KnownCircuit {
  readonly instance: ProvingCircuit['instance'];
  readonly verificationKeyHash: Uint8Array;
  /** Reads the witness generator and the proving key, tens of megabytes, into memory that threads share. */
  load(): Promise<ProvingCircuit>;
}

/**
 * Reads the verification keys of the folders. What the network's description does not name is not used.
 * @throws CodedError `eligibility/development-key-refused` outside development, `eligibility/bad-verification-key`;
 * ResearchApiError `research-api/circuit-not-pinned`
 */
export async function readCircuits(folders: readonly string[], network: Network, mode: Mode): Promise<KnownCircuit[]> {
  const pinned = new Set(Object.values(network.verificationKeys).map((text) => toHex(verificationKeyHash(parseVerificationKey(JSON.parse(text))))));
  return Promise.all(folders.map(async (folder) => {
    const key = parseVerificationKey(JSON.parse(await readFile(join(folder, 'verification-key.json'), 'utf8')));
    requireProductionKey(key, mode);
    const hash = verificationKeyHash(key);
    if (!pinned.has(toHex(hash))) {
      throw new ResearchApiError('research-api/circuit-not-pinned', 'a circuit folder holds another key than the network pins', { instance: key.instance.name });
    }
    return { instance: key.instance, verificationKeyHash: hash, load: () => loadCircuit(folder, key.instance) };
  }));
}

async function loadCircuit(folder: string, instance: ProvingCircuit['instance']): Promise<ProvingCircuit> {
  const [wasm, zkey] = await Promise.all(['circuit.wasm', 'proving-key.zkey'].map((name) => readShared(join(folder, name))));
  if (wasm === undefined || zkey === undefined) throw new ResearchApiError('research-api/no-circuits', 'a circuit folder lacks a file', { instance: instance.name });
  return { instance, wasm, zkey };
}

async function readShared(path: string): Promise<Uint8Array> {
  const bytes = await readFile(path);
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
  shared.set(bytes);
  return shared;
}

/**
 * The circuit that a requirement's claims will be proved with: of the policy's number of slots, deep enough for parts of
 * `partDepth` (else as deep as there is), and the smallest such.
 * @throws ResearchApiError `research-api/no-circuit-fits`
 */
export function chooseInstance(circuits: readonly KnownCircuit[], wanted: { readonly slots: number; readonly partDepth: number; readonly name: string | undefined }): KnownCircuit {
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
