import { BytesWrapper, CidLinkWrapper, decode, encode, toBytes } from '@atcute/cbor';
import { equalBytes } from './bytes.js';
import { CodedError } from './errors.js';
import { isWellFormed } from './well-formed.js';

/** What may be signed or hashed: safe integers (no floats by convention), no undefined, no maps with other than string keys. */
export type CborValue =
  | null
  | boolean
  | number
  | string
  | Uint8Array
  | readonly CborValue[]
  | { readonly [key: string]: CborValue };

/**
 * Deterministic DAG-CBOR: one value has exactly one encoding.
 * @throws TypeError, RangeError where the value is none of `CborValue`
 */
export function encodeCanonical(value: CborValue): Uint8Array {
  // A copy: the library hands out parts of larger buffers, which a value that is kept would keep, too.
  return new Uint8Array(encode(wrapped(value)));
}

/**
 * Decodes strict DAG-CBOR and refuses every encoding that `encodeCanonical` would not have made,
 * so that a signed value cannot travel under two byte strings.
 * @returns a value that shares no memory with `bytes`
 * @throws CodedError `encoding/not-canonical`
 */
export function decodeCanonical(bytes: Uint8Array): CborValue {
  if (!isWellFormed(bytes)) throw new CodedError('encoding/not-canonical', 'not one CBOR item', { bytes: bytes.length });
  let value: CborValue;
  let again: Uint8Array;
  try {
    const read: unknown = decode(bytes);
    // Whole numbers as floats and text that is not UTF-8 are all that the library reads and would not have written.
    again = encode(read);
    value = unwrapped(read);
  } catch (cause) {
    throw new CodedError('encoding/not-canonical', 'not valid DAG-CBOR', { bytes: bytes.length }, { cause });
  }
  if (!equalBytes(again, bytes)) {
    throw new CodedError('encoding/not-canonical', 'DAG-CBOR in a non-canonical form', { bytes: bytes.length });
  }
  return value;
}

/** Names that mean something to the library (byte strings and links in their JSON form) or to the language. */
const RESERVED_KEYS: ReadonlySet<string> = new Set(['$bytes', '$link', '__proto__', 'constructor']);

function wrapped(value: unknown): unknown {
  if (typeof value === 'undefined') throw new TypeError('undefined has no encoding');
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Uint8Array) return toBytes(value);
  if (Array.isArray(value)) return value.map(wrapped);
  return wrappedMap(value);
}

function wrappedMap(map: object): Record<string, unknown> {
  if (Object.prototype.toString.call(map) !== '[object Object]') throw new TypeError('an object of this class has no encoding');
  const result: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(map)) {
    requireKey(key);
    result[key] = wrapped(value);
  }
  return result;
}

/** In place: nobody else has what has just been read. */
function unwrapped(value: unknown): CborValue {
  if (typeof value !== 'object' || value === null) return value as CborValue;
  // As a copy: a kept part does not keep the whole, and whose buffer the whole is does not matter.
  if (value instanceof BytesWrapper) return new Uint8Array(value.buf);
  if (value instanceof CidLinkWrapper) throw new TypeError('links are not used');
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index += 1) value[index] = unwrapped(value[index]);
    return value;
  }
  const map = value as Record<string, unknown>;
  for (const key of Object.keys(map)) {
    requireKey(key);
    const entry = map[key];
    if (typeof entry === 'object' && entry !== null) map[key] = unwrapped(entry);
  }
  return map as CborValue;
}

function requireKey(key: string): void {
  if (RESERVED_KEYS.has(key)) throw new TypeError(`${key} is not used as a key`);
}
