import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, describe, it } from 'node:test';
import { GetObjectCommand, ListMultipartUploadsCommand, ListObjectVersionsCommand, PutObjectCommand, PutObjectRetentionCommand } from '@aws-sdk/client-s3';
import { sha256 } from '@medveil/encoding';
import { describeObjectStoreContract, readAll } from './contract.js';
import { objectKey, openObjectStore, objectStoreSettings, S3ObjectStore, type S3StoreOptions } from './index.js';
import { directClient, removeBucket, s3Url } from './s3-testing.js';

const url = s3Url();
const MIB = 1024 * 1024;
const random = (length: number) => new Uint8Array(randomBytes(length));
const credentials = { accessKeyId: url.username, secretAccessKey: url.password };
const direct = directClient();
after(() => direct.destroy());

const optionsFor = (bucket: string): S3StoreOptions => ({
  endpoint: url.origin, region: 'us-east-1', credentials, forcePathStyle: true, connectTimeoutMs: 2_000, idleTimeoutMs: 5_000, maxAttempts: 3, maxConnections: 32,
  bucket, prefix: 'proxy-cloud/', createBucket: true, protection: 'none', maxObjectBytes: 32 * MIB, partBytes: 5 * MIB, concurrentParts: 2,
});
const freshBucket = () => `medveil-${randomBytes(6).toString('hex')}`;

async function* chunks(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size);
}

const sample = (length: number) => {
  const bytes = random(length);
  const expected = { sha256: sha256(bytes), sizeBytes: length };
  return { bytes, expected, key: objectKey('bodies', expected.sha256) };
};

for (const protection of ['none', 'versioning'] as const) {
  describeObjectStoreContract(`S3, bucket protection ${protection}`, async () => {
    const bucket = freshBucket();
    const store = await S3ObjectStore.open({ ...optionsFor(bucket), protection, maxObjectBytes: 1_000_000 });
    return {
      store,
      maxObjectBytes: 1_000_000,
      corrupt: async (key, change) => {
        const place = { Bucket: bucket, Key: `proxy-cloud/${key}` };
        const bytes = await (await direct.send(new GetObjectCommand(place))).Body?.transformToByteArray();
        await direct.send(new PutObjectCommand({ ...place, Body: change(bytes ?? new Uint8Array()) }));
      },
      dispose: async () => {
        await store.close();
        await removeBucket(bucket);
      },
    };
  });
}

const withStore = async (change: Partial<S3StoreOptions>, run: (store: S3ObjectStore, bucket: string) => Promise<void>) => {
  const bucket = freshBucket();
  const store = await S3ObjectStore.open({ ...optionsFor(bucket), ...change });
  try {
    await run(store, bucket);
  } finally {
    await store.close();
    await removeBucket(bucket);
  }
};

