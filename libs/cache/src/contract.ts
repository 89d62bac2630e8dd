import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { utf8 } from '@medveil/encoding';
import { type Cache, MAX_KEY_BYTES } from './port.js';

export interface CacheUnderTest {
  readonly cache: Cache;
  /** Bytes that a value may have at most. */
  readonly maxValueBytes: number;
  /** Lets so much time pass for the cache: by its clock, or by waiting. */
  advance(ms: number): Promise<void>;
}

const ttl = { ttlMs: 60_000 };

/** What every cache must hold. Keys are fresh for each test. */
export function describeCacheContract(name: string, makeAdapter: () => Promise<CacheUnderTest>): void {
  describe(`cache: ${name}`, () => {
    let adapter: CacheUnderTest;
    let counter = 0;
    const fresh = () => `contract:${process.pid}:${(counter += 1)}:`;
    before(async () => { adapter = await makeAdapter(); });
    after(async () => adapter.cache.close());

    it('gives back what was set, overwritten and deleted, byte for byte', async () => {
      const { cache } = adapter;
      const key = fresh();
      assert.equal(await cache.get(key), undefined);
      const every = Uint8Array.from({ length: 256 }, (_, index) => index);
      await cache.set(key, every, ttl);
      assert.deepEqual(await cache.get(key), every);
      await cache.set(key, new Uint8Array(), ttl);
      assert.deepEqual(await cache.get(key), new Uint8Array());
      assert.equal(await cache.delete(key), true);
      assert.equal(await cache.delete(key), false);
      assert.equal(await cache.get(key), undefined);
    });

    it('keeps its own copy', async () => {
      const key = fresh();
      const value = utf8('kept');
      await adapter.cache.set(key, value, ttl);
      value.fill(0);
      (await adapter.cache.get(key))?.fill(1);
      assert.deepEqual(await adapter.cache.get(key), utf8('kept'));
    });

    it('forgets after the time to live', async () => {
      const key = fresh();
      await adapter.cache.set(key, utf8('x'), { ttlMs: 50 });
      await adapter.advance(51);
      assert.equal(await adapter.cache.get(key), undefined);
      assert.equal(await adapter.cache.addIfAbsent(key, utf8('y'), ttl), true);
    });

    it('lets exactly one of many callers add', async () => {
      const key = fresh();
      const values = Array.from({ length: 20 }, (_, index) => utf8(String(index)));
      const added = await Promise.all(values.map(async (value) => adapter.cache.addIfAbsent(key, value, ttl)));
      assert.equal(added.filter(Boolean).length, 1);
      assert.deepEqual(await adapter.cache.get(key), values[added.indexOf(true)]);
    });

    it('refuses keys, values and times out of bounds', async () => {
      const { cache, maxValueBytes } = adapter;
      await assert.rejects(cache.get(''), { code: 'cache/bad-key' });
      await assert.rejects(cache.set('ü'.repeat(MAX_KEY_BYTES / 2 + 1), utf8('x'), ttl), { code: 'cache/bad-key' });
      await assert.rejects(cache.set(fresh(), new Uint8Array(maxValueBytes + 1), ttl), { code: 'cache/value-too-large' });
      for (const ttlMs of [0, -1, 0.5, Number.NaN]) await assert.rejects(cache.set(fresh(), utf8('x'), { ttlMs }), { code: 'cache/bad-ttl' });
    });

    it('answers its readiness check until closed, and nothing after', async () => {
      const { cache } = await makeAdapter();
      await cache.check();
      await cache.close();
      await cache.close();
      await assert.rejects(cache.check(), { code: 'cache/closed' });
      await assert.rejects(cache.get(fresh()), { code: 'cache/closed' });
    });
  });
}
