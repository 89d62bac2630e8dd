import { createHash } from 'node:crypto';
import { equalBytes, isCodedError } from '@medveil/encoding';
import { storeError } from './errors.js';
import type { ExpectedContent, ObjectStoreErrorCode } from './port.js';

/**
 * Passes a body on and holds its last chunk back until size and digest are known to be right: who has read to the end has read the
 * expected content. Ends early at the first byte too many.
 * @throws CodedError `object-store/size-mismatch`, `object-store/digest-mismatch` while iterating
 */
export async function* verified(body: AsyncIterable<Uint8Array>, expected: ExpectedContent): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  let held: Uint8Array | undefined;
  for await (const chunk of body) {
    sizeBytes += chunk.length;
    if (sizeBytes > expected.sizeBytes) throw mismatch('object-store/size-mismatch', 'the body is longer than announced', expected);
    hash.update(chunk);
    if (held !== undefined) yield held;
    held = chunk;
  }
  if (sizeBytes < expected.sizeBytes) throw mismatch('object-store/size-mismatch', 'the body is shorter than announced', expected);
  if (!equalBytes(hash.digest(), expected.sha256)) throw mismatch('object-store/digest-mismatch', 'the body does not have the announced digest', expected);
  if (held !== undefined) yield held;
}

/** `verified` for a reader: what a writer would call a wrong digest is a damaged object. */
export async function* verifiedAsStored(body: AsyncIterable<Uint8Array>, expected: ExpectedContent): AsyncGenerator<Uint8Array> {
  try {
    yield* verified(body, expected);
  } catch (error) {
    const isDamage = isCodedError(error) && ['object-store/digest-mismatch', 'object-store/size-mismatch'].includes(error.code);
    throw isDamage ? storeError('object-store/corrupt', 'the stored object does not match its digest') : error;
  }
}

/** Reads to the end, for the checks on the way. */
export async function drain(body: AsyncIterable<Uint8Array>): Promise<void> {
  const iterator = body[Symbol.asyncIterator]();
  while ((await iterator.next()).done !== true);
}

const mismatch = (code: ObjectStoreErrorCode, message: string, { sizeBytes }: ExpectedContent) => storeError(code, message, { expectedBytes: sizeBytes });
