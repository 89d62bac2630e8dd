import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { utf8 } from '@medveil/encoding';
import { Redis } from 'ioredis';
import { type RunningServer, startServer, testEndpoint } from '../../../scripts/servers/index.mjs';
import { describeCacheContract } from './contract.js';
import { describeRateLimiterContract } from './contract-limiter.js';
import { cacheSettings, openCache, type RateLimiterOptions } from './index.js';

const clock = () => Date.now();
const open = (url: string, change: object = {}) => openCache(cacheSettings.parse({ kind: 'redis', url, maxValueBytes: 1_000, prefix: 'test:', ...change }), clock);

describeCacheContract('Redis', async () => ({
  cache: open(testEndpoint('redis')),
  maxValueBytes: 1_000,
  advance: async (ms) => new Promise((resolve) => { setTimeout(resolve, ms + 20); }),
}));
describeRateLimiterContract('Redis', async () => open(testEndpoint('redis')));

describe('rate limiter: Redis', () => {
  it('slides: calls of the window before count by their share of the last window', async () => {
    const cache = open(testEndpoint('redis'));
    const direct = new Redis(testEndpoint('redis'));
    const options: RateLimiterOptions = { scope: `sliding-${process.pid}`, calls: 10, windowSeconds: 3_600 };
    const key = `test:limit:${options.scope}:alice`;
    const limiter = cache.limiter(options);
    const countAll = async () => {
      let through = 0;
      while ((await limiter.count('alice')) === 0) through += 1;
      return through;
    };
    const moveBack = async (seconds: number) => direct.hset(key, 'start', Number(await direct.hget(key, 'start')) - seconds * 1_000);
    try {
      assert.equal(await countAll(), 10);
      await moveBack(3_600);
      assert.equal(await countAll(), 0, 'right after its end a full window still counts in full');
      await moveBack(1_800);
      assert.equal(await countAll(), 5, 'half a window later half of it counts');
      assert.ok((await direct.pttl(key)) > 0, 'and it is forgotten in the end');
    } finally {
      await direct.del(key);
      direct.disconnect();
      await cache.close();
    }
  });

  it('is shared by the instances of a service', async () => {
    const [a, b] = [open(testEndpoint('redis')), open(testEndpoint('redis'))];
    const options: RateLimiterOptions = { scope: `shared-${process.pid}`, calls: 2, windowSeconds: 3_600 };
    const waits = [await a.limiter(options).count('alice'), await b.limiter(options).count('alice'), await a.limiter(options).count('alice')];
    await Promise.all([a.close(), b.close()]);
    assert.deepEqual(waits.map((waitMs) => waitMs > 0), [false, false, true]);
  });
});

const withServer = async (run: (server: RunningServer) => Promise<void>) => {
  const server = await startServer('redis', { persistent: false });
  try {
    await run(server);
  } finally {
    await server.stop();
  }
};

describe('a Redis that is killed and comes back empty', () => {
  it('misses meanwhile, counts calls in this process, pretends nothing, and serves again by itself', async () => {
    await withServer(async (server) => {
      const cache = open(server.endpoint);
      const limiter = cache.limiter({ scope: 'calls', calls: 2, windowSeconds: 3_600 });
      await cache.set('kept', utf8('x'), { ttlMs: 60_000 });
      assert.equal(await limiter.count('alice'), 0);
      await server.kill();

      assert.equal(await cache.get('kept'), undefined);
      await cache.set('lost', utf8('x'), { ttlMs: 60_000 });
      for (const unknown of [cache.addIfAbsent('kept', utf8('y'), { ttlMs: 60_000 }), cache.delete('kept'), cache.check()]) {
        await assert.rejects(unknown, { code: 'cache/unavailable' });
      }
      assert.deepEqual([await limiter.count('alice'), await limiter.count('alice'), (await limiter.count('alice')) > 0], [0, 0, true]);

      await server.restart();
      while (await cache.check().then(() => false, () => true)) await new Promise((resolve) => { setTimeout(resolve, 20); });
      assert.equal(await cache.get('kept'), undefined, 'it is empty');
      assert.equal(await cache.addIfAbsent('kept', utf8('y'), { ttlMs: 60_000 }), true);
      assert.equal(await limiter.count('alice'), 0);
      await cache.close();
    });
  });

  it('that hangs is not waited for again and again', async () => {
    await withServer(async (server) => {
      const cache = open(server.endpoint, { commandTimeoutMs: 50, restMs: 60_000 });
      await cache.check();
      server.signal('SIGSTOP');
      assert.equal(await cache.get('key'), undefined);
      server.signal('SIGCONT');
      assert.equal(await cache.get('key'), undefined);
      await assert.rejects(cache.addIfAbsent('key', utf8('x'), { ttlMs: 1_000 }), { code: 'cache/unavailable' }, 'it rests');
      await cache.check();
      assert.equal(await cache.addIfAbsent('key', utf8('x'), { ttlMs: 1_000 }), true);
      await cache.close();
    });
  });

  it('that is away from the start is awaited once, and found when it comes', async () => {
    await withServer(async (server) => {
      await server.kill();
      const cache = open(server.endpoint, { connectTimeoutMs: 100 });
      assert.equal(await cache.get('key'), undefined);
      await server.restart();
      while (await cache.check().then(() => false, () => true)) await new Promise((resolve) => { setTimeout(resolve, 20); });
      await cache.close();
    });
  });
});
