import type { BodyContext } from './api.js';
import { openChunk } from './chunk.js';
import { badEnvelope, BODY_HEADER_BYTES, type BodyKey, bodyKey, CHUNK_BYTES, CHUNK_OVERHEAD, decodeHeader, SEALED_CHUNK_BYTES } from './format.js';
import { paddedSize } from './padding.js';

/**
 * Decrypts a body in constant memory (two chunks). Pieces that come out are authentic, but only the end of the iteration says that nothing
 * is missing: a consumer acts on the whole, or throws away what it has when this throws.
 * @param ciphertext pieces of any size; a piece may not be overwritten once it was handed over, as is usual with streams
 * @returns pieces of at most 64 KiB
 * @throws PreError `pre/bad-envelope` for a truncated, extended, reordered, altered or swapped body, or another seed or context
 */
export async function* decryptBody(
  seed: Uint8Array,
  context: BodyContext,
  ciphertext: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const gatherer = new Gatherer(BODY_HEADER_BYTES);
  let key: BodyKey | undefined;
  let chunk = 0;
  let end = 0;
  try {
    for await (const piece of ciphertext) {
      for (const block of gatherer.take(piece)) {
        if (key === undefined) {
          key = bodyKey(seed, context, decodeHeader(Buffer.concat(block)));
          gatherer.expect(SEALED_CHUNK_BYTES);
        } else {
          const opened = openChunk(key, block, chunk, false, end);
          chunk += 1;
          end = opened.end;
          for (const part of opened.data) yield part;
        }
      }
    }
    if (key === undefined) throw badEnvelope('cut off in the header');
    const payload = chunk * CHUNK_BYTES + gatherer.size - CHUNK_OVERHEAD;
    const opened = openChunk(key, gatherer.rest(), chunk, true, end);
    if (paddedSize(opened.end) !== payload) throw badEnvelope('not padded to its size class');
    for (const part of opened.data) yield part;
  } finally {
    key?.key.fill(0);
  }
}

/** A block of more parts than this is joined, so that a stream of single bytes does not pile up. */
const MAX_PARTS = 64;

/** Cuts pieces into blocks of an expected size, without copying them. */
class Gatherer {
  private parts: Uint8Array[] = [];
  /** Bytes gathered of the block under way. */
  size = 0;

  constructor(private blockSize: number) {}

  expect(blockSize: number): void {
    this.blockSize = blockSize;
  }

  /** Full blocks, each in parts. */
  *take(piece: Uint8Array): Generator<readonly Uint8Array[]> {
    let offset = 0;
    while (offset < piece.length) {
      const taken = Math.min(this.blockSize - this.size, piece.length - offset);
      if (this.parts.length === MAX_PARTS) this.parts = [Buffer.concat(this.parts)];
      this.parts.push(piece.subarray(offset, offset + taken));
      this.size += taken;
      offset += taken;
      if (this.size === this.blockSize) yield this.rest();
    }
  }

  /** What has been gathered; at the end of the stream the last chunk, which is never full. */
  rest(): readonly Uint8Array[] {
    const block = this.parts;
    this.parts = [];
    this.size = 0;
    return block;
  }
}
