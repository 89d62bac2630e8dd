import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { rename, stat } from 'node:fs/promises';
import { ceremonyError } from '@medveil/eligibility';
import type { OnProgress } from './curve.js';

/** Hash of a file that may be larger than memory, in hexadecimal. */
export async function hashFile(path: string, algorithm: 'sha256' | 'blake2b512', onProgress: OnProgress): Promise<string> {
  const size = await stat(path).then(({ size: bytes }) => bytes, (cause: unknown) => {
    throw ceremonyError('ceremony/bad-input', `${path} cannot be read`, { path }, { cause });
  });
  const hash = createHash(algorithm);
  let read = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
    hash.update(chunk);
    read += chunk.length;
    onProgress(`hashing ${path}`, read / size);
  }
  return hash.digest('hex');
}

/** @throws CodedError `ceremony/exists`: nothing is ever overwritten */
export function refuseExisting(...paths: readonly string[]): void {
  const found = paths.find((path) => existsSync(path));
  if (found !== undefined) throw ceremonyError('ceremony/exists', `${found} is there already, and nothing is overwritten`, { path: found });
}

/** Gives a file that is complete its name, unless another has it. */
export async function place(partial: string, path: string): Promise<void> {
  refuseExisting(path);
  await rename(partial, path);
}
