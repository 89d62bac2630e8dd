import { CodedError } from '@medveil/encoding';
import type { ByteRange } from '@medveil/object-store';

/**
 * One byte range of RFC 9110, section 14.2 (`bytes=a-b`, `bytes=a-`, `bytes=-n`); several, or another unit, mean the whole.
 * @throws CodedError `proxy/bad-range` where it lies outside the body
 */
export function parseRange(header: string | undefined, sizeBytes: number): ByteRange | undefined {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(header ?? '') ?? [];
  if (first === undefined || last === undefined || (first === '' && last === '')) return undefined;
  const startByte = first === '' ? Math.max(0, sizeBytes - Number(last)) : Number(first);
  const endByte = first === '' || last === '' ? sizeBytes : Math.min(Number(last) + 1, sizeBytes);
  if (startByte >= endByte) throw new CodedError('proxy/bad-range', 'the range lies outside the body', { sizeBytes });
  return { startByte, endByte };
}
