/** What may be forgotten at any time: a port, and the memory of this process or Redis behind it. */
export { type Cache, type CacheErrorCode, MAX_KEY_BYTES, type RateLimiter, type RateLimiterOptions } from './port.js';
export { MemoryCache, type MemoryCacheOptions } from './memory.js';
export { memoryLimiter } from './memory-limiter.js';
export { RedisCache, type RedisCacheOptions } from './redis.js';
export { cacheSettings, type CacheSettings, openCache, scopedCache } from './settings.js';
