/**
 * A delegation as the proxy stores it: the re-encryption keys of a set of parts and records of one owner key, for one delegatee,
 * until a time (docs/scheme.md, section 5). Only the labels listed are opened. The time is kept by the proxy, not by the mathematics:
 * a proxy that breaks the rule can go on re-encrypting, and what an institution once read it can keep.
 */
import { type CborValue, decodeCanonical, digest, encodeCanonical, equalBytes, type RandomBytes } from '@medveil/encoding';
import type { Afgh06, OwnerKey } from '../afgh06/api.js';
import { DELEGATEE_PUBLIC_KEY_BYTES, OWNER_PUBLIC_KEY_BYTES, RE_KEY_BYTES } from '../artefacts.js';
import { PreError } from '../errors.js';
import { decodeLabel, encodeLabel, type Label } from '../label.js';

export const MAX_GRANT_ITEMS = 1024;
const FORMAT = 'medveil/grant/1';

export interface GrantTerms {
  readonly delegateePublicKey: Uint8Array;
  /** UTC ms, included. */
  readonly notBeforeMs: number;
  /** UTC ms, excluded. */
  readonly notAfterMs: number;
}

export interface Grant extends GrantTerms {
  /** One owner key: several in one grant would link the pseudonyms they belong to. */
  readonly ownerPublicKey: Uint8Array;
  /** Sorted by label, each label once. */
  readonly items: readonly { readonly label: Uint8Array; readonly reKey: Uint8Array }[];
}

/** @throws PreError `pre/bad-grant` for an empty or repeated set, or terms that make no sense; `pre/bad-label`; `pre/related-keys` */
export function makeGrant(scheme: Afgh06, ownerKey: OwnerKey, labels: readonly Label[], terms: GrantTerms): Grant {
  const reKeyFor = scheme.reKeyMaker(ownerKey, terms.delegateePublicKey);
  const items = labels
    .map(encodeLabel)
    .toSorted((x, y) => Buffer.compare(x, y))
    .map((label) => ({ label, reKey: reKeyFor(label) }));
  return checkedForm({ ...terms, ownerPublicKey: ownerKey.publicKey, items });
}

/** Canonical DAG-CBOR. @throws PreError `pre/bad-grant` */
export function encodeGrant(grant: Grant): Uint8Array {
  const { ownerPublicKey, delegateePublicKey, notBeforeMs, notAfterMs, items } = checkedForm(grant);
  return encodeCanonical([FORMAT, ownerPublicKey, delegateePublicKey, notBeforeMs, notAfterMs, items.map(({ label, reKey }) => [label, reKey])]);
}

/** Form only: `checkGrant` checks the keys. @throws PreError `pre/bad-grant`, `pre/bad-label` */
export function decodeGrant(bytes: Uint8Array): Grant {
  let value: CborValue;
  try {
    value = decodeCanonical(bytes);
  } catch (cause) {
    throw new PreError('pre/bad-grant', 'a grant that is not canonical DAG-CBOR', {}, { cause });
  }
  if (!Array.isArray(value) || value.length !== 6 || value[0] !== FORMAT) throw badGrant('format');
  const [, ownerPublicKey, delegateePublicKey, notBeforeMs, notAfterMs, list] = value as [string, Uint8Array, Uint8Array, number, number, CborValue];
  if (!Array.isArray(list)) throw badGrant('items');
  const items = (list as CborValue[]).map((item) => {
    if (!Array.isArray(item) || item.length !== 2) throw badGrant('item');
    const [label, reKey] = item as [Uint8Array, Uint8Array];
    if (!(label instanceof Uint8Array)) throw badGrant('label');
    return { label, reKey };
  });
  return checkedForm({ ownerPublicKey, delegateePublicKey, notBeforeMs, notAfterMs, items });
}

function checkedForm(grant: Grant): Grant {
  const { ownerPublicKey, delegateePublicKey, notBeforeMs, notAfterMs, items } = grant;
  if (!isBytes(ownerPublicKey, OWNER_PUBLIC_KEY_BYTES)) throw badGrant('ownerPublicKey');
  if (!isBytes(delegateePublicKey, DELEGATEE_PUBLIC_KEY_BYTES)) throw badGrant('delegateePublicKey');
  if (!isTime(notBeforeMs) || !isTime(notAfterMs) || notAfterMs <= notBeforeMs) throw badGrant('times');
  if (items.length === 0 || items.length > MAX_GRANT_ITEMS) throw badGrant('number of items');
  items.forEach(({ label, reKey }, position) => {
    decodeLabel(label);
    if (!isBytes(reKey, RE_KEY_BYTES)) throw badGrant('reKey');
    const previous = items[position - 1];
    if (previous !== undefined && Buffer.compare(previous.label, label) >= 0) throw badGrant('order of items');
  });
  return grant;
}

const isBytes = (value: unknown, length: number): boolean => value instanceof Uint8Array && value.length === length;
const isTime = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
const badGrant = (field: string): PreError => new PreError('pre/bad-grant', `a grant with a bad ${field}`, { field });

/** What the owner signs and a receipt names: 32 bytes. */
export const grantDigest = (grant: Grant): Uint8Array => digest(FORMAT, encodeGrant(grant));

/**
 * The proxy's check before it stores a grant: every key opens its label to the delegatee. One product of pairings where all is well.
 * @returns positions of bad items
 */
export function checkGrant(scheme: Afgh06, grant: Grant, random: RandomBytes): readonly number[] {
  const { ownerPublicKey, delegateePublicKey, items } = checkedForm(grant);
  return scheme.badReKeys(items.map(({ label, reKey }) => ({ ownerPublicKey, delegateePublicKey, label, reKey })), random);
}

/** @param atMs UTC ms */
export const isInForce = ({ notBeforeMs, notAfterMs }: GrantTerms, atMs: number): boolean => atMs >= notBeforeMs && atMs < notAfterMs;

/**
 * Re-encrypts what the grant allows, at a time when it does.
 * @throws PreError `pre/not-granted`, or a decoding error
 */
export function reEncryptUnder(scheme: Afgh06, grant: Grant, label: Uint8Array, capsule: Uint8Array, atMs: number): Uint8Array {
  if (!isInForce(grant, atMs)) throw new PreError('pre/not-granted', 'the grant is not in force', { notBeforeMs: grant.notBeforeMs, notAfterMs: grant.notAfterMs, atMs });
  const item = grant.items.find((candidate) => equalBytes(candidate.label, label));
  if (item === undefined) throw new PreError('pre/not-granted', 'the grant does not name this label');
  return scheme.reEncrypt(capsule, item.reKey);
}
