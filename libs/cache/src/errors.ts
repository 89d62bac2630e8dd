import { CodedError, utf8 } from '@medveil/encoding';
import { type CacheErrorCode, MAX_KEY_BYTES } from './port.js';

export const cacheError = (code: CacheErrorCode, message: string, details: Readonly<Record<string, string | number>> = {}): CodedError<CacheErrorCode> =>
  new CodedError<CacheErrorCode>(code, message, details);

/** @throws CodedError `cache/bad-key` */
export function assertKey(key: string): void {
  const bytes = utf8(key).length;
  if (bytes === 0 || bytes > MAX_KEY_BYTES) throw cacheError('cache/bad-key', 'a key has 1 to 512 bytes', { bytes });
}

/** @throws CodedError `cache/value-too-large`, `cache/bad-ttl` */
export function assertEntry(value: Uint8Array, ttlMs: number, maxValueBytes: number): void {
  if (value.length > maxValueBytes) throw cacheError('cache/value-too-large', 'value above the limit', { bytes: value.length, maxBytes: maxValueBytes });
  if (!Number.isSafeInteger(ttlMs) || ttlMs <= 0) throw cacheError('cache/bad-ttl', 'a time to live is a positive number of milliseconds', { ttlMs });
}
