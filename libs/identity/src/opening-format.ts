import { bytesSchema, concatBytes, digest, encodeCanonical } from '@medveil/encoding';
import { z } from 'zod';
import { decodeAs } from './decode.js';
import { IdentityError } from './errors.js';
import { HPKE_KEY_BYTES, HPKE_OVERHEAD_BYTES } from './hpke.js';

/** The two groups that must act together to open a pseudonym. */
export const COMMITTEE_NAMES = ['auditors', 'replicas'] as const;
export type CommitteeName = (typeof COMMITTEE_NAMES)[number];

export interface CommitteeMember {
  /** The member's name in the consortium's register. */
  readonly id: string;
  /** HPKE public key, 32 bytes. */
  readonly publicKey: Uint8Array;
}

export interface Committee {
  readonly members: readonly CommitteeMember[];
  /** How many members are needed: t for auditors, f + 1 for replicas; at least 2, so that nobody opens alone. */
  readonly threshold: number;
}

/** The consortium's committees, one pair for all T-Certs of an epoch. */
export type OpeningCommittees = Readonly<Record<CommitteeName, Committee>>;

/** What an opening is bound to: it opens for this T-Cert and no other. */
export interface OpeningBinding {
  readonly chainId: string;
  /** The T-Cert's serial, 16 bytes. */
  readonly serial: Uint8Array;
  readonly accountKey: Uint8Array;
}

/** A decoded opening: [1, committees digest, ciphertext, auditors' records, replicas' records]. */
export interface Opening {
  /** `committeesDigest` of the committees it was made for. */
  readonly committees: Uint8Array;
  /** The padded enrolment identity under the split key, with its tag: 80 bytes. */
  readonly ciphertext: Uint8Array;
  /** For each member, in order: the sealed share (81 bytes) and a commitment to the share (16 bytes). */
  readonly records: Readonly<Record<CommitteeName, readonly ShareRecord[]>>;
}

export interface ShareRecord {
  readonly sealed: Uint8Array;
  readonly commitment: Uint8Array;
}

export const MAX_COMMITTEE_MEMBERS = 64;
/** 32 bytes of a half's share and its Shamir coordinate. */
export const SHARE_BYTES = 33;
/** The identity is padded to this size, so that every opening of an epoch has the same length. */
export const IDENTITY_BYTES = 64;
const TAG_BYTES = 16;
const COMMITMENT_BYTES = 16;
const SEALED_SHARE_BYTES = SHARE_BYTES + HPKE_OVERHEAD_BYTES;
export const SHARE_RECORD_BYTES = SEALED_SHARE_BYTES + COMMITMENT_BYTES;
export const MAX_OPENING_BYTES = 256 + 2 * MAX_COMMITTEE_MEMBERS * SHARE_RECORD_BYTES;

const recordsSchema = bytesSchema({ max: MAX_COMMITTEE_MEMBERS * SHARE_RECORD_BYTES }).refine(
  (bytes) => bytes.length >= 2 * SHARE_RECORD_BYTES && bytes.length % SHARE_RECORD_BYTES === 0,
);

const openingSchema = z.tuple([
  z.literal(1),
  bytesSchema({ length: 32 }),
  bytesSchema({ length: IDENTITY_BYTES + TAG_BYTES }),
  recordsSchema,
  recordsSchema,
]);

/** @throws IdentityError `identity/bad-committee` */
export function committeesDigest(committees: OpeningCommittees): Uint8Array {
  const described = COMMITTEE_NAMES.map((name) => {
    const { members, threshold } = checkedCommittee(name, committees[name]);
    return [name, threshold, members.map(({ id, publicKey }) => [id, publicKey])];
  });
  return digest('medveil/opening-committees/1', described);
}

export const encodeOpening = (opening: Opening): Uint8Array =>
  encodeCanonical([1, opening.committees, opening.ciphertext, joinRecords(opening.records.auditors), joinRecords(opening.records.replicas)]);

/** @throws IdentityError `identity/bad-opening` */
export function decodeOpening(bytes: Uint8Array): Opening {
  const [, committees, ciphertext, auditors, replicas] = decodeAs(bytes, openingSchema, MAX_OPENING_BYTES, 'identity/bad-opening', 'opening');
  return { committees, ciphertext, records: { auditors: splitRecords(auditors), replicas: splitRecords(replicas) } };
}

/** Tells a false share from a true one before it spoils the opening. 16 bytes: shares are too random to be guessed. */
export const shareCommitment = (binding: OpeningBinding, committee: CommitteeName, index: number, share: Uint8Array): Uint8Array =>
  digest('medveil/opening-share/1', [bindingBytes(binding), committee, index, share]).subarray(0, COMMITMENT_BYTES);

/** Associated data of everything in an opening. */
export const bindingBytes = (binding: OpeningBinding): Uint8Array =>
  encodeCanonical([binding.chainId, binding.serial, binding.accountKey]);

/** One byte of length, the text, zeros. */
export function padIdentity(enrolmentId: Uint8Array): Uint8Array {
  if (enrolmentId.length >= IDENTITY_BYTES) throw new IdentityError('identity/bad-input', 'the enrolment id is too long');
  const padded = new Uint8Array(IDENTITY_BYTES);
  padded[0] = enrolmentId.length;
  padded.set(enrolmentId, 1);
  return padded;
}

/** @throws IdentityError `identity/bad-opening` */
export function unpadIdentity(padded: Uint8Array): Uint8Array {
  const length = padded[0] ?? IDENTITY_BYTES;
  if (padded.length !== IDENTITY_BYTES || length >= IDENTITY_BYTES || padded.subarray(1 + length).some((byte) => byte !== 0)) {
    throw new IdentityError('identity/bad-opening', 'the sealed identity is not padded as it must be');
  }
  return padded.slice(1, 1 + length);
}

function checkedCommittee(name: CommitteeName, committee: Committee): Committee {
  const { members, threshold } = committee;
  const ids = new Set(members.map(({ id }) => id));
  const keysFit = members.every(({ publicKey }) => publicKey.length === HPKE_KEY_BYTES);
  const thresholdFits = Number.isInteger(threshold) && threshold >= 2 && threshold <= members.length;
  if (members.length > MAX_COMMITTEE_MEMBERS || ids.size !== members.length || !keysFit || !thresholdFits) {
    throw new IdentityError('identity/bad-committee', 'a committee has 2 to 64 distinct members with HPKE keys, and a threshold of at least 2', {
      committee: name,
      members: members.length,
      threshold,
    });
  }
  return committee;
}

const joinRecords = (records: readonly ShareRecord[]): Uint8Array =>
  concatBytes(...records.flatMap(({ sealed, commitment }) => [sealed, commitment]));

const splitRecords = (bytes: Uint8Array): ShareRecord[] =>
  Array.from({ length: bytes.length / SHARE_RECORD_BYTES }, (_, index) => {
    const record = bytes.subarray(index * SHARE_RECORD_BYTES, (index + 1) * SHARE_RECORD_BYTES);
    return { sealed: record.slice(0, SEALED_SHARE_BYTES), commitment: record.slice(SEALED_SHARE_BYTES) };
  });
