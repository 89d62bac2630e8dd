import { readFileSync } from 'node:fs';
import { Redis } from 'ioredis';
import { assertEntry, assertKey, cacheError } from './errors.js';
import type { Cache, RateLimiter, RateLimiterOptions } from './port.js';
import { redisLimiter } from './redis-limiter.js';

export interface RedisCacheOptions {
  /** redis:// or rediss:// (TLS), with user and password in it */
  readonly url: string;
  /** PEM of the authority that signed the server's certificate; absent: the system's. */
  readonly caFile?: string;
  /** Before every key: several deployments may share a server. */
  readonly prefix: string;
  readonly maxValueBytes: number;
  readonly connectTimeoutMs: number;
  /** Longest wait for an answer; a cache that is slower than the work it saves is none. */
  readonly commandTimeoutMs: number;
  /** After an answer that did not come in time the server counts as away for so long, and is not asked. */
  readonly restMs: number;
}

const LONGEST_RECONNECT_MS = 2_000;

/** Redis as a cache. It may be away, slow, or come back empty: reads miss then, and nothing waits for it longer than told. */
export class RedisCache implements Cache {
  readonly #client: Redis;
  readonly #options: RedisCacheOptions;
  /** Settles when the first connection stands, or did not come to stand in time. */
  readonly #connected: Promise<void>;
  #restUntilMs = 0;
  #closed: Promise<void> | undefined;

  constructor(options: RedisCacheOptions) {
    const { url, caFile, connectTimeoutMs, commandTimeoutMs } = options;
    this.#options = options;
    this.#client = new Redis(url, {
      connectTimeout: connectTimeoutMs,
      commandTimeout: commandTimeoutMs,
      protocol: 3,
      // Commands fail at once while there is no connection, instead of waiting for one.
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      retryStrategy: (times) => Math.min(50 * 2 ** Math.min(times, 10), LONGEST_RECONNECT_MS),
      ...(caFile === undefined ? {} : { tls: { ca: readFileSync(caFile) } }),
    });
    this.#connected = new Promise((resolve) => {
      const timer = setTimeout(resolve, connectTimeoutMs);
      const settle = () => {
        clearTimeout(timer);
        resolve();
      };
      this.#client.once('ready', settle).once('error', settle).once('end', settle);
    });
    // It reconnects by itself; a command in the meantime says so.
    this.#client.on('error', () => undefined);
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    this.#assertUsable(key);
    const value = await this.#ask(async () => this.#client.getBuffer(this.#name(key))).catch(missed(null));
    return value === null ? undefined : new Uint8Array(value);
  }

  async set(key: string, value: Uint8Array, { ttlMs }: { ttlMs: number }): Promise<void> {
    this.#assertUsable(key);
    assertEntry(value, ttlMs, this.#options.maxValueBytes);
    await this.#ask(async () => this.#client.set(this.#name(key), Buffer.from(value), 'PX', ttlMs)).catch(missed(null));
  }

  async addIfAbsent(key: string, value: Uint8Array, { ttlMs }: { ttlMs: number }): Promise<boolean> {
    this.#assertUsable(key);
    assertEntry(value, ttlMs, this.#options.maxValueBytes);
    return (await this.#ask(async () => this.#client.set(this.#name(key), Buffer.from(value), 'PX', ttlMs, 'NX'))) === 'OK';
  }

  async delete(key: string): Promise<boolean> {
    this.#assertUsable(key);
    return (await this.#ask(async () => this.#client.del(this.#name(key)))) > 0;
  }

  limiter(options: RateLimiterOptions): RateLimiter {
    const limiter = redisLimiter(this.#client, this.#options.prefix, options);
    return {
      count: async (name) => {
        await this.#connected;
        return limiter.count(name);
      },
    };
  }

  async check(): Promise<void> {
    this.#assertOpen();
    this.#restUntilMs = 0;
    await this.#ask(async () => this.#client.ping());
  }

  async close(): Promise<void> {
    this.#closed ??= this.#end();
    return this.#closed;
  }

  async #end(): Promise<void> {
    await this.#client.quit().catch(() => undefined);
    this.#client.disconnect();
  }

  /** @throws CodedError `cache/unavailable` */
  async #ask<T>(command: () => Promise<T>): Promise<T> {
    await this.#connected;
    if (performance.now() < this.#restUntilMs) throw away();
    try {
      return await command();
    } catch (error) {
      if (error instanceof Error && error.message === 'Command timed out') this.#restUntilMs = performance.now() + this.#options.restMs;
      throw away();
    }
  }

  #name(key: string): string {
    return `${this.#options.prefix}${key}`;
  }

  #assertUsable(key: string): void {
    this.#assertOpen();
    assertKey(key);
  }

  #assertOpen(): void {
    if (this.#closed !== undefined) throw cacheError('cache/closed', 'the cache is closed');
  }
}

const away = () => cacheError('cache/unavailable', 'the cache does not answer');

/** What a read or a write of a cache that is away comes to. */
const missed = <T>(value: T) => (): T => value;