describe('S3 object store', () => {
  it('sends a large body in parts, once whoever comes at the same time, and leaves nothing of one that breaks off', async () => {
    await withStore({}, async (store, bucket) => {
      const { bytes, expected, key } = sample(17 * MIB + 5);
      const outcomes = await Promise.all(Array.from({ length: 3 }, async () => store.put(key, chunks(bytes, 300_000), expected)));
      assert.deepEqual(outcomes.toSorted(), ['created', 'exists', 'exists']);
      assert.deepEqual(Buffer.compare(await readAll((await store.get(key)).body), bytes), 0);
      const range = { startByte: 5 * MIB - 3, endByte: 10 * MIB + 7 };
      assert.deepEqual(Buffer.compare(await readAll((await store.get(key, range)).body), bytes.subarray(range.startByte, range.endByte)), 0);

      const other = sample(12 * MIB);
      const wrong = { ...other.expected, sizeBytes: 12 * MIB + 1 };
      await assert.rejects(store.put(other.key, chunks(other.bytes, 300_000), wrong), { code: 'object-store/size-mismatch' });
      const flipped = other.bytes.with(11 * MIB, (other.bytes[11 * MIB] ?? 0) ^ 1);
      await assert.rejects(store.put(other.key, chunks(flipped, 300_000), other.expected), { code: 'object-store/digest-mismatch' });
      assert.equal(await store.head(other.key), undefined);
      const { Uploads = [] } = await direct.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
      assert.deepEqual(Uploads, []);
    });
  });

  it('replaces an object that lost its end when it is put again', async () => {
    await withStore({}, async (store, bucket) => {
      const { bytes, expected, key } = sample(1_000);
      await direct.send(new PutObjectCommand({ Bucket: bucket, Key: `proxy-cloud/${key}`, Body: bytes.subarray(0, 999) }));
      assert.equal(await store.put(key, chunks(bytes, 100), expected), 'created');
      assert.deepEqual(await readAll((await store.get(key)).body), bytes);
    });
  });

  it('keeps services apart in one bucket', async () => {
    await withStore({}, async (store, bucket) => {
      const { bytes, expected, key } = sample(10);
      await store.put(key, chunks(bytes, 10), expected);
      const other = await S3ObjectStore.open({ ...optionsFor(bucket), prefix: 'other/', createBucket: false });
      assert.equal(await other.head(key), undefined);
      await other.close();
    });
  });

  it('gives a URL that reads ranges and ends', async () => {
    await withStore({}, async (store) => {
      const { bytes, expected, key } = sample(1_000);
      await store.put(key, chunks(bytes, 100), expected);
      const signed = await store.presignedRead(key, 60_000);
      const response = await fetch(signed, { headers: { range: 'bytes=10-19' } });
      assert.equal(response.status, 206);
      assert.deepEqual(new Uint8Array(await response.arrayBuffer()), bytes.subarray(10, 20));
      const forged = new URL(signed);
      forged.searchParams.set('X-Amz-Expires', '3600');
      const refused = await fetch(forged);
      await refused.body?.cancel();
      assert.equal(refused.status, 403);
    });
  });

  it('deletes every version where versions are kept', async () => {
    await withStore({ protection: 'versioning' }, async (store, bucket) => {
      const { bytes, expected, key } = sample(10);
      for (let round = 0; round < 2; round += 1) {
        await store.put(key, chunks(bytes, 10), expected);
        await store.delete(key);
      }
      const { Versions = [], DeleteMarkers = [] } = await direct.send(new ListObjectVersionsCommand({ Bucket: bucket }));
      assert.deepEqual([...Versions, ...DeleteMarkers], []);
    });
  });

  it('says of a locked object that it must stay', async () => {
    await withStore({ protection: 'object-lock' }, async (store, bucket) => {
      const { bytes, expected, key } = sample(10);
      await store.put(key, chunks(bytes, 10), expected);
      await direct.send(new PutObjectRetentionCommand({
        Bucket: bucket, Key: `proxy-cloud/${key}`, Retention: { Mode: 'GOVERNANCE', RetainUntilDate: new Date(Date.now() + 3_600_000) },
      }));
      await assert.rejects(store.delete(key), { code: 'object-store/locked' });
      assert.deepEqual(await readAll((await store.get(key)).body), bytes);
    });
  });

  it('refuses a bucket that does less than the settings ask for, and one that is not there', async () => {
    await withStore({}, async (_store, bucket) => {
      for (const protection of ['versioning', 'object-lock'] as const) {
        await assert.rejects(S3ObjectStore.open({ ...optionsFor(bucket), createBucket: false, protection }), { code: 'object-store/unprotected' });
      }
    });
    await assert.rejects(S3ObjectStore.open({ ...optionsFor(freshBucket()), createBucket: false }), { code: 'object-store/unavailable' });
  });

  it('refuses to serve with wrong keys, and quotes none of them', async () => {
    const secretAccessKey = 'a-key-that-must-not-show';
    const settings = objectStoreSettings.parse({ kind: 's3', bucket: 'any-bucket', endpoint: url.origin, accessKeyId: url.username, secretAccessKey, maxAttempts: 1 });
    await assert.rejects(openObjectStore(settings, random), (error: Error & { code: string }) => {
      assert.equal(error.code, 'object-store/unavailable');
      return !JSON.stringify(error).includes(secretAccessKey) && !error.message.includes(secretAccessKey);
    });
    await assert.rejects(async () => objectStoreSettings.parse({ kind: 's3', bucket: 'any-bucket', accessKeyId: 'x' }), /both keys or neither/);
  });
});
