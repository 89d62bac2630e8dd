import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeTranscript, parseTranscript, parseVerificationKey, type VerificationKey } from '@medveil/eligibility';
import { isCodedError } from '@medveil/encoding';
import { SetupError } from './errors.js';

/** A key that genesis shall pin. */
export interface CircuitKey {
  readonly key: VerificationKey;
  /** of the ceremony that made it, as it wrote it; null for a development key */
  readonly transcript: string | null;
}

/**
 * Reads the public files of circuit folders: verification-key.json and, for a key that is not for development, ceremony.json.
 * @throws SetupError `setup/bad-circuits` naming the file
 */
export async function readCircuitKeys(folders: readonly string[]): Promise<CircuitKey[]> {
  const keys: CircuitKey[] = [];
  for (const folder of folders) {
    const key = await parsed(join(folder, 'verification-key.json'), (text) => parseVerificationKey(JSON.parse(text)));
    const transcript = key.development ? null : await parsed(join(folder, 'ceremony.json'), (text) => encodeTranscript(parseTranscript(text)));
    if (keys.some((other) => other.key.instance.name === key.instance.name)) {
      throw new SetupError('setup/bad-circuits', `${folder}: there is a key for ${key.instance.name} already`, { folder, instance: key.instance.name });
    }
    keys.push({ key, transcript });
  }
  return keys;
}

async function parsed<T>(path: string, parse: (text: string) => T): Promise<T> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw new SetupError('setup/bad-circuits', `${path} cannot be read`, { path }, { cause });
  }
  try {
    return parse(text);
  } catch (cause) {
    throw new SetupError('setup/bad-circuits', `${path}: ${isCodedError(cause) ? cause.message : 'not JSON'}`, { path }, { cause });
  }
}
