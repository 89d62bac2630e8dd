import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { utf8 } from '@medveil/encoding';
import { describeCacheContract } from './contract.js';
import { describeRateLimiterContract } from './contract-limiter.js';
import { cacheSettings, MemoryCache, openCache, scopedCache } from './index.js';

describeCacheContract('memory', async () => {
  let nowMs = 1_000;
  const cache = new MemoryCache({ clock: () => nowMs, maxEntries: 1_000, maxTotalBytes: 1_000_000, maxValueBytes: 1_000 });
  return { cache, maxValueBytes: 1_000, advance: async (ms) => { nowMs += ms; } };
});

describeRateLimiterContract('memory', async () => openCache(cacheSettings.parse({ kind: 'memory' }), () => 0));

describe('memory cache', () => {
  it('stays within its entries and its bytes, and drops the least recently used first', async () => {
    const cache = new MemoryCache({ clock: () => 0, maxEntries: 3, maxTotalBytes: 100, maxValueBytes: 90 });
    for (const key of ['a', 'b', 'c']) await cache.set(key, utf8(key), { ttlMs: 1 });
    await cache.get('a');
    await cache.set('d', utf8('d'), { ttlMs: 1 });
    assert.deepEqual([await cache.get('a'), await cache.get('b')], [utf8('a'), undefined]);
    await cache.set('large', new Uint8Array(90), { ttlMs: 1 });
    assert.equal(await cache.get('c'), undefined);
  });
});

describe('scoped cache', () => {
  it('shares the store and not the keys', async () => {
    const cache = openCache(cacheSettings.parse({ kind: 'memory' }), () => 0);
    const [a, b] = [scopedCache(cache, 'a:'), scopedCache(cache, 'b:')];
    await a.set('k', utf8('1'), { ttlMs: 5 });
    assert.equal(await b.get('k'), undefined);
    await a.close();
    assert.deepEqual(await cache.get('a:k'), utf8('1'));
  });
});
