import { decodeCanonical, encodeCanonical } from '@medveil/encoding';
import { PreError } from './errors.js';

/** What one delegation opens: one version of one part of one record on one chain (docs/scheme.md, section 5). */
export interface Label {
  /** 1 to 64 characters: letters, digits, `.`, `_`, `-`. */
  readonly chainId: string;
  /** 32 bytes: the record's commitment h. */
  readonly record: Uint8Array;
  /** A part type such as `laboratory`: lower-case letters, digits and hyphens, at most 32. */
  readonly part: string;
  /** From 1; grows with every rotation. */
  readonly version: number;
}

/** Any label the scheme takes is at most this long. */
export const MAX_LABEL_BYTES = 256;

const FORMAT = 'medveil/label/1';
const CHAIN_ID = /^[A-Za-z0-9._-]{1,64}$/;
export const PART_NAME: RegExp = /^[a-z][a-z0-9-]{0,31}$/;

/**
 * @returns canonical DAG-CBOR of `['medveil/label/1', chainId, record, part, version]`
 * @throws PreError `pre/bad-label`
 */
export function encodeLabel(label: Label): Uint8Array {
  const { chainId, record, part, version } = label;
  if (!CHAIN_ID.test(chainId)) throw badLabel('chainId');
  if (!(record instanceof Uint8Array) || record.length !== 32) throw badLabel('record');
  if (!PART_NAME.test(part)) throw badLabel('part');
  if (!Number.isSafeInteger(version) || version < 1) throw badLabel('version');
  return encodeCanonical([FORMAT, chainId, record, part, version]);
}

/** @throws PreError `pre/bad-label` for anything `encodeLabel` would not have made */
export function decodeLabel(bytes: Uint8Array): Label {
  if (!(bytes instanceof Uint8Array) || bytes.length > MAX_LABEL_BYTES) throw badLabel('length');
  let value: unknown;
  try {
    value = decodeCanonical(bytes);
  } catch (cause) {
    throw new PreError('pre/bad-label', 'a label that is not canonical DAG-CBOR', { field: 'encoding' }, { cause });
  }
  if (!Array.isArray(value) || value.length !== 5 || value[0] !== FORMAT) throw badLabel('format');
  const [, chainId, record, part, version] = value as [string, string, Uint8Array, string, number];
  if (typeof chainId !== 'string' || typeof part !== 'string') throw badLabel('type');
  const label = { chainId, record, part, version };
  encodeLabel(label);
  return label;
}

const badLabel = (field: string): PreError => new PreError('pre/bad-label', `a label with a bad ${field}`, { field });
