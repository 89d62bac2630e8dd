import type { Redis } from 'ioredis';
import { RateLimiterMemory, RateLimiterRedis } from 'rate-limiter-flexible';
import { refusalMs } from './memory-limiter.js';
import type { RateLimiter, RateLimiterOptions } from './port.js';

/**
 * A sliding window from two counters: the calls of the window before count by the share of it that still overlaps the last
 * `window`. Windows begin with a first call. A refused call is not counted, so that waiting as told helps.
 * KEYS[1]: a hash {start, before, now}. ARGV: calls to add, seconds of a window, calls allowed.
 * @returns {calls within the window, this one included, milliseconds until one fits}
 */
const SLIDING_WINDOW = `
local time = redis.call('time')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local window = ARGV[2] * 1000
local found = redis.call('hmget', KEYS[1], 'start', 'before', 'now')
local start, before, count = tonumber(found[1]), tonumber(found[2]) or 0, tonumber(found[3]) or 0
if not start or now - start >= 2 * window then
  start, before, count = now, 0, 0
elseif now - start >= window then
  start, before, count = start + window, count, 0
end
local left = start + window - now
local used = math.ceil(before * left / window) + count + ARGV[1]
if used > tonumber(ARGV[3]) then
  local wait = left
  if count + ARGV[1] <= tonumber(ARGV[3]) and before > 0 then
    wait = math.ceil(left - (ARGV[3] - count - ARGV[1]) * window / before)
  end
  return {used, math.max(wait, 1)}
end
redis.call('hset', KEYS[1], 'start', start, 'before', before, 'now', count + ARGV[1])
redis.call('pexpire', KEYS[1], 2 * window)
return {used, left}
`;

/** Counts in Redis; where it does not answer, in this process (in fixed windows). */
export function redisLimiter(client: Redis, prefix: string, { scope, calls, windowSeconds }: RateLimiterOptions): RateLimiter {
  const limiter = new RateLimiterRedis({
    storeClient: client,
    keyPrefix: `${prefix}limit:${scope}`,
    points: calls,
    duration: windowSeconds,
    customIncrTtlLuaScript: SLIDING_WINDOW,
    rejectIfRedisNotReady: true,
    insuranceLimiter: new RateLimiterMemory({ keyPrefix: scope, points: calls, duration: windowSeconds }),
  });
  return { count: async (name) => refusalMs(limiter.consume(name)) };
}
