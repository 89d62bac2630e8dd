import { toHex } from '@medveil/encoding';
import { storeError } from './errors.js';
import type { ByteRange, ExpectedContent } from './port.js';

/** @throws CodedError `object-store/bad-key`, `object-store/too-large` */
export function assertExpected(sha256Hex: string, { sha256, sizeBytes }: ExpectedContent, maxObjectBytes: number): void {
  if (toHex(sha256) !== sha256Hex) throw storeError('object-store/bad-key', 'the key is not that of the expected digest');
  if (!Number.isSafeInteger(sizeBytes) || sizeBytes < 0 || sizeBytes > maxObjectBytes) {
    throw storeError('object-store/too-large', 'object above the limit', { sizeBytes, maxBytes: maxObjectBytes });
  }
}

/** @throws CodedError `object-store/bad-range` */
export function assertRange({ startByte, endByte }: ByteRange, sizeBytes: number): void {
  const isRange = Number.isSafeInteger(startByte) && Number.isSafeInteger(endByte) && startByte >= 0 && startByte < endByte && endByte <= sizeBytes;
  if (!isRange) throw storeError('object-store/bad-range', 'not a range of the object', { startByte, endByte, sizeBytes });
}
