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
      // In slices, so that what is sealed at a time stays small even where a piece is large.
      for (let offset = 0; offset < piece.length; offset += SLICE_BYTES) {
        for (const sealed of body.take(piece.subarray(offset, offset + SLICE_BYTES))) yield sealed;
      }
    }
    while (!body.finished) for (const sealed of body.pad()) yield sealed;
  } finally {
    body.erase();
  }
}

const SLICE_BYTES = 4 * CHUNK_BYTES;

/** Cuts the plaintext into chunks and seals each as soon as it is full. */
class ChunkSealer {
  finished = false;
  private readonly pending = Buffer.allocUnsafe(CHUNK_BYTES);
  private filled = 0;
  private chunk = 0;
  /** Plaintext bytes taken so far. */
  private size = 0;

  constructor(private readonly key: BodyKey) {}

  take(piece: Uint8Array): Uint8Array[] {
    if (this.size + piece.length > MAX_BODY_BYTES) throw new PreError('pre/out-of-range', 'the body is too large', { allowed: MAX_BODY_BYTES });
    const sealed: Uint8Array[] = [];
    let offset = 0;
    while (offset < piece.length) {
      // A whole chunk is sealed where it lies.
      const whole = this.filled === 0 && piece.length - offset >= CHUNK_BYTES;
      const taken = whole ? CHUNK_BYTES : Math.min(CHUNK_BYTES - this.filled, piece.length - offset);
      const bytes = piece.subarray(offset, offset + taken);
      offset += taken;
      this.size += taken;
      if (whole) {
        this.seal(sealed, bytes, false);
      } else {
        this.pending.set(bytes, this.filled);
        this.filled += taken;
        if (this.filled === CHUNK_BYTES) this.flush(sealed, false);
      }
    }
    return sealed;
  }

  /** The next chunk of the end: what is pending, and zeros up to the size class. */
  pad(): Uint8Array[] {
    const sealed: Uint8Array[] = [];
    const payload = paddedSize(this.size);
    this.finished = this.chunk === chunkCount(payload) - 1;
    const length = this.finished ? payload - this.chunk * CHUNK_BYTES : CHUNK_BYTES;
    this.pending.fill(0, this.filled, length);
    this.filled = length;
    this.flush(sealed, this.finished);
    return sealed;
  }

  erase(): void {
    this.key.key.fill(0);
    this.pending.fill(0);
  }

  private flush(sealed: Uint8Array[], last: boolean): void {
    const payload = this.pending.subarray(0, this.filled);
    this.filled = 0;
    this.seal(sealed, payload, last);
  }

  /** The payload's ciphertext, then what closes the chunk: joining them would copy every byte once more. */
  private seal(sealed: Uint8Array[], payload: Uint8Array, last: boolean): void {
    const cipher = createCipheriv('aes-256-gcm', this.key.key, chunkNonce(this.key, this.chunk, last));
    cipher.setAAD(chunkAad(this.key, this.chunk, last));
    this.chunk += 1;
    const closing = Buffer.allocUnsafe(CHUNK_OVERHEAD);
    writeEnd(closing, this.size);
    if (payload.length > 0) sealed.push(cipher.update(payload));
    closing.set(cipher.update(closing.subarray(0, END_BYTES)));
    cipher.final();
    closing.set(cipher.getAuthTag(), END_BYTES);
    sealed.push(closing);
  }
}
