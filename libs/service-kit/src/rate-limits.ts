import { type Cache, memoryLimiter, type RateLimiter } from '@medveil/cache';
import { CodedError, sha256, utf8 } from '@medveil/encoding';
import type { HttpErrorCode } from './errors.js';
import type { CounterMetric, ServiceMetrics } from './metrics.js';

const WINDOW_SECONDS = 60;

/**
 * Requests a minute per address and per credential. Callers are counted in one of 65,536 buckets by a hash, so that no number of
 * addresses makes the memory grow.
 */
export class RateLimits {
  readonly #address: RateLimiter;
  readonly #credential: RateLimiter;
  readonly #refused: CounterMetric<'limit'>;

  constructor({ perAddress, perCredential, metrics, cache = { limiter: memoryLimiter } }: {
    readonly perAddress: number;
    readonly perCredential: number;
    readonly metrics: ServiceMetrics;
    readonly cache?: Pick<Cache, 'limiter'>;
  }) {
    this.#refused = metrics.counter(
      { name: 'medveil_http_requests_limited_total', help: 'Requests refused since their address or their credential made too many.', labels: ['limit'] },
      [{ limit: 'address' }, { limit: 'credential' }],
    );
    this.#address = cache.limiter({ scope: 'address', calls: perAddress, windowSeconds: WINDOW_SECONDS });
    this.#credential = cache.limiter({ scope: 'credential', calls: perCredential, windowSeconds: WINDOW_SECONDS });
  }

  /** @throws CodedError `http/too-many-requests` with `retryAfterSeconds` */
  async countAddress(address: string): Promise<void> {
    await this.#count('address', this.#address, addressBlock(address));
  }

  /** @throws CodedError `http/too-many-requests` with `retryAfterSeconds` */
  async countCredential(subject: string): Promise<void> {
    await this.#count('credential', this.#credential, subject);
  }

  async #count(limit: 'address' | 'credential', limiter: RateLimiter, name: string): Promise<void> {
    const [high = 0, low = 0] = sha256(utf8(name));
    const waitMs = await limiter.count(String(high * 256 + low));
    if (waitMs === 0) return;
    this.#refused.add({ limit });
    throw new CodedError<HttpErrorCode>('http/too-many-requests', 'too many requests', { retryAfterSeconds: Math.ceil(waitMs / 1000) });
  }
}

/** An IPv6 customer has a whole /64: counting single addresses would be no limit. */
const addressBlock = (address: string): string =>
  address.includes(':') && !address.startsWith('::ffff:') ? address.split(':').slice(0, 4).join(':') : address;
