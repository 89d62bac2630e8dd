import { Readable } from 'node:stream';
import {
  DeleteObjectCommand, GetObjectCommand, type GetObjectCommandOutput, HeadBucketCommand, HeadObjectCommand, ListObjectVersionsCommand, type PutObjectCommandInput, type S3Client,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { fromHex } from '@medveil/encoding';
import { assertExpected, assertRange } from './arguments.js';
import { drain, verified, verifiedAsStored } from './digesting.js';
import { storeError } from './errors.js';
import { type ByteRange, type ExpectedContent, type ObjectStore, parseObjectKey, type StoredObject } from './port.js';
import { assertProtected, type BucketProtection, createBucket } from './s3-bucket.js';
import { s3Client, type S3ConnectionOptions } from './s3-client.js';
import { asUnavailable, guarded, isAbsent, isTaken, statusOf } from './s3-errors.js';

export interface S3StoreOptions extends S3ConnectionOptions {
  readonly bucket: string;
  /** Before every key, for example `proxy-cloud/`: several services may share a bucket. */
  readonly prefix: string;
  readonly createBucket: boolean;
  readonly protection: BucketProtection;
  readonly maxObjectBytes: number;
  /** Of a multipart upload; memory of one upload is `partBytes` × `concurrentParts`. */
  readonly partBytes: number;
  readonly concurrentParts: number;
  /** What the server does with the bytes at rest; absent: the bucket's own default. */
  readonly encryption?: { readonly algorithm: 'AES256' | 'aws:kms'; readonly keyId?: string };
}

/** How long a conditional write that collided with another one looks for that one's object. */
const COLLISION_LOOKS = 20;
const COLLISION_PAUSE_MS = 100;

/**
 * Objects of an S3 bucket. A body is sent in parts while it is checked; the object comes into being by one request at the end, under
 * `If-None-Match: *`: whole or absent, written once. An upload that fails is aborted, and its parts with it; what a killed process left
 * of one is for the bucket's lifecycle rule (AbortIncompleteMultipartUpload).
 */
export class S3ObjectStore implements ObjectStore {
  readonly #client: S3Client;
  readonly #options: S3StoreOptions;
  #isClosed = false;

  private constructor(options: S3StoreOptions) {
    this.#client = s3Client(options);
    this.#options = options;
  }

  /** @throws CodedError `object-store/unavailable`, `object-store/unprotected` */
  static async open(options: S3StoreOptions): Promise<S3ObjectStore> {
    const store = new S3ObjectStore(options);
    try {
      if (options.createBucket) await createBucket(store.#client, options.bucket, options.protection);
      await store.check();
      await assertProtected(store.#client, options.bucket, options.protection);
      return store;
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  async put(key: string, body: AsyncIterable<Uint8Array>, expected: ExpectedContent): Promise<'created' | 'exists'> {
    this.#assertOpen();
    assertExpected(parseObjectKey(key).sha256Hex, expected, this.#options.maxObjectBytes);
    const there = await this.head(key);
    if (there?.sizeBytes === expected.sizeBytes) {
      await drain(verified(body, expected));
      return 'exists';
    }
    // An object of the wrong size under the key of its digest is a damaged one, and is replaced.
    return this.#upload(key, body, expected, there === undefined);
  }

  async get(key: string, range?: ByteRange): Promise<StoredObject> {
    this.#assertOpen();
    const { sha256Hex } = parseObjectKey(key);
    if (range !== undefined) assertRange(range, Number.MAX_SAFE_INTEGER);
    const answer = await this.#getObject(key, range);
    const body = answer.Body as Readable;
    if (range === undefined) {
      const sizeBytes = answer.ContentLength ?? 0;
      return { sizeBytes, body: verifiedAsStored(received(body), { sha256: fromHex(sha256Hex), sizeBytes }) };
    }
    const sizeBytes = Number(/\/(\d+)$/.exec(answer.ContentRange ?? '')?.[1]);
    try {
      assertRange(range, sizeBytes);
    } catch (error) {
      body.destroy();
      throw error;
    }
    return { sizeBytes, body: received(body, range.endByte - range.startByte) };
  }

  async head(key: string): Promise<{ readonly sizeBytes: number } | undefined> {
    this.#assertOpen();
    const place = this.#place(key);
    return guarded(async () => {
      try {
        return { sizeBytes: (await this.#client.send(new HeadObjectCommand(place))).ContentLength ?? 0 };
      } catch (error) {
        if (isAbsent(error)) return undefined;
        throw error;
      }
    });
  }

  /** Every version of the object goes: what is destroyed here must not come back. */
  async delete(key: string): Promise<boolean> {
    this.#assertOpen();
    const place = this.#place(key);
    const wasThere = (await this.head(key)) !== undefined;
    const versions = this.#options.protection === 'none' ? [undefined] : await this.#versions(place.Key);
    for (const VersionId of versions) await this.#deleteVersion(place, VersionId);
    return wasThere;
  }

  /**
   * A URL under which whoever has it reads the object until it expires; the reader adds a `Range` header of its own.
   * @param expiresInMs at most seven days (the limit of signature version 4)
   */
  async presignedRead(key: string, expiresInMs: number): Promise<string> {
    this.#assertOpen();
    return guarded(async () => getSignedUrl(this.#client, new GetObjectCommand(this.#place(key)), { expiresIn: Math.ceil(expiresInMs / 1000) }));
  }

  async check(): Promise<void> {
    this.#assertOpen();
    await guarded(async () => this.#client.send(new HeadBucketCommand({ Bucket: this.#options.bucket })));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#client.destroy();
  }

  async #upload(key: string, body: AsyncIterable<Uint8Array>, expected: ExpectedContent, isFirst: boolean): Promise<'created' | 'exists'> {
    const { partBytes, concurrentParts, encryption } = this.#options;
    const stream = Readable.from(verified(body, expected), { objectMode: false });
    const params: PutObjectCommandInput = {
      ...this.#place(key),
      Body: stream,
      ContentType: 'application/octet-stream',
      ...(isFirst ? { IfNoneMatch: '*' } : {}),
      ...(encryption === undefined ? {} : { ServerSideEncryption: encryption.algorithm }),
      ...(encryption?.keyId === undefined ? {} : { SSEKMSKeyId: encryption.keyId }),
    };
    let failure: { readonly error: unknown } | undefined;
    stream.once('error', (error) => { failure = { error }; });
    try {
      await new Upload({ client: this.#client, params, partSize: partBytes, queueSize: concurrentParts, leavePartsOnError: false }).done();
      return 'created';
    } catch (error) {
      if (failure !== undefined) throw failure.error;
      if (isFirst && isTaken(error) && (await this.#appears(key, expected.sizeBytes))) return 'exists';
      throw asUnavailable(error);
    } finally {
      stream.destroy();
    }
  }

  /** A write that came second has read its body to the end; the first one's object is there, or about to be. */
  async #appears(key: string, sizeBytes: number): Promise<boolean> {
    for (let look = 0; look < COLLISION_LOOKS; look += 1) {
      if ((await this.head(key))?.sizeBytes === sizeBytes) return true;
      await new Promise((resolve) => { setTimeout(resolve, COLLISION_PAUSE_MS); });
    }
    return false;
  }

  async #getObject(key: string, range?: ByteRange): Promise<GetObjectCommandOutput> {
    const place = this.#place(key);
    return guarded(async () => {
      try {
        return await this.#client.send(new GetObjectCommand({ ...place, ...(range === undefined ? {} : { Range: `bytes=${range.startByte}-${range.endByte - 1}` }) }));
      } catch (error) {
        if (isAbsent(error)) throw storeError('object-store/not-found', 'no such object', { key });
        if (range !== undefined && statusOf(error) === 416) throw storeError('object-store/bad-range', 'not a range of the object', { ...range });
        throw error;
      }
    });
  }

  async #versions(key: string): Promise<string[]> {
    const { Versions = [], DeleteMarkers = [] } = await guarded(async () =>
      this.#client.send(new ListObjectVersionsCommand({ Bucket: this.#options.bucket, Prefix: key })));
    return [...Versions, ...DeleteMarkers].flatMap(({ Key, VersionId }) => (Key === key && VersionId !== undefined ? [VersionId] : []));
  }

  async #deleteVersion(place: { readonly Bucket: string; readonly Key: string }, VersionId: string | undefined): Promise<void> {
    await guarded(async () => {
      try {
        await this.#client.send(new DeleteObjectCommand({ ...place, ...(VersionId === undefined ? {} : { VersionId }) }));
      } catch (error) {
        const isRefused = this.#options.protection === 'object-lock' && (statusOf(error) === 403 || statusOf(error) === 400);
        throw isRefused ? storeError('object-store/locked', 'the object must be kept for now') : error;
      }
    });
  }

  #place(key: string): { readonly Bucket: string; readonly Key: string } {
    parseObjectKey(key);
    return { Bucket: this.#options.bucket, Key: `${this.#options.prefix}${key}` };
  }

  #assertOpen(): void {
    if (this.#isClosed) throw storeError('object-store/closed', 'the object store is closed');
  }
}

/** A body as it comes; one that breaks off, or is not of the announced length, is an error. Leaving it closes its connection. */
async function* received(body: Readable, lengthBytes?: number): AsyncGenerator<Uint8Array> {
  let length = 0;
  try {
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      length += chunk.length;
      yield chunk;
    }
  } catch (error) {
    throw asUnavailable(error);
  } finally {
    body.destroy();
  }
  if (lengthBytes !== undefined && length !== lengthBytes) throw storeError('object-store/unavailable', 'the object broke off', { length, lengthBytes });
}
