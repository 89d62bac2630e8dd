import { CodedError } from './errors.js';

/** Views of the same memory: node's codecs are native code, and blocks have megabytes. */
const buffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);

export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

export const utf8 = (text: string): Uint8Array => encoder.encode(text);

/** @throws CodedError `encoding/bad-text` where the bytes are not UTF-8. */
export const fromUtf8 = (bytes: Uint8Array): string => guarded('UTF-8', () => decoder.decode(bytes));

/** Lower-case hexadecimal. */
export const toHex = (bytes: Uint8Array): string => buffer(bytes).toString('hex');

/** @throws CodedError `encoding/bad-text` */
export const fromHex = (text: string): Uint8Array => exactly('hexadecimal', 'hex', text.toLowerCase());

/** RFC 4648 section 5, without padding. */
export const toBase64Url = (bytes: Uint8Array): string => buffer(bytes).toString('base64url');

/** @throws CodedError `encoding/bad-text` */
export const fromBase64Url = (text: string): Uint8Array => exactly('base64url', 'base64url', text);

/** Equality of public bytes; secrets are compared with `timingSafeEqual` of node:crypto. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && Buffer.compare(a, b) === 0;
}

/** Node's decoders skip what they do not know: only what they would write themselves is taken. */
function exactly(format: string, encoding: 'base64url' | 'hex', text: string): Uint8Array {
  const decoded = Buffer.from(text, encoding);
  if (decoded.toString(encoding) !== text) throw new CodedError('encoding/bad-text', `not valid ${format}`, { format });
  return Uint8Array.from(decoded);
}

function guarded<T>(format: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw new CodedError('encoding/bad-text', `not valid ${format}`, { format }, { cause });
  }
}
