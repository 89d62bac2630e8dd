import { CodedError } from '@medveil/encoding';

/**
 * What passes between two replicas: frames of a 4-byte big-endian length of the payload, one byte that says what it is, and
 * the payload. `message` is a message of the protocol as libs/pbft encodes it.
 */
export const FRAME = { hello: 0, message: 1, ping: 2, pong: 3 } as const;
export type FrameKind = (typeof FRAME)[keyof typeof FRAME];

export interface Frame {
  readonly kind: FrameKind;
  readonly payload: Uint8Array;
}

const HEADER_BYTES = 5;
const KINDS: ReadonlySet<number> = new Set(Object.values(FRAME));
const isKind = (value: number): value is FrameKind => KINDS.has(value);

export function frameHeader(kind: FrameKind, payloadBytes: number): Buffer {
  const header = Buffer.allocUnsafe(HEADER_BYTES);
  header.writeUInt32BE(payloadBytes, 0);
  header.writeUInt8(kind, 4);
  return header;
}

export const encodeFrame = (kind: FrameKind, payload: Uint8Array): Buffer => Buffer.concat([frameHeader(kind, payload.length), payload]);

/** Cuts a stream into frames. A length is judged before anything of the payload is waited for. */
export class FrameReader {
  #chunks: Buffer[] = [];
  #bytes = 0;

  /** @param maxPayloadBytes may be raised once the peer has said who it is */
  constructor(public maxPayloadBytes: number) {}

  /** Takes in what has arrived. */
  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
  }

  /**
   * The next whole frame, its payload in memory of its own, or null.
   * @throws CodedError `consensus-node/bad-frame`
   */
  next(): Frame | null {
    if (this.#bytes < HEADER_BYTES) return null;
    const header = this.#peek(HEADER_BYTES);
    const length = header.readUInt32BE(0);
    const kind = header.readUInt8(4);
    if (length > this.maxPayloadBytes) throw new CodedError('consensus-node/bad-frame', 'a frame is too long', { length, max: this.maxPayloadBytes });
    if (!isKind(kind)) throw new CodedError('consensus-node/bad-frame', 'a frame of an unknown kind', { kind });
    if (this.#bytes < HEADER_BYTES + length) return null;
    const frame = this.#peek(HEADER_BYTES + length);
    this.#drop(HEADER_BYTES + length);
    return { kind, payload: Uint8Array.prototype.slice.call(frame, HEADER_BYTES, HEADER_BYTES + length) };
  }

  /** The first bytes as one piece; joined once, however many chunks a long frame comes in. */
  #peek(bytes: number): Buffer {
    const [first] = this.#chunks;
    if (first !== undefined && first.length >= bytes) return first;
    const joined = Buffer.concat(this.#chunks);
    // A header across two chunks is rare; a payload is joined only once it is complete.
    this.#chunks = [joined];
    return joined;
  }

  #drop(bytes: number): void {
    const [first] = this.#chunks;
    if (first === undefined) return;
    const rest = first.subarray(bytes);
    if (rest.length > 0) this.#chunks[0] = rest;
    else this.#chunks.shift();
    this.#bytes -= bytes;
  }
}
