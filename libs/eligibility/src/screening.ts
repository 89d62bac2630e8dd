/** A record as it is searched, without its tree: what `explain` needs, small enough to keep thousands at hand. */
import { bytesToInteger, FIELD_BYTES, fieldToBytes } from './field.js';
import { eligibilityError } from './errors.js';
import { encodeValue, KEY_BYTES, LOW_KEY, type Observation } from './observation.js';
import { keyedObservations } from './part-tree.js';
import { PART_TYPES, type PartType } from './parts.js';
import type { DatePrecision } from './record.js';

/** A leaf of an observation subtree, as far as it is searched. */
export interface SearchableLeaf {
  readonly key: bigint;
  readonly value: bigint;
}

/** Leaves sorted by key, the low sentinel first: a `RecordTree` is one, and so is an index that was read. */
export interface SearchableRecord {
  readonly parts: Readonly<Record<PartType, { readonly leaves: readonly SearchableLeaf[] }>>;
  readonly datePrecision: DatePrecision;
}

const VERSION = 1;
const HEADER_BYTES = 2;
const COUNT_BYTES = 4;
const LEAF_BYTES = KEY_BYTES + FIELD_BYTES;

/**
 * The index of a record: version, date precision, and for each part type the number of its leaves and the leaves, key (21 bytes) and
 * value (32 bytes). It says what the record says, and is as private.
 * @throws CodedError `eligibility/bad-observation`, `eligibility/too-many-observations`
 */
export function encodeIndex(observations: Readonly<Record<PartType, readonly Observation[]>>, datePrecision: DatePrecision): Uint8Array {
  const parts = PART_TYPES.map((part) => keyedObservations(part, observations[part]));
  const bytes = new Uint8Array(HEADER_BYTES + parts.reduce((sum, leaves) => sum + COUNT_BYTES + (leaves.length + 1) * LEAF_BYTES, 0));
  const view = new DataView(bytes.buffer);
  bytes.set([VERSION, datePrecision === 'day' ? 0 : 1]);
  let at = HEADER_BYTES;
  for (const leaves of parts) {
    view.setUint32(at, leaves.length + 1);
    at += COUNT_BYTES;
    for (const { key, value } of [{ key: LOW_KEY, value: 0n }, ...leaves.map((leaf) => ({ key: leaf.key, value: encodeValue(leaf.observation.value) }))]) {
      bytes.set(fieldToBytes(key).subarray(FIELD_BYTES - KEY_BYTES), at);
      bytes.set(fieldToBytes(value), at + KEY_BYTES);
      at += LEAF_BYTES;
    }
  }
  return bytes;
}

/**
 * Reads an index; a part's leaves are read when they are looked at.
 * @throws CodedError `eligibility/bad-record`
 */
export function decodeIndex(bytes: Uint8Array): SearchableRecord {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < HEADER_BYTES || bytes[0] !== VERSION || (bytes[1] ?? 2) > 1) throw badIndex();
  const parts: Partial<Record<PartType, { readonly leaves: readonly SearchableLeaf[] }>> = {};
  let at = HEADER_BYTES;
  for (const part of PART_TYPES) {
    if (at + COUNT_BYTES > bytes.length) throw badIndex();
    const count = view.getUint32(at);
    const begin = at + COUNT_BYTES;
    at = begin + count * LEAF_BYTES;
    if (count === 0 || at > bytes.length) throw badIndex();
    parts[part] = new LazyLeaves(bytes.subarray(begin, at));
  }
  if (at !== bytes.length) throw badIndex();
  return { parts: parts as SearchableRecord['parts'], datePrecision: bytes[1] === 0 ? 'day' : 'year' };
}

class LazyLeaves {
  #leaves: readonly SearchableLeaf[] | undefined;

  constructor(private readonly bytes: Uint8Array) {}

  get leaves(): readonly SearchableLeaf[] {
    this.#leaves ??= Array.from({ length: this.bytes.length / LEAF_BYTES }, (_, index) => {
      const leaf = this.bytes.subarray(index * LEAF_BYTES, (index + 1) * LEAF_BYTES);
      return { key: bytesToInteger(leaf.subarray(0, KEY_BYTES)), value: bytesToInteger(leaf.subarray(KEY_BYTES)) };
    });
    return this.#leaves;
  }
}

const badIndex = () => eligibilityError('eligibility/bad-record', 'bytes that are no index of a record');
