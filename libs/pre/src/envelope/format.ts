/**
 * The body's layout: header (version ‖ salt), then chunks. A chunk's plaintext is up to 64 KiB of payload, then `END_BYTES` that say
 * where the data ends so far; sealed it grows by the tag. The payload of all chunks together has a size class, the data is followed
 * by zeros. Every chunk but the last is full and the last one never is (it may be empty), so that neither side has to look ahead.
 */
import { digest } from '@medveil/encoding';
import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { SEED_BYTES } from '../artefacts.js';
import { givenLength, PreError } from '../errors.js';
import { PART_NAME } from '../label.js';
import type { BodyContext } from './api.js';
import { paddedSize } from './padding.js';

export const BODY_VERSION = 1;
const SALT_BYTES = 32;
/** version ‖ salt */
export const BODY_HEADER_BYTES: number = 1 + SALT_BYTES;
/** Payload bytes of a full chunk. */
export const CHUNK_BYTES = 65_536;
export const END_BYTES = 8;
export const TAG_BYTES = 16;
export const CHUNK_OVERHEAD: number = END_BYTES + TAG_BYTES;
/** A full chunk, sealed. */
export const SEALED_CHUNK_BYTES: number = CHUNK_BYTES + CHUNK_OVERHEAD;
/** 1 TiB of plaintext: far below what one AES-GCM key and the 32-bit chunk counter allow. */
export const MAX_BODY_BYTES: number = 2 ** 40;

/** A file key and what its nonces and associated data begin with. */
export interface BodyKey {
  /** Overwritten when the body is done. */
  readonly key: Uint8Array;
  /** Filled in for each chunk, as is the associated data: allocating them anew costs as much as sealing a kilobyte. */
  readonly nonce: Buffer;
  readonly aad: Buffer;
}

/**
 * HKDF-SHA256(seed, salt, 'medveil/body/1' ‖ context digest) → 32 bytes of key, 7 of nonce prefix.
 * @throws PreError `pre/bad-length`, `pre/bad-label`
 */
export function bodyKey(seed: Uint8Array, context: BodyContext, salt: Uint8Array): BodyKey {
  if (!(seed instanceof Uint8Array) || seed.length !== SEED_BYTES) {
    throw new PreError('pre/bad-length', `a seed is ${SEED_BYTES} bytes`, { given: givenLength(seed), expected: SEED_BYTES });
  }
  const contextDigest = digestOf(context);
  const info = Buffer.concat([Buffer.from('medveil/body/1'), contextDigest]);
  const material = hkdf(sha256, seed, salt, info, 39);
  const nonce = Buffer.alloc(12);
  nonce.set(material.subarray(32));
  const aad = Buffer.alloc(38);
  aad[0] = BODY_VERSION;
  aad.set(contextDigest, 1);
  return { key: material.subarray(0, 32), nonce, aad };
}

function digestOf({ record, part, version }: BodyContext): Uint8Array {
  if (!(record instanceof Uint8Array) || record.length !== 32) throw new PreError('pre/bad-label', 'a record is 32 bytes', { field: 'record' });
  if (!PART_NAME.test(part)) throw new PreError('pre/bad-label', 'not a part name', { field: 'part' });
  if (!Number.isSafeInteger(version) || version < 1) throw new PreError('pre/bad-label', 'versions start at 1', { field: 'version' });
  return digest('medveil/body-context/1', { record, part, version });
}

/**
 * STREAM (Hoang, Reyhanitabar, Rogaway, Vizár 2015): prefix ‖ chunk number ‖ last flag.
 * @returns 12 bytes, valid until the next call
 */
export function chunkNonce({ nonce }: BodyKey, chunk: number, last: boolean): Uint8Array {
  nonce.writeUInt32BE(chunk, 7);
  nonce[11] = last ? 1 : 0;
  return nonce;
}

/**
 * version ‖ digest of record, part and body version ‖ chunk number ‖ last flag
 * @returns 38 bytes, valid until the next call
 */
export function chunkAad({ aad }: BodyKey, chunk: number, last: boolean): Uint8Array {
  aad.writeUInt32BE(chunk, 33);
  aad[37] = last ? 1 : 0;
  return aad;
}

export const chunkCount = (payload: number): number => Math.floor(payload / CHUNK_BYTES) + 1;

/** Bytes of the ciphertext of a body of `size` plaintext bytes. @throws PreError `pre/out-of-range` */
export function bodyCiphertextSize(size: number): number {
  const payload = paddedSize(size);
  return BODY_HEADER_BYTES + payload + chunkCount(payload) * CHUNK_OVERHEAD;
}

/** Payload bytes of a ciphertext, or undefined where no body has that size. */
export function payloadSize(ciphertextSize: number): number | undefined {
  const chunks = ciphertextSize - BODY_HEADER_BYTES;
  const count = Math.floor(chunks / SEALED_CHUNK_BYTES) + 1;
  const payload = chunks - count * CHUNK_OVERHEAD;
  return payload > 0 && chunkCount(payload) === count && paddedSize(payload) === payload ? payload : undefined;
}

export function encodeHeader(salt: Uint8Array): Uint8Array {
  const header = new Uint8Array(BODY_HEADER_BYTES);
  header[0] = BODY_VERSION;
  header.set(salt, 1);
  return header;
}

/** @returns the salt. @throws PreError `pre/bad-envelope` */
export function decodeHeader(header: Uint8Array): Uint8Array {
  if (header.length !== BODY_HEADER_BYTES || header[0] !== BODY_VERSION) throw badEnvelope('not a body of a known version');
  return header.subarray(1);
}

export { SALT_BYTES };

export const badEnvelope = (problem: string): PreError => new PreError('pre/bad-envelope', `body refused: ${problem}`, { problem });

const TWO_32 = 2 ** 32;

/** 64 bits, big-endian, without the detour over a bigint. */
export function writeEnd(target: Buffer, end: number): void {
  target.writeUInt32BE(Math.floor(end / TWO_32), 0);
  target.writeUInt32BE(end % TWO_32, 4);
}

/** @returns a number that is too large for any body where the field is */
export const readEnd = (field: Buffer): number => field.readUInt32BE(0) * TWO_32 + field.readUInt32BE(4);
