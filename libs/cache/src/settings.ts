import type { Clock } from '@medveil/encoding';
import { z } from 'zod';
import { MemoryCache } from './memory.js';
import type { Cache } from './port.js';

/** Which cache: a service's `cache` setting. One kind so far; others join the union. */
export const cacheSettings = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('memory'),
    maxEntries: z.int().min(1).max(10_000_000).default(100_000),
    maxTotalBytes: z.int().min(1024).default(64 * 1024 * 1024),
    maxValueBytes: z.int().min(1).default(1024 * 1024),
  }),
]);
export type CacheSettings = z.infer<typeof cacheSettings>;

export function openCache(settings: CacheSettings, clock: Clock): Cache {
  const { kind: _kind, ...limits } = settings;
  return new MemoryCache({ ...limits, clock });
}

/** A part of a cache under a prefix of its own: closing it closes nothing. */
export function scopedCache(cache: Cache, prefix: string): Cache {
  return {
    get: async (key) => cache.get(prefix + key),
    set: async (key, value, options) => cache.set(prefix + key, value, options),
    addIfAbsent: async (key, value, options) => cache.addIfAbsent(prefix + key, value, options),
    delete: async (key) => cache.delete(prefix + key),
    check: async () => cache.check(),
    close: async () => undefined,
  };
}
