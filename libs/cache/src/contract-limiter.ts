import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Cache } from './port.js';

/** What counting calls must hold on every cache. */
export function describeRateLimiterContract(name: string, makeCache: () => Promise<Cache>): void {
  describe(`rate limiter: ${name}`, () => {
    let cache: Cache;
    let counter = 0;
    before(async () => { cache = await makeCache(); });
    after(async () => cache.close());
    const fresh = (calls: number) => cache.limiter({ scope: `contract-${process.pid}-${(counter += 1)}`, calls, windowSeconds: 3_600 });

    it('lets so many calls through under a name, however many come at once, and says of the others when to come again', async () => {
      const limiter = fresh(5);
      const waits = await Promise.all(Array.from({ length: 12 }, async () => limiter.count('alice')));
      assert.equal(waits.filter((waitMs) => waitMs === 0).length, 5);
      for (const waitMs of waits.filter((each) => each !== 0)) assert.ok(waitMs > 0 && waitMs <= 3_600_000);
      assert.equal(await limiter.count('bob'), 0);
    });

    it('keeps limiters of different scopes apart', async () => {
      const [a, b] = [fresh(1), fresh(1)];
      assert.equal(await a.count('alice'), 0);
      assert.equal(await b.count('alice'), 0);
      assert.notEqual(await a.count('alice'), 0);
    });
  });
}
