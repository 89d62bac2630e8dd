import { CodedError, sha256, utf8 } from '@medveil/encoding';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import type { HttpErrorCode } from './errors.js';

/**
 * Requests a minute per address and per credential, counted in this process. Callers are counted in one of 65,536 buckets by a
 * hash, so that no number of addresses makes the memory grow.
 */
export class RateLimits {
  readonly #address: RateLimiterMemory;
  readonly #credential: RateLimiterMemory;

  constructor(options: { readonly perAddress: number; readonly perCredential: number }) {
    this.#address = new RateLimiterMemory({ points: options.perAddress, duration: 60 });
    this.#credential = new RateLimiterMemory({ points: options.perCredential, duration: 60 });
  }

  /** @throws CodedError `http/too-many-requests` with `retryAfterSeconds` */
  async countAddress(address: string): Promise<void> {
    await consume(this.#address, addressBlock(address));
  }

  /** @throws CodedError `http/too-many-requests` with `retryAfterSeconds` */
  async countCredential(subject: string): Promise<void> {
    await consume(this.#credential, subject);
  }
}

/** An IPv6 customer has a whole /64: counting single addresses would be no limit. */
const addressBlock = (address: string): string =>
  address.includes(':') && !address.startsWith('::ffff:') ? address.split(':').slice(0, 4).join(':') : address;

async function consume(limiter: RateLimiterMemory, name: string): Promise<void> {
  const [high = 0, low = 0] = sha256(utf8(name));
  try {
    await limiter.consume(String(high * 256 + low));
  } catch (error) {
    if (!(error instanceof RateLimiterRes)) throw error;
    const retryAfterSeconds = Math.max(1, Math.ceil(error.msBeforeNext / 1000));
    throw new CodedError<HttpErrorCode>('http/too-many-requests', 'too many requests', { retryAfterSeconds });
  }
}

