/** What may be forgotten at any time: a port, and the memory of this process behind it. */
export { type Cache, type CacheErrorCode, MAX_KEY_BYTES } from './port.js';
export { MemoryCache, type MemoryCacheOptions } from './memory.js';
export { cacheSettings, type CacheSettings, openCache, scopedCache } from './settings.js';
