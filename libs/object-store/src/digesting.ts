import { createHash } from 'node:crypto';
import { CodedError, equalBytes } from '@medveil/encoding';
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

const mismatch = (code: ObjectStoreErrorCode, message: string, { sizeBytes }: ExpectedContent) =>
  new CodedError<ObjectStoreErrorCode>(code, message, { expectedBytes: sizeBytes });
