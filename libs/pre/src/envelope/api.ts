/** What a body belongs to; bound into its key and into every chunk. */
export interface BodyContext {
  /** 32 bytes: the record's commitment h. */
  readonly record: Uint8Array;
  /** A part type such as `laboratory`, as in a `Label`. */
  readonly part: string;
  /** The body's version, from 1: stays when only the label is rotated, grows with a new body. */
  readonly version: number;
}

/** Random access to a ciphertext, for example ranged GETs of an object store. */
export interface CiphertextReader {
  /** Bytes of the whole ciphertext. */
  readonly size: number;
  /** Resolves to exactly `length` bytes from `offset`. */
  read(offset: number, length: number): Promise<Uint8Array>;
}

/** A body opened for range reads: its last chunk has been authenticated, so `size` can be relied on. */
export interface OpenBody {
  /** Bytes of plaintext. */
  readonly size: number;
  /** Plaintext bytes start (included) to end (excluded), in pieces of at most 64 KiB. @throws PreError `pre/out-of-range`, `pre/bad-envelope` */
  read(start: number, end: number): AsyncIterable<Uint8Array>;
}
