import { createCipheriv } from 'node:crypto';
import type { RandomBytes } from '@medveil/encoding';
import { PreError } from '../errors.js';
import type { BodyContext } from './api.js';
import { type BodyKey, bodyKey, CHUNK_BYTES, chunkAad, chunkCount, chunkNonce, CHUNK_OVERHEAD, encodeHeader, END_BYTES, MAX_BODY_BYTES, SALT_BYTES } from './format.js';
import { paddedSize } from './padding.js';

/**
 * Encrypts a body of any size in constant memory (about two chunks), padded to its size class.
 * @param seed 32 bytes of `encapsulate`
 * @param plaintext pieces of any size
 * @param random draws the header's salt, so that encrypting again under one seed never repeats a nonce
 * @returns the header, then sealed chunks of at most 65,560 bytes; `bodyCiphertextSize` tells the total
 * @throws PreError `pre/bad-length`, `pre/bad-label`, `pre/out-of-range`
 */
export async function* encryptBody(
  seed: Uint8Array,
  context: BodyContext,
  plaintext: AsyncIterable<Uint8Array>,
  random: RandomBytes,
): AsyncGenerator<Uint8Array, void, undefined> {
  const salt = random(SALT_BYTES);
  const body = new ChunkSealer(bodyKey(seed, context, salt));
  try {
    yield encodeHeader(salt);
    for await (const piece of plaintext) {
      for (const chunk of body.take(piece)) yield chunk;
    }
    yield* body.finish();
  } finally {
    body.erase();
  }
}

/** Gathers pieces into chunks; holds a full chunk back until it is known not to be the last. */
class ChunkSealer {
  private pending = Buffer.allocUnsafe(CHUNK_BYTES);
  private filled = 0;
  private chunk = 0;
  /** Plaintext bytes taken so far. */
  private size = 0;

  constructor(private readonly key: BodyKey) {}

  *take(piece: Uint8Array): Generator<Uint8Array> {
    if (this.size + piece.length > MAX_BODY_BYTES) throw new PreError('pre/out-of-range', 'the body is too large', { allowed: MAX_BODY_BYTES });
    let offset = 0;
    while (offset < piece.length) {
      if (this.filled === CHUNK_BYTES) yield this.flush(false);
      // A whole chunk with more to follow is sealed where it lies.
      if (this.filled === 0 && piece.length - offset > CHUNK_BYTES) {
        this.size += CHUNK_BYTES;
        yield this.seal(piece.subarray(offset, offset + CHUNK_BYTES), this.size, false);
        offset += CHUNK_BYTES;
        continue;
      }
      const taken = Math.min(CHUNK_BYTES - this.filled, piece.length - offset);
      this.pending.set(piece.subarray(offset, offset + taken), this.filled);
      this.filled += taken;
      this.size += taken;
      offset += taken;
    }
  }

  /** Pads with zeros to the size class. */
  *finish(): Generator<Uint8Array> {
    const payload = paddedSize(this.size);
    const count = chunkCount(payload);
    while (this.chunk < count) {
      const last = this.chunk === count - 1;
      const length = last ? payload - this.chunk * CHUNK_BYTES : CHUNK_BYTES;
      this.pending.fill(0, this.filled, length);
      this.filled = length;
      yield this.flush(last);
    }
  }

  erase(): void {
    this.key.key.fill(0);
    this.pending.fill(0);
  }

  private flush(last: boolean): Uint8Array {
    const sealed = this.seal(this.pending.subarray(0, this.filled), this.size, last);
    this.filled = 0;
    return sealed;
  }

  private seal(payload: Uint8Array, end: number, last: boolean): Uint8Array {
    const cipher = createCipheriv('aes-256-gcm', this.key.key, chunkNonce(this.key, this.chunk, last));
    cipher.setAAD(chunkAad(this.key, this.chunk, last));
    this.chunk += 1;
    const endField = Buffer.alloc(END_BYTES);
    endField.writeBigUInt64BE(BigInt(end));
    const sealed = Buffer.allocUnsafeSlow(payload.length + CHUNK_OVERHEAD);
    sealed.set(cipher.update(endField));
    sealed.set(cipher.update(payload), END_BYTES);
    cipher.final();
    sealed.set(cipher.getAuthTag(), END_BYTES + payload.length);
    return sealed;
  }
}
