import { CodedError, DIGEST_BYTES, toHex } from '@medveil/encoding';

/**
 * A store of immutable objects under content-addressed keys: `<namespace>/<SHA-256 of the content, lower-case hex>`.
 * An object is written whole or not at all, once (the semantic of HTTP `If-None-Match: *`), and never changed.
 */
export interface ObjectStore {
  /**
   * Streams `body` into the store in constant memory. The body is always read to its end and checked against
   * `expected` and the key, also where the object is already there: nobody gets a receipt for content not held.
   * @returns `created`, or `exists` where an object of this key was there before
   * @throws CodedError `object-store/bad-key`, `/too-large`, `/size-mismatch`, `/digest-mismatch`, `/unavailable`, `/closed`;
   *   nothing is left behind then
   */
  put(key: string, body: AsyncIterable<Uint8Array>, expected: ExpectedContent): Promise<'created' | 'exists'>;
  /**
   * A whole object is hashed while it is read: its last chunk is handed over only when the digest is right, else the
   * iteration throws `object-store/corrupt`. A range is not covered by the digest: bodies carry their own
   * authentication per chunk.
   * @throws CodedError `object-store/not-found`, `/bad-range`, `/bad-key`, `/unavailable`, `/closed`
   */
  get(key: string, range?: ByteRange): Promise<StoredObject>;
  /** @returns undefined where there is no such object */
  head(key: string): Promise<{ readonly sizeBytes: number } | undefined>;
  /**
   * @returns whether there was something to delete
   * @throws CodedError `object-store/locked` where the store must keep the object (object lock); else as `head`
   */
  delete(key: string): Promise<boolean>;
  /** Resolves where the store answers and knows the caller: a readiness check. */
  check(): Promise<void>;
  close(): Promise<void>;
}

export interface ExpectedContent {
  /** 32 bytes */
  readonly sha256: Uint8Array;
  readonly sizeBytes: number;
}

/** Bytes `startByte` (included) to `endByte` (excluded). */
export interface ByteRange {
  readonly startByte: number;
  readonly endByte: number;
}

export interface StoredObject {
  /** Of the whole object, also where a range was asked for. */
  readonly sizeBytes: number;
  /** To be read to its end, or left by `break`/`return`, which frees what stands behind it. */
  readonly body: AsyncIterable<Uint8Array>;
}

export type ObjectStoreErrorCode =
  | 'object-store/bad-key'
  | 'object-store/bad-range'
  | 'object-store/closed'
  | 'object-store/corrupt'
  | 'object-store/digest-mismatch'
  | 'object-store/locked'
  | 'object-store/not-found'
  | 'object-store/size-mismatch'
  | 'object-store/too-large'
  | 'object-store/unavailable'
  | 'object-store/unprotected';

const KEY = /^([a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?)\/([0-9a-f]{64})$/;

/** @param namespace 1 to 32 of a-z, 0-9 and inner hyphens, for example `bodies` */
export function objectKey(namespace: string, sha256: Uint8Array): string {
  const key = `${namespace}/${toHex(sha256)}`;
  if (sha256.length !== DIGEST_BYTES) throw badKey();
  parseObjectKey(key);
  return key;
}

/** @throws CodedError `object-store/bad-key` for anything that `objectKey` would not have made */
export function parseObjectKey(key: string): { namespace: string; sha256Hex: string } {
  const [, namespace, sha256Hex] = KEY.exec(key) ?? [];
  if (namespace === undefined || sha256Hex === undefined) throw badKey();
  return { namespace, sha256Hex };
}

const badKey = () =>
  new CodedError<ObjectStoreErrorCode>('object-store/bad-key', 'an object key is <namespace>/<sha-256 in lower-case hexadecimal>');
