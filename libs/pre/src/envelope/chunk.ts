import { createDecipheriv } from 'node:crypto';
import { badEnvelope, type BodyKey, CHUNK_BYTES, chunkAad, chunkNonce, CHUNK_OVERHEAD, END_BYTES, TAG_BYTES } from './format.js';

export interface OpenedChunk {
  /** The chunk's data without padding. */
  readonly data: Uint8Array;
  /** Where the whole body's data ends, as far as this chunk knows. */
  readonly end: number;
}

/**
 * Opens one sealed chunk and checks its padding.
 * @param end the plaintext's end as the chunk before said it, or undefined where chunks are read alone
 * @throws PreError `pre/bad-envelope`
 */
export function openChunk(key: BodyKey, sealed: Uint8Array, chunk: number, last: boolean, previousEnd?: number): OpenedChunk {
  if (sealed.length <= CHUNK_OVERHEAD || sealed.length > CHUNK_BYTES + CHUNK_OVERHEAD) throw badEnvelope('a chunk of a wrong size');
  const decipher = createDecipheriv('aes-256-gcm', key.key, chunkNonce(key, chunk, last), { authTagLength: TAG_BYTES });
  decipher.setAAD(chunkAad(key, chunk, last));
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
  const plain = decipher.update(sealed.subarray(0, sealed.length - TAG_BYTES));
  try {
    decipher.final();
  } catch {
    plain.fill(0);
    throw badEnvelope('a chunk that was altered, moved, cut off, or is of another body');
  }
  return unpad(plain, chunk, previousEnd);
}

function unpad(plain: Buffer, chunk: number, previousEnd: number | undefined): OpenedChunk {
  const payload = plain.subarray(END_BYTES);
  const start = chunk * CHUNK_BYTES;
  const end = Number(plain.readBigUInt64BE());
  // Data may go on only where the chunk before was full of it.
  const consistent = end <= start + payload.length && (previousEnd === undefined || (previousEnd === start ? end >= start : end === previousEnd));
  if (!consistent) throw badEnvelope('inconsistent padding');
  const used = Math.max(end - start, 0);
  if (!isZero(payload.subarray(used))) throw badEnvelope('padding that is not zero');
  return { data: payload.subarray(0, used), end };
}

function isZero(bytes: Uint8Array): boolean {
  let any = 0;
  for (const byte of bytes) any |= byte;
  return any === 0;
}
