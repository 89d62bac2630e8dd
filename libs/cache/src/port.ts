/**
 * A cache: what it holds may vanish at any moment (eviction, restart, a lost server), so it is never the truth
 * about anything. Losing it must lose no data and open no door: callers keep the truth of replay and idempotency in
 * the database and use the cache only to answer the common case sooner.
 * Keys are at most MAX_KEY_BYTES of UTF-8; values are bytes.
 */
export interface Cache {
  /** @returns the value, or undefined where there is none, its time is over, or the server is away */
  get(key: string): Promise<Uint8Array | undefined>;
  /** Writes or overwrites; where the server is away, nothing is written. @throws CodedError `cache/value-too-large`, `cache/bad-key`, `cache/bad-ttl` */
  set(key: string, value: Uint8Array, options: { ttlMs: number }): Promise<void>;
  /**
   * Writes only where nothing is: one atomic step, the building block of replay guards.
   * @returns true for the one caller that wrote
   * @throws CodedError `cache/unavailable`: whether somebody wrote is not known then, and the caller must not assume it
   */
  addIfAbsent(key: string, value: Uint8Array, options: { ttlMs: number }): Promise<boolean>;
  /** @returns whether there was something to delete. @throws CodedError `cache/unavailable`: it may still be there */
  delete(key: string): Promise<boolean>;
  /** Counts calls under names of its own; all instances of a service that share the server count together. */
  limiter(options: RateLimiterOptions): RateLimiter;
  /** Resolves where the cache answers: a readiness check. @throws CodedError `cache/unavailable` */
  check(): Promise<void>;
  /** Frees everything. Idempotent; any other call afterwards throws `cache/closed`. */
  close(): Promise<void>;
}

export interface RateLimiterOptions {
  /** Keeps the names of one limiter apart from those of another. */
  readonly scope: string;
  /** Calls under one name within any window. */
  readonly calls: number;
  /** Whole seconds. */
  readonly windowSeconds: number;
}

export interface RateLimiter {
  /**
   * Counts a call, unless there were too many. Never throws: where the server is away, this process counts by itself.
   * @returns 0, or the milliseconds after which another try makes sense
   */
  count(name: string): Promise<number>;
}

export const MAX_KEY_BYTES = 512;

export type CacheErrorCode = 'cache/bad-key' | 'cache/bad-ttl' | 'cache/value-too-large' | 'cache/closed' | 'cache/unavailable';
