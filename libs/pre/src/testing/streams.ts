import type { CiphertextReader } from '../index.js';

export async function* piecesOf(bytes: Uint8Array, pieceSize: number): AsyncGenerator<Uint8Array> {
  for (let offset = 0; offset < bytes.length; offset += pieceSize) yield bytes.subarray(offset, offset + pieceSize);
}

export async function* sequence(pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* pieces;
}

export async function collect(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of stream) pieces.push(piece);
  return new Uint8Array(Buffer.concat(pieces));
}

/** A stored object that counts what is read of it. */
export function stored(bytes: Uint8Array): CiphertextReader & { bytesRead: number } {
  const reader = {
    size: bytes.length,
    bytesRead: 0,
    async read(offset: number, length: number): Promise<Uint8Array> {
      reader.bytesRead += length;
      return bytes.subarray(offset, offset + length);
    },
  };
  return reader;
}

/** Bytes that differ everywhere, so that a moved chunk shows. */
export function patterned(size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  let state = 0x9e3779b9;
  for (let index = 0; index < size; index += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[index] = state >>> 24;
  }
  return bytes;
}
