import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { sha256 } from '@medveil/encoding';
import { type ByteRange, objectKey, type ObjectStore } from './port.js';

export interface ObjectStoreUnderTest {
  readonly store: ObjectStore;
  /** Bytes that an object may have at most. */
  readonly maxObjectBytes: number;
  /** Changes stored bytes behind the store's back. */
  corrupt(key: string, change: (bytes: Uint8Array) => Uint8Array): Promise<void>;
  dispose(): Promise<void>;
}

async function* chunks(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size);
}

async function* failing(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes.subarray(0, bytes.length / 2);
  throw new Error('the uploader went away');
}

export async function readAll(body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of body) parts.push(part);
  return new Uint8Array(Buffer.concat(parts));
}

const sample = (length: number) => {
  const bytes = new Uint8Array(randomBytes(length));
  const digest = sha256(bytes);
  return { bytes, key: objectKey('bodies', digest), expected: { sha256: digest, sizeBytes: length } };
};

/** What every object store must hold. */
export function describeObjectStoreContract(name: string, makeAdapter: () => Promise<ObjectStoreUnderTest>): void {
  describe(`object store: ${name}`, () => {
    let adapter: ObjectStoreUnderTest;
    before(async () => { adapter = await makeAdapter(); });
    after(async () => adapter.dispose());
    const read = async (key: string, range?: ByteRange) => readAll((await adapter.store.get(key, range)).body);

    it('gives back what was put, of any size and in any chunks', async () => {
      for (const length of [0, 1, 65_535, 65_536, 65_537, 300_000]) {
        for (const size of [1_000, 65_536, 1_000_000]) {
          const { bytes, key, expected } = sample(length);
          const outcome = await adapter.store.put(key, chunks(bytes, size), expected);
          // Two random bodies of no or one byte may be the same object.
          if (length > 1) assert.equal(outcome, 'created');
          assert.deepEqual(await read(key), bytes);
          assert.deepEqual(await adapter.store.head(key), { sizeBytes: length });
        }
      }
    });

    it('creates an object once, whoever comes at the same time, and checks what the others bring too', async () => {
      const { bytes, key, expected } = sample(100_000);
      const outcomes = await Promise.all(Array.from({ length: 5 }, async () => adapter.store.put(key, chunks(bytes, 7_000), expected)));
      assert.deepEqual(outcomes.toSorted(), ['created', 'exists', 'exists', 'exists', 'exists']);
      assert.equal(await adapter.store.put(key, chunks(bytes, 9_000), expected), 'exists');
      const forged = bytes.map((byte) => byte ^ 1);
      await assert.rejects(adapter.store.put(key, chunks(forged, 9_000), expected), { code: 'object-store/digest-mismatch' });
      assert.deepEqual(await read(key), bytes);
    });

    it('leaves nothing of a body that is wrong, short, long, too large or broken off', async () => {
      const { bytes, key, expected } = sample(10_000);
      const longer = new Uint8Array(10_001);
      longer.set(bytes);
      const other = sample(10_000);
      await assert.rejects(adapter.store.put(key, chunks(other.bytes, 999), expected), { code: 'object-store/digest-mismatch' });
      await assert.rejects(adapter.store.put(key, chunks(bytes.subarray(1), 999), expected), { code: 'object-store/size-mismatch' });
      await assert.rejects(adapter.store.put(key, chunks(longer, 999), expected), { code: 'object-store/size-mismatch' });
      await assert.rejects(adapter.store.put(key, failing(bytes), expected), /went away/);
      await assert.rejects(adapter.store.put(other.key, chunks(bytes, 999), expected), { code: 'object-store/bad-key' });
      const huge = { ...expected, sizeBytes: adapter.maxObjectBytes + 1 };
      await assert.rejects(adapter.store.put(key, chunks(bytes, 999), huge), { code: 'object-store/too-large' });
      assert.equal(await adapter.store.head(key), undefined);
      await assert.rejects(adapter.store.get(key), { code: 'object-store/not-found' });
    });

    it('reads ranges and refuses what is none', async () => {
      const { bytes, key, expected } = sample(200_000);
      await adapter.store.put(key, chunks(bytes, 50_000), expected);
      for (const [startByte, endByte] of [[0, 1], [0, 200_000], [65_530, 140_000], [199_999, 200_000]] as const) {
        assert.deepEqual(await read(key, { startByte, endByte }), bytes.subarray(startByte, endByte));
      }
      for (const [startByte, endByte] of [[-1, 5], [5, 5], [6, 5], [0, 200_001], [0.5, 2], [Number.NaN, 3]] as const) {
        await assert.rejects(adapter.store.get(key, { startByte, endByte }), { code: 'object-store/bad-range' });
      }
    });

    it('never hands a damaged object over whole', async () => {
      const damages: ((bytes: Uint8Array) => Uint8Array)[] = [
        (bytes) => bytes.map((byte, index) => (index === 150_000 ? byte ^ 1 : byte)),
        (bytes) => bytes.subarray(0, 199_999),
        () => new Uint8Array(0),
      ];
      for (const damage of damages) {
        const { bytes, key, expected } = sample(200_000);
        await adapter.store.put(key, chunks(bytes, 50_000), expected);
        await adapter.corrupt(key, damage);
        await assert.rejects(read(key), { code: 'object-store/corrupt' });
      }
    });

    it('refuses keys that are none, and everything that would lead elsewhere', async () => {
      const hex = 'a'.repeat(64);
      const expected = { sha256: new Uint8Array(32).fill(0xaa), sizeBytes: 0 };
      for (const key of ['', hex, `../${hex}`, `bodies/../${hex}`, `bodies/${hex}/..`, `bodies/${hex.slice(1)}`, `bodies/${hex.toUpperCase()}`, `.x/${hex}`, `bodies\0/${hex}`, `a/b/${hex}`]) {
        await assert.rejects(adapter.store.put(key, chunks(new Uint8Array(), 1), expected), { code: 'object-store/bad-key' }, key);
        await assert.rejects(adapter.store.get(key), { code: 'object-store/bad-key' });
        await assert.rejects(adapter.store.head(key), { code: 'object-store/bad-key' });
        await assert.rejects(adapter.store.delete(key), { code: 'object-store/bad-key' });
      }
    });

    it('deletes, and can be given the object anew', async () => {
      const { bytes, key, expected } = sample(10);
      await adapter.store.put(key, chunks(bytes, 10), expected);
      assert.deepEqual([await adapter.store.delete(key), await adapter.store.delete(key)], [true, false]);
      assert.equal(await adapter.store.put(key, chunks(bytes, 10), expected), 'created');
    });

    it('frees a body that is not read to its end', async () => {
      const { bytes, key, expected } = sample(500_000);
      await adapter.store.put(key, chunks(bytes, 50_000), expected);
      for await (const part of (await adapter.store.get(key)).body) {
        assert.ok(part.length > 0);
        break;
      }
      assert.deepEqual(await read(key), bytes);
    });

    it('answers its readiness check until closed', async () => {
      const closing = await makeAdapter();
      const { store } = closing;
      await store.check();
      await store.close();
      await assert.rejects(store.check(), { code: 'object-store/closed' });
      await assert.rejects(store.head(sample(1).key), { code: 'object-store/closed' });
      await closing.dispose();
    });
  });
}
