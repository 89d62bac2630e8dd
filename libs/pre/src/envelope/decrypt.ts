import type { BodyContext } from './api.js';
import { openChunk } from './chunk.js';
import { badEnvelope, BODY_HEADER_BYTES, type BodyKey, bodyKey, CHUNK_BYTES, CHUNK_OVERHEAD, decodeHeader } from './format.js';
import { paddedSize } from './padding.js';

const SEALED_CHUNK = CHUNK_BYTES + CHUNK_OVERHEAD;

/**
 * Decrypts a body in constant memory. Pieces that come out are authentic, but only the end of the iteration says that nothing is missing:
 * a consumer acts on the whole, or throws away what it has when this throws.
 * @param ciphertext pieces of any size
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
  const open = (sealed: Uint8Array, last: boolean): Uint8Array => {
    const opened = openChunk(key as BodyKey, sealed, chunk, last, end);
    chunk += 1;
    end = opened.end;
    return opened.data;
  };
  try {
    for await (const piece of ciphertext) {
      for (const block of gatherer.take(piece)) {
        if (key === undefined) {
          key = bodyKey(seed, context, decodeHeader(block).slice());
          gatherer.expect(SEALED_CHUNK);
        } else {
          const data = open(block, false);
          if (data.length > 0) yield data;
        }
      }
    }
    const rest = gatherer.rest();
    if (key === undefined) throw badEnvelope('cut off in the header');
    const payload = chunk * CHUNK_BYTES + rest.length - CHUNK_OVERHEAD;
    const data = open(rest, true);
    if (paddedSize(end) !== payload) throw badEnvelope('not padded to its size class');
    if (data.length > 0) yield data;
  } finally {
    key?.key.fill(0);
  }
}

/** Cuts pieces into blocks of an expected size, and holds the last block back: only the end tells that it is the last. */
class Gatherer {
  private pending: Buffer;
  private filled = 0;

  constructor(private blockSize: number) {
    this.pending = Buffer.allocUnsafe(blockSize);
  }

  expect(blockSize: number): void {
    this.blockSize = blockSize;
    this.pending = Buffer.allocUnsafe(blockSize);
  }

  /** Blocks known to be followed by more bytes; valid until the next one is asked for. */
  *take(piece: Uint8Array): Generator<Uint8Array> {
    let offset = 0;
    while (offset < piece.length) {
      if (this.filled === this.blockSize) {
        this.filled = 0;
        yield this.pending;
      } else if (this.filled === 0 && piece.length - offset > this.blockSize) {
        const block = piece.subarray(offset, offset + this.blockSize);
        offset += this.blockSize;
        yield block;
      } else {
        const taken = Math.min(this.blockSize - this.filled, piece.length - offset);
        this.pending.set(piece.subarray(offset, offset + taken), this.filled);
        this.filled += taken;
        offset += taken;
      }
    }
  }

  rest(): Uint8Array {
    return this.pending.subarray(0, this.filled);
  }
}
