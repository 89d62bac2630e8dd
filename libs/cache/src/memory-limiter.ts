import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import type { RateLimiter, RateLimiterOptions } from './port.js';

/** Counts in this process, in fixed windows that begin with the first call. */
export function memoryLimiter({ calls, windowSeconds }: RateLimiterOptions): RateLimiter {
  const limiter = new RateLimiterMemory({ points: calls, duration: windowSeconds });
  return { count: async (name) => refusalMs(limiter.consume(name)) };
}

/** @returns 0 where the call was counted, else the wait that a refusal of rate-limiter-flexible asks for */
export async function refusalMs(consumed: Promise<RateLimiterRes>): Promise<number> {
  try {
    await consumed;
    return 0;
  } catch (error) {
    if (error instanceof RateLimiterRes) return Math.max(1, error.msBeforeNext);
    throw error;
  }
}
