/** A delivery as it can be opened from what lies about: the ledger, the proxy's folder, and an institution's key. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ClaimId, recordIdOf } from '@medveil/agreements';
import { concatBytes, decodeCanonical, toHex } from '@medveil/encoding';
import { type Afgh06, decryptBody, type DelegateeKey, encodeLabel } from '@medveil/pre';
import { type Entry, type EntryOf, ofType, only } from './chain.js';

/** One delivered part: what was registered, and what the ledger's delivery made of its capsule. */
export interface DeliveredPart {
  readonly claim: EntryOf<'submit-claim'>;
  readonly registration: EntryOf<'register-record'>;
  readonly delivery: EntryOf<'record-delivery'>;
  readonly part: string;
  readonly version: number;
  readonly label: Uint8Array;
  /** h */
  readonly record: Uint8Array;
  readonly transformed: Uint8Array;
  /** hexadecimal */
  readonly bodyDigest: string;
}

/** The parts of a delivery that the ledger recorded. */
export function deliveredParts(entries: readonly Entry[], claimId: ClaimId): DeliveredPart[] {
  const delivery = only(ofType(entries, 'record-delivery').filter(({ receipt, transaction }) => receipt.ok && transaction.body.claimId === claimId));
  const claim = only(ofType(entries, 'submit-claim').filter(({ receipt }) => receipt.events.some(({ data }) => data['claimId'] === claimId)));
  const { record } = claim.transaction.body;
  const registration = only(ofType(entries, 'register-record').filter(({ receipt, transaction }) => receipt.ok && recordIdOf(transaction.body.record) === recordIdOf(record)));
  return delivery.transaction.body.parts.map(({ part, transformed }) => {
    const registered = only(registration.transaction.body.parts.filter((candidate) => candidate.part === part));
    const { version, bodyDigest } = registered;
    const label = encodeLabel({ chainId: claim.transaction.chainId, record, part, version });
    return { claim, registration, delivery, part, version, label, record, transformed, bodyDigest: toHex(bodyDigest) };
  });
}

/** The encrypted body as it lies in the proxy's object store. */
export const storedBody = async (folder: string, bodyDigest: string): Promise<Uint8Array> =>
  new Uint8Array(await readFile(join(folder, 'objects', 'proxy-cloud', 'bodies', bodyDigest.slice(0, 2), bodyDigest)));

export interface Container {
  readonly part: string;
  readonly content: Uint8Array;
  readonly opening: Uint8Array;
}

/** @throws PreError of a wrong key or altered bytes */
export async function openDelivered(pre: Afgh06, key: DelegateeKey, ownerKey: Uint8Array, delivered: DeliveredPart, body: Uint8Array): Promise<Container> {
  const { record, part, version, label, transformed } = delivered;
  const seed = pre.decapsulateDelegated(key, ownerKey, label, transformed);
  const pieces: Uint8Array[] = [];
  for await (const piece of decryptBody(seed, { record, part, version }, once(body))) pieces.push(piece);
  return decodeCanonical(concatBytes(...pieces)) as unknown as Container;
}

// oxlint-disable-next-line require-await -- an async generator is what the envelope reads from
async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** A copy with one bit turned. */
export function flipped(bytes: Uint8Array, position: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  const at = position < 0 ? bytes.length + position : position;
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}
