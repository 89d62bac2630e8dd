import { type Clock, secret } from '@medveil/encoding';
import { z } from 'zod';
import { MemoryCache } from './memory.js';
import type { Cache } from './port.js';
import { RedisCache } from './redis.js';

/** Of one value, whatever holds it. */
const maxValueBytes = z.int().min(1).default(1024 * 1024);

/** Which cache: a service's `cache` setting. */
export const cacheSettings = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('memory'),
    maxEntries: z.int().min(1).max(10_000_000).default(100_000),
    maxTotalBytes: z.int().min(1024).default(64 * 1024 * 1024),
    maxValueBytes,
  }),
  z.strictObject({
    kind: z.literal('redis'),
    /** redis://user:password@host:port, or rediss:// for TLS */
    url: secret(z.url({ protocol: /^rediss?$/ })),
    caFile: z.string().min(1).optional(),
    prefix: z.string().max(64).default('medveil:'),
    maxValueBytes,
    connectTimeoutMs: z.int().min(10).max(60_000).default(2_000),
    commandTimeoutMs: z.int().min(10).max(60_000).default(500),
    restMs: z.int().min(0).max(60_000).default(1_000),
  }),
]);
export type CacheSettings = z.infer<typeof cacheSettings>;

export function openCache(settings: CacheSettings, clock: Clock): Cache {
  if (settings.kind === 'memory') {
    const { kind: _kind, ...limits } = settings;
    return new MemoryCache({ ...limits, clock });
  }
  const { kind: _kind, caFile, ...options } = settings;
  return new RedisCache({ ...options, ...(caFile === undefined ? {} : { caFile }) });
}

/** A part of a cache under a prefix of its own: closing it closes nothing. */
export function scopedCache(cache: Cache, prefix: string): Cache {
  return {
    get: async (key) => cache.get(prefix + key),
    set: async (key, value, options) => cache.set(prefix + key, value, options),
    addIfAbsent: async (key, value, options) => cache.addIfAbsent(prefix + key, value, options),
    delete: async (key) => cache.delete(prefix + key),
    limiter: (options) => cache.limiter({ ...options, scope: prefix + options.scope }),
    check: async () => cache.check(),
    close: async () => undefined,
  };
}
