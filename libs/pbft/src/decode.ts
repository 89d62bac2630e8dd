import { CodedError, type CborValue } from '@medveil/encoding';
import type { PbftErrorCode } from './errors.js';

/** Reads one decoded CBOR value as a T, or throws `pbft/bad-encoding`. Small on purpose: this is the hot path of every message. */
export type Decode<T> = (value: CborValue | undefined) => T;

export const malformed = (wanted: string): CodedError<PbftErrorCode> => new CodedError('pbft/bad-encoding', `expected ${wanted}`, { wanted });

/** Non-negative safe integer. */
export const count: Decode<number> = (value) => {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) throw malformed('a non-negative integer');
  return value;
};

export const flag: Decode<boolean> = (value) => {
  if (typeof value !== 'boolean') throw malformed('a boolean');
  return value;
};

export const bytesOf =
  (length: number): Decode<Uint8Array> =>
  (value) => {
    if (!(value instanceof Uint8Array) || value.length !== length) throw malformed(`${length} bytes`);
    return value;
  };

export const bytesUpTo =
  (most: number): Decode<Uint8Array> =>
  (value) => {
    if (!(value instanceof Uint8Array) || value.length > most) throw malformed(`at most ${most} bytes`);
    return value;
  };

export const nullable =
  <T>(decode: Decode<T>): Decode<T | null> =>
  (value) =>
    value === null ? null : decode(value);

export const list =
  <T>(decode: Decode<T>, most: number): Decode<readonly T[]> =>
  (value) => {
    if (!Array.isArray(value) || value.length > most) throw malformed(`a list of at most ${most}`);
    return (value as readonly CborValue[]).map((item) => decode(item));
  };

export const literal =
  <const T extends string>(...allowed: readonly T[]): Decode<T> =>
  (value) => {
    const found = allowed.find((name) => name === value);
    if (found === undefined) throw malformed(allowed.join(' or '));
    return found;
  };

/** An object with exactly these fields. */
export const fields = <T extends object>(shape: { readonly [K in keyof T]: Decode<T[K]> }): Decode<T> => {
  const names = Object.keys(shape) as (keyof T & string)[];
  return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Uint8Array) throw malformed('an object');
    const given = value as { readonly [key: string]: CborValue };
    if (Object.keys(given).length !== names.length) throw malformed(`an object with the fields ${names.join(', ')}`);
    const read: Partial<T> = {};
    for (const name of names) read[name] = shape[name](given[name]);
    return read as T;
  };
};
