import { readCanonical } from './canonical-reader.js';
import { writeCanonical } from './canonical-writer.js';
import type { CborValue } from './cbor-forms.js';
import { CodedError } from './errors.js';

export type { CborValue } from './cbor-forms.js';

/**
 * Deterministic DAG-CBOR (the IPLD specification, without links): one value has exactly one encoding.
 * @throws TypeError, RangeError for what is no `CborValue`, and for what is nested more than 256 deep
 */
export const encodeCanonical = (value: CborValue): Uint8Array => writeCanonical(value);

/**
 * Decodes strict DAG-CBOR and refuses every encoding that `encodeCanonical` would not have made,
 * so that a signed value cannot travel under two byte strings.
 * @throws CodedError `encoding/not-canonical`
 */
export function decodeCanonical(bytes: Uint8Array): CborValue {
  try {
    return readCanonical(bytes);
  } catch (cause) {
    throw new CodedError('encoding/not-canonical', 'not canonical DAG-CBOR', { bytes: bytes.length }, { cause });
  }
}
