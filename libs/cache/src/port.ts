/**
 * A cache: what it holds may vanish at any moment (eviction, restart, a lost server), so it is never the truth
 * about anything. Losing it must lose no data and open no door: callers keep the truth of replay and idempotency in
 * the database and use the cache only to answer the common case sooner.
 * Keys are at most MAX_KEY_BYTES of UTF-8; values are bytes.
 */
export interface Cache {
  /** @returns the value, or undefined where there is none or its time is over */
  get(key: string): Promise<Uint8Array | undefined>;
  /** Writes or overwrites. @throws CodedError `cache/value-too-large`, `cache/bad-key`, `cache/bad-ttl` */
  set(key: string, value: Uint8Array, options: { ttlMs: number }): Promise<void>;
  /**
   * Writes only where nothing is: one atomic step, the building block of replay guards.
   * @returns true for the one caller that wrote
   */
  addIfAbsent(key: string, value: Uint8Array, options: { ttlMs: number }): Promise<boolean>;
  /** @returns whether there was something to delete */
  delete(key: string): Promise<boolean>;
  /** Resolves where the cache answers: a readiness check. */
  check(): Promise<void>;
  /** Frees everything. Idempotent; any other call afterwards throws `cache/closed`. */
  close(): Promise<void>;
}

export const MAX_KEY_BYTES = 512;

export type CacheErrorCode = 'cache/bad-key' | 'cache/bad-ttl' | 'cache/value-too-large' | 'cache/closed';
