import { base64urlnopad, hex } from '@scure/base';
import { concatBytes } from '@noble/hashes/utils.js';
import { CodedError } from './errors.js';

export { concatBytes };

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

export const utf8 = (text: string): Uint8Array => encoder.encode(text);

/** @throws CodedError `encoding/bad-text` where the bytes are not UTF-8. */
export const fromUtf8 = (bytes: Uint8Array): string => guarded('UTF-8', () => decoder.decode(bytes));

/** Lower-case hexadecimal. */
export const toHex = (bytes: Uint8Array): string => hex.encode(bytes);

/** @throws CodedError `encoding/bad-text` */
export const fromHex = (text: string): Uint8Array => guarded('hexadecimal', () => hex.decode(text));

/** RFC 4648 section 5, without padding. */
export const toBase64Url = (bytes: Uint8Array): string => base64urlnopad.encode(bytes);

/** @throws CodedError `encoding/bad-text` */
export const fromBase64Url = (text: string): Uint8Array => guarded('base64url', () => base64urlnopad.decode(text));

/** Equality of public bytes; secrets are compared with `timingSafeEqual` of node:crypto. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

function guarded<T>(format: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw new CodedError('encoding/bad-text', `not valid ${format}`, { format }, { cause });
  }
}
