import { createDecipheriv } from 'node:crypto';
import { badEnvelope, type BodyKey, CHUNK_BYTES, chunkAad, chunkNonce, CHUNK_OVERHEAD, END_BYTES, readEnd, SEALED_CHUNK_BYTES, TAG_BYTES } from './format.js';

export interface OpenedChunk {
  /** The chunk's data without padding, in pieces that are not empty. */
  readonly data: readonly Uint8Array[];
  /** Where the whole body's data ends, as far as this chunk knows. */
  readonly end: number;
}

/**
 * Opens one sealed chunk and checks its padding.
 * @param sealed the chunk in parts of any size: they are decrypted where they lie, and released only once the tag is right
 * @param previousEnd the data's end as the chunk before said it, or undefined where chunks are read alone
 * @throws PreError `pre/bad-envelope`
 */
export function openChunk(key: BodyKey, sealed: readonly Uint8Array[], chunk: number, last: boolean, previousEnd?: number): OpenedChunk {
  const size = sealed.reduce((sum, part) => sum + part.length, 0);
  if (size < CHUNK_OVERHEAD || size > SEALED_CHUNK_BYTES) throw badEnvelope('a chunk of a wrong size');
  const { payload, closing } = splitClosing(sealed, size);
  const decipher = createDecipheriv('aes-256-gcm', key.key, chunkNonce(key, chunk, last), { authTagLength: TAG_BYTES });
  decipher.setAAD(chunkAad(key, chunk, last));
  decipher.setAuthTag(closing.subarray(END_BYTES));
  const plain = payload.map((part) => decipher.update(part));
  const end = readEnd(decipher.update(closing.subarray(0, END_BYTES)));
  try {
    decipher.final();
  } catch {
    for (const part of plain) part.fill(0);
    throw badEnvelope('a chunk that was altered, moved, cut off, or is of another body');
  }
  return unpad(plain, { start: chunk * CHUNK_BYTES, length: size - CHUNK_OVERHEAD, end, previousEnd });
}

/** Parts the payload from the end field and the tag, which may lie across several parts. */
function splitClosing(sealed: readonly Uint8Array[], size: number): { readonly payload: readonly Uint8Array[]; readonly closing: Buffer } {
  const closing = Buffer.allocUnsafe(CHUNK_OVERHEAD);
  const payload: Uint8Array[] = [];
  let left = size - CHUNK_OVERHEAD;
  let closed = 0;
  for (const part of sealed) {
    const taken = Math.min(left, part.length);
    if (taken > 0) payload.push(taken === part.length ? part : part.subarray(0, taken));
    left -= taken;
    if (taken < part.length) closing.set(part.subarray(taken), closed);
    closed += part.length - taken;
  }
  return { payload, closing };
}

interface Padding {
  /** Where the chunk's payload starts in the body, and its length. */
  readonly start: number;
  readonly length: number;
  readonly end: number;
  readonly previousEnd: number | undefined;
}

function unpad(plain: readonly Uint8Array[], { start, length, end, previousEnd }: Padding): OpenedChunk {
  // Data may go on only where the chunk before was full of it.
  const consistent = end <= start + length && (previousEnd === undefined || (previousEnd === start ? end >= start : end === previousEnd));
  if (!consistent) throw badEnvelope('inconsistent padding');
  const data: Uint8Array[] = [];
  let left = Math.max(end - start, 0);
  for (const part of plain) {
    const used = Math.min(left, part.length);
    if (used > 0) data.push(used === part.length ? part : part.subarray(0, used));
    left -= used;
    if (used < part.length && !isZero(part.subarray(used))) throw badEnvelope('padding that is not zero');
  }
  return { data, end };
}

function isZero(bytes: Uint8Array): boolean {
  let any = 0;
  for (const byte of bytes) any |= byte;
  return any === 0;
}
