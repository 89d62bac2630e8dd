import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseVerificationKey, type ProvingCircuit, type VerificationKey, verificationKeyHash } from '@medveil/eligibility';
import { CodedError, fromUtf8, toHex } from '@medveil/encoding';
import type { Mode } from '@medveil/service-kit';
import { requireAcceptableKey } from './acceptable-key.js';
import type { Network } from './network.js';

/** A circuit that an agent can prove with. */
export interface CircuitFolder {
  readonly instance: ProvingCircuit['instance'];
  /** What a requirement names. 32 bytes. */
  readonly verificationKeyHash: Uint8Array;
  /** Reads the witness generator and the proving key, tens of megabytes, into memory that threads share. */
  load(): Promise<ProvingCircuit>;
}

/**
 * Reads the verification keys of circuit folders (verification-key.json, circuit.wasm, proving-key.zkey and, outside
 * development, ceremony.json). A key that the network does not pin is of no use to an agent.
 * @throws CodedError `host/bad-circuit-folder`, `host/circuit-not-pinned`; `eligibility/…`, `ceremony/…` for a key that is refused
 */
export async function readCircuitFolders(folders: readonly string[], network: Network, mode: Mode): Promise<CircuitFolder[]> {
  const pinned = new Set(Object.values(network.verificationKeys).map((text) => hashOf(parseVerificationKey(JSON.parse(text)))));
  return Promise.all(folders.map(async (folder) => {
    const key = parseVerificationKey(json(await read(folder, 'verification-key.json'), folder));
    const transcript = mode === 'production' && !key.development ? fromUtf8(await read(folder, 'ceremony.json')) : null;
    requireAcceptableKey(key, { mode, network, transcript });
    if (!pinned.has(hashOf(key))) {
      throw new CodedError('host/circuit-not-pinned', 'a circuit folder holds another key than the network pins', { folder, instance: key.instance.name });
    }
    const load = async (): Promise<ProvingCircuit> => ({
      instance: key.instance,
      wasm: shared(await read(folder, 'circuit.wasm')),
      zkey: shared(await read(folder, 'proving-key.zkey')),
      zkeyFile: join(folder, 'proving-key.zkey'),
    });
    return { instance: key.instance, verificationKeyHash: verificationKeyHash(key), load };
  }));
}

const hashOf = (key: VerificationKey): string => toHex(verificationKeyHash(key));

async function read(folder: string, file: string): Promise<Uint8Array> {
  return readFile(join(folder, file)).catch((cause: unknown) => {
    throw new CodedError('host/bad-circuit-folder', `a circuit folder lacks ${file}`, { folder, file }, { cause });
  });
}

function json(bytes: Uint8Array, folder: string): unknown {
  try {
    return JSON.parse(fromUtf8(bytes));
  } catch (cause) {
    throw new CodedError('host/bad-circuit-folder', 'verification-key.json is not JSON', { folder }, { cause });
  }
}

function shared(bytes: Uint8Array): Uint8Array {
  const copy = new Uint8Array(new SharedArrayBuffer(bytes.length));
  copy.set(bytes);
  return copy;
}
