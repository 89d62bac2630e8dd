import type { Clock } from '@medveil/encoding';
import { LRUCache } from 'lru-cache';
import { assertEntry, assertKey, cacheError } from './errors.js';
import { memoryLimiter } from './memory-limiter.js';
import type { Cache, RateLimiter, RateLimiterOptions } from './port.js';

export interface MemoryCacheOptions {
  readonly clock: Clock;
  /** The least recently used entry goes first. */
  readonly maxEntries: number;
  /** Of keys and values together. */
  readonly maxTotalBytes: number;
  readonly maxValueBytes: number;
}

interface Entry {
  readonly value: Uint8Array;
  readonly expiresAtMs: number;
}

/** A cache in this process: bounded in entries and bytes. */
export class MemoryCache implements Cache {
  readonly #clock: Clock;
  readonly #maxValueBytes: number;
  readonly #entries: LRUCache<string, Entry>;
  #isClosed = false;

  constructor({ clock, maxEntries, maxTotalBytes, maxValueBytes }: MemoryCacheOptions) {
    this.#clock = clock;
    this.#maxValueBytes = maxValueBytes;
    this.#entries = new LRUCache({ max: maxEntries, maxSize: maxTotalBytes, sizeCalculation: ({ value }, key) => value.length + key.length });
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    this.#assertUsable(key);
    return this.#live(key)?.value.slice();
  }

  async set(key: string, value: Uint8Array, { ttlMs }: { ttlMs: number }): Promise<void> {
    this.#assertUsable(key);
    this.#write(key, value, ttlMs);
  }

  async addIfAbsent(key: string, value: Uint8Array, { ttlMs }: { ttlMs: number }): Promise<boolean> {
    this.#assertUsable(key);
    if (this.#live(key) !== undefined) return false;
    this.#write(key, value, ttlMs);
    return true;
  }

  async delete(key: string): Promise<boolean> {
    this.#assertUsable(key);
    const wasThere = this.#live(key) !== undefined;
    this.#entries.delete(key);
    return wasThere;
  }

  limiter(options: RateLimiterOptions): RateLimiter {
    return memoryLimiter(options);
  }

  async check(): Promise<void> {
    if (this.#isClosed) throw cacheError('cache/closed', 'the cache is closed');
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#entries.clear();
  }

  #live(key: string): Entry | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined || entry.expiresAtMs > this.#clock()) return entry;
    this.#entries.delete(key);
    return undefined;
  }

  #write(key: string, value: Uint8Array, ttlMs: number): void {
    assertEntry(value, ttlMs, this.#maxValueBytes);
    this.#entries.set(key, { value: value.slice(), expiresAtMs: this.#clock() + ttlMs });
  }

  #assertUsable(key: string): void {
    if (this.#isClosed) throw cacheError('cache/closed', 'the cache is closed');
    assertKey(key);
  }
}
