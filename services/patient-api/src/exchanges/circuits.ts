import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseVerificationKey, type ProvingCircuit, requireProductionKey, verificationKeyHash } from '@medveil/eligibility';
import { toHex } from '@medveil/encoding';
import type { Mode } from '@medveil/service-kit';
import { PatientApiError } from '../errors.js';

/** A circuit that this agent can prove with, and the hash of the verification key that a requirement has to name. */
export interface HeldCircuit {
  readonly circuit: ProvingCircuit;
  readonly verificationKeyHash: string;
}

/**
 * Reads the circuits' artefacts, once, into memory that proving threads share.
 * @throws PatientApiError `patient-api/bad-circuit`, EligibilityError `eligibility/development-key-refused`
 */
export async function loadCircuits(folders: readonly string[], mode: Mode): Promise<readonly HeldCircuit[]> {
  return Promise.all(folders.map(async (folder) => {
    const key = parseVerificationKey(JSON.parse(new TextDecoder().decode(await read(folder, 'verification-key.json'))));
    requireProductionKey(key, mode);
    const { name, slots, depth, issuerDepth } = key.instance;
    const circuit: ProvingCircuit = {
      instance: { name, slots, depth, issuerDepth },
      wasm: shared(await read(folder, 'circuit.wasm')),
      zkey: shared(await read(folder, 'proving-key.zkey')),
    };
    return { circuit, verificationKeyHash: toHex(verificationKeyHash(key)) };
  }));
}

async function read(folder: string, file: string): Promise<Uint8Array> {
  return readFile(join(folder, file)).catch((cause: unknown) => {
    throw new PatientApiError('patient-api/bad-circuit', 'a circuit folder lacks a file', { folder, file }, { cause });
  });
}

function shared(bytes: Uint8Array): Uint8Array {
  const copy = new Uint8Array(new SharedArrayBuffer(bytes.length));
  copy.set(bytes);
  return copy;
}
