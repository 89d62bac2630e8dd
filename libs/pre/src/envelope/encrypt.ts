import { createCipheriv } from 'node:crypto';
import type { RandomBytes } from '@medveil/encoding';
import { PreError } from '../errors.js';
import type { BodyContext } from './api.js';
import { type BodyKey, bodyKey, CHUNK_BYTES, chunkAad, chunkCount, chunkNonce, CHUNK_OVERHEAD, encodeHeader, END_BYTES, MAX_BODY_BYTES, SALT_BYTES, writeEnd } from './format.js';
import { paddedSize } from './padding.js';

/**
 * Encrypts a body of any size in constant memory (two chunks), padded to its size class.
 * @param seed 32 bytes of `encapsulate`
 * @param plaintext pieces of any size
 * @param random draws the header's salt, so that encrypting again under one seed never repeats a nonce
 * @returns the header, then pieces of at most 64 KiB; `bodyCiphertextSize` tells the total
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
      // Not `yield*`, which wraps every step of a synchronous generator in promises.
      for (const sealed of body.take(piece)) yield sealed;
    }
    for (const sealed of body.finish()) yield sealed;
  } finally {
    body.erase();
  }
}

/** Cuts the plaintext into chunks and seals each as soon as it is full. */
class ChunkSealer {
  private readonly pending = Buffer.allocUnsafe(CHUNK_BYTES);
  private filled = 0;
  private chunk = 0;
  /** Plaintext bytes taken so far. */
  private size = 0;

  constructor(private readonly key: BodyKey) {}

  *take(piece: Uint8Array): Generator<Uint8Array> {
    if (this.size + piece.length > MAX_BODY_BYTES) throw new PreError('pre/out-of-range', 'the body is too large', { allowed: MAX_BODY_BYTES });
    let offset = 0;
    while (offset < piece.length) {
      // A whole chunk is sealed where it lies.
      const whole = this.filled === 0 && piece.length - offset >= CHUNK_BYTES;
      const taken = whole ? CHUNK_BYTES : Math.min(CHUNK_BYTES - this.filled, piece.length - offset);
      const bytes = piece.subarray(offset, offset + taken);
      offset += taken;
      this.size += taken;
      if (whole) {
        yield* this.seal(bytes, false);
      } else {
        this.pending.set(bytes, this.filled);
        this.filled += taken;
        if (this.filled === CHUNK_BYTES) yield* this.flush(false);
      }
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
      yield* this.flush(last);
    }
  }

  erase(): void {
    this.key.key.fill(0);
    this.pending.fill(0);
  }

  private *flush(last: boolean): Generator<Uint8Array> {
    const payload = this.pending.subarray(0, this.filled);
    this.filled = 0;
    yield* this.seal(payload, last);
  }

  /** The payload's ciphertext, then what closes the chunk: joining them would copy every byte once more. */
  private *seal(payload: Uint8Array, last: boolean): Generator<Uint8Array> {
    const cipher = createCipheriv('aes-256-gcm', this.key.key, chunkNonce(this.key, this.chunk, last));
    cipher.setAAD(chunkAad(this.key, this.chunk, last));
    this.chunk += 1;
    const closing = Buffer.allocUnsafe(CHUNK_OVERHEAD);
    writeEnd(closing, this.size);
    if (payload.length > 0) yield cipher.update(payload);
    closing.set(cipher.update(closing.subarray(0, END_BYTES)));
    cipher.final();
    closing.set(cipher.getAuthTag(), END_BYTES);
    yield closing;
  }
}
