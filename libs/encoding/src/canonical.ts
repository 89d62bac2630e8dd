import * as dagCbor from '@ipld/dag-cbor';
import { equalBytes } from './bytes.js';
import { CodedError } from './errors.js';

/** What may be signed or hashed: no floats by convention, no undefined, no maps with other than string keys. */
export type CborValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly CborValue[]
  | { readonly [key: string]: CborValue };

/** Deterministic DAG-CBOR: one value has exactly one encoding. */
export function encodeCanonical(value: CborValue): Uint8Array {
  return dagCbor.encode(value);
}

/**
 * Decodes strict DAG-CBOR and refuses every encoding that `encodeCanonical` would not have made,
 * so that a signed value cannot travel under two byte strings.
 * @throws CodedError `encoding/not-canonical`
 */
export function decodeCanonical(bytes: Uint8Array): CborValue {
  let value: CborValue;
  try {
    value = dagCbor.decode<CborValue>(bytes);
  } catch (cause) {
    throw new CodedError('encoding/not-canonical', 'not valid DAG-CBOR', { bytes: bytes.length }, { cause });
  }
  if (!equalBytes(dagCbor.encode(value), bytes)) {
    throw new CodedError('encoding/not-canonical', 'DAG-CBOR in a non-canonical form', { bytes: bytes.length });
  }
  return value;
}
