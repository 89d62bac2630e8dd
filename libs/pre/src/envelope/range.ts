import { PreError } from '../errors.js';
import type { BodyContext, CiphertextReader, OpenBody } from './api.js';
import { openChunk } from './chunk.js';
import { badEnvelope, BODY_HEADER_BYTES, type BodyKey, bodyKey, CHUNK_BYTES, chunkCount, CHUNK_OVERHEAD, decodeHeader, payloadSize, SEALED_CHUNK_BYTES } from './format.js';
import { paddedSize } from './padding.js';

/**
 * Opens a stored body for range reads: reads the header and the last chunk, which tells the size and that nothing was cut off.
 * Any range can then be decrypted without the rest, for example to resume a download.
 * @throws PreError `pre/bad-envelope`, `pre/bad-length`, `pre/bad-label`
 */
export async function openBody(seed: Uint8Array, context: BodyContext, reader: CiphertextReader): Promise<OpenBody> {
  const payload = payloadSize(reader.size);
  if (payload === undefined) throw badEnvelope('no body has this size');
  const header = await readExactly(reader, 0, BODY_HEADER_BYTES);
  const body: StoredBody = { key: bodyKey(seed, context, decodeHeader(header)), reader, payload };
  const { end } = await readChunk(body, chunkCount(payload) - 1);
  if (paddedSize(end) !== payload) throw badEnvelope('not padded to its size class');
  return { size: end, read: (start, stop) => readRange(body, end, start, stop) };
}

interface StoredBody {
  readonly key: BodyKey;
  readonly reader: CiphertextReader;
  readonly payload: number;
}

async function* readRange(body: StoredBody, size: number, start: number, stop: number): AsyncGenerator<Uint8Array, void, undefined> {
  if (!Number.isSafeInteger(start) || !Number.isSafeInteger(stop) || start < 0 || stop < start || stop > size) {
    throw new PreError('pre/out-of-range', 'a range lies within the body', { start, stop, size });
  }
  for (let chunk = Math.floor(start / CHUNK_BYTES); chunk * CHUNK_BYTES < stop; chunk += 1) {
    const offset = chunk * CHUNK_BYTES;
    const { data, end } = await readChunk(body, chunk);
    if (end !== Math.min(size, offset + CHUNK_BYTES)) throw badEnvelope('chunks that disagree about the size');
    let position = offset;
    for (const part of data) {
      const piece = part.subarray(Math.max(start - position, 0), Math.max(stop - position, 0));
      position += part.length;
      if (piece.length > 0) yield piece;
    }
  }
}

async function readChunk({ key, reader, payload }: StoredBody, chunk: number) {
  const last = chunk === chunkCount(payload) - 1;
  const length = last ? payload - chunk * CHUNK_BYTES + CHUNK_OVERHEAD : SEALED_CHUNK_BYTES;
  return openChunk(key, [await readExactly(reader, BODY_HEADER_BYTES + chunk * SEALED_CHUNK_BYTES, length)], chunk, last);
}

async function readExactly(reader: CiphertextReader, offset: number, length: number): Promise<Uint8Array> {
  const bytes = await reader.read(offset, length);
  if (bytes.length !== length) throw badEnvelope('cut off');
  return bytes;
}
