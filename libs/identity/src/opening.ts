import { createCipheriv, createDecipheriv } from 'node:crypto';
import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { type RandomBytes, bytesSchema, concatBytes, encodeCanonical, equalBytes, fromUtf8, utf8 } from '@medveil/encoding';
import { combine, split } from 'shamir-secret-sharing';
import { z } from 'zod';
import { decodeAs } from './decode.js';
import { IdentityError, guarded, guardedAsync } from './errors.js';
import { type HpkeContext, type HpkeKeyPair, hpkeOpen, hpkeSealWithSeed } from './hpke.js';
import {
  COMMITTEE_NAMES,
  type CommitteeName,
  type Opening,
  type OpeningBinding,
  type OpeningCommittees,
  MAX_COMMITTEE_MEMBERS,
  SHARE_BYTES,
  bindingBytes,
  committeesDigest,
  decodeOpening,
  encodeOpening,
  padIdentity,
  shareCommitment,
  unpadIdentity,
} from './opening-format.js';

/**
 * The enrolment identity inside a T-Cert (docs/scheme.md, section 2, phase 3, and section 9). It is encrypted under
 * a fresh key K = A ⊕ B: A is Shamir-shared t of n among the auditors, B f + 1 of n among the replicas, each share
 * sealed to its holder by HPKE. So auditors open nothing unless an honest replica, that is an ordered request,
 * takes part, and replicas open nothing without the auditors. Everything is bound to the T-Cert's chain, serial and account
 * key: no opening serves another T-Cert.
 *
 * The PKG shows the holder a witness: the seed from which all keys here follow, and the Shamir shares, whose
 * polynomials the sharing library draws itself. With these the holder repeats every byte and so knows what it
 * carries. Shares of a lower degree than agreed are not looked for: they could only serve to let fewer people learn
 * what the PKG, who would have to make them, knows anyway.
 */
export interface OpeningWitness {
  /** 32 bytes. */
  readonly seed: Uint8Array;
  readonly shares: Readonly<Record<CommitteeName, readonly Uint8Array[]>>;
}

/** A holder's share, laid open after an ordered request. It travels sealed to whoever combines. */
export interface OpenedShare {
  readonly committee: CommitteeName;
  /** The holder's place in its committee. */
  readonly index: number;
  /** 33 bytes. */
  readonly share: Uint8Array;
}

const HPKE_INFO = utf8('medveil/opening/1');
const ZERO_NONCE = new Uint8Array(12);
const TAG_BYTES = 16;

/**
 * Seals an enrolment identity to the committees, for one T-Cert.
 * @param random for the witness's seed; the sharing polynomials come from the library's own generator
 */
export async function sealIdentity(
  input: { readonly enrolmentId: string; readonly binding: OpeningBinding; readonly committees: OpeningCommittees },
  random: RandomBytes,
): Promise<{ opening: Uint8Array; witness: OpeningWitness }> {
  committeesDigest(input.committees);
  const seed = random(32);
  const shareOut = (name: CommitteeName) => {
    const { members, threshold } = input.committees[name];
    return split(derive(seed, `half/${name}`), members.length, threshold);
  };
  const witness = { seed, shares: { auditors: await shareOut('auditors'), replicas: await shareOut('replicas') } };
  return { opening: await assemble({ ...input, witness }), witness };
}

/**
 * The holder's check that an opening carries the holder's own identity, sealed to the committees in force, for
 * this T-Cert, in shares that fit together.
 * @throws IdentityError `identity/bad-opening`
 */
export async function checkSealedIdentity(input: {
  readonly opening: Uint8Array;
  readonly witness: OpeningWitness;
  readonly enrolmentId: string;
  readonly binding: OpeningBinding;
  readonly committees: OpeningCommittees;
}): Promise<void> {
  for (const name of COMMITTEE_NAMES) {
    const { threshold, members } = input.committees[name];
    const shares = input.witness.shares[name];
    if (shares.length !== members.length || !(await shareOneSecret(shares, threshold, derive(input.witness.seed, `half/${name}`)))) {
      throw new IdentityError('identity/bad-opening', 'the shares do not carry the half of the key', { committee: name });
    }
  }
  if (!equalBytes(await assemble(input), input.opening)) {
    throw new IdentityError('identity/bad-opening', 'the opening is not what the witness makes');
  }
}

/**
 * A committee member opens its share. The service that calls this has first seen the opening request ordered
 * on the ledger: this function cannot know.
 * @throws IdentityError `identity/cannot-open` for another member's share, another T-Cert's opening or altered bytes
 */
export async function openShare(input: {
  readonly opening: Uint8Array;
  readonly binding: OpeningBinding;
  readonly committee: CommitteeName;
  readonly index: number;
  readonly holder: HpkeKeyPair;
}): Promise<OpenedShare> {
  const { binding, committee, index, holder } = input;
  const record = decodeOpening(input.opening).records[committee][index];
  if (record === undefined) throw new IdentityError('identity/bad-share', 'the committee has no such member', { committee, index });
  const share = await hpkeOpen(holder, shareContext(binding, committee, index), record.sealed);
  if (!equalBytes(record.commitment, shareCommitment(binding, committee, index, share))) {
    throw new IdentityError('identity/bad-share', 'the sealed share is not the one committed to', { committee, index });
  }
  return { committee, index, share };
}

/**
 * Puts shares together and reads the enrolment id.
 * @param input.committees those for which the opening was made
 * @throws IdentityError `identity/bad-share` (names the holder), `identity/too-few-shares`, `identity/cannot-open`,
 *   `identity/bad-committee` where the committees are others than the opening's
 */
export async function combineShares(input: {
  readonly opening: Uint8Array;
  readonly binding: OpeningBinding;
  readonly committees: OpeningCommittees;
  readonly shares: readonly OpenedShare[];
}): Promise<string> {
  const { binding, committees, shares } = input;
  const opening = decodeOpening(input.opening);
  if (!equalBytes(opening.committees, committeesDigest(committees))) {
    throw new IdentityError('identity/bad-committee', 'the opening was made for other committees');
  }
  const auditors = await recoverHalf(opening, binding, committees, shares, 'auditors');
  const replicas = await recoverHalf(opening, binding, committees, shares, 'replicas');
  const padded = decrypt(identityKey(auditors, replicas), binding, opening.ciphertext);
  return fromUtf8(unpadIdentity(padded));
}

/** Whether a share is the one that was sealed to its holder: a false one can be left out before `combineShares`, which names it. */
export const openedShareFits = (opening: Uint8Array, binding: OpeningBinding, share: OpenedShare): boolean => fits(decodeOpening(opening), binding, share);

function fits({ records }: Opening, binding: OpeningBinding, { committee, index, share }: OpenedShare): boolean {
  const record = records[committee][index];
  return record !== undefined && equalBytes(record.commitment, shareCommitment(binding, committee, index, share));
}

async function recoverHalf(
  opening: Opening,
  binding: OpeningBinding,
  committees: OpeningCommittees,
  shares: readonly OpenedShare[],
  committee: CommitteeName,
): Promise<Uint8Array> {
  const { threshold } = committees[committee];
  const byIndex = new Map<number, Uint8Array>();
  for (const opened of shares.filter((candidate) => candidate.committee === committee)) {
    const { index, share } = opened;
    if (!fits(opening, binding, opened)) throw new IdentityError('identity/bad-share', 'a share is not the one that was sealed', { committee, index });
    byIndex.set(index, share);
  }
  if (byIndex.size < threshold) {
    throw new IdentityError('identity/too-few-shares', 'too few shares to open', { committee, given: byIndex.size, needed: threshold });
  }
  const enough = [...byIndex.values()].slice(0, threshold).map((share) => Uint8Array.from(share));
  return guardedAsync('identity/cannot-open', 'the shares do not combine', () => combine(enough));
}

async function assemble(input: {
  readonly enrolmentId: string;
  readonly binding: OpeningBinding;
  readonly committees: OpeningCommittees;
  readonly witness: OpeningWitness;
}): Promise<Uint8Array> {
  const { enrolmentId, binding, committees, witness } = input;
  const key = identityKey(derive(witness.seed, 'half/auditors'), derive(witness.seed, 'half/replicas'));
  const records = async (name: CommitteeName) =>
    Promise.all(
      committees[name].members.map(async ({ publicKey }, index) => {
        const share = witness.shares[name][index] ?? new Uint8Array(SHARE_BYTES);
        const ephemeralSeed = derive(witness.seed, `seal/${name}/${index}`);
        const sealed = await hpkeSealWithSeed(publicKey, shareContext(binding, name, index), share, ephemeralSeed);
        return { sealed, commitment: shareCommitment(binding, name, index, share) };
      }),
    );
  return encodeOpening({
    committees: committeesDigest(committees),
    ciphertext: encrypt(key, binding, padIdentity(utf8(enrolmentId))),
    records: { auditors: await records('auditors'), replicas: await records('replicas') },
  });
}

/**
 * The first `threshold` shares give the secret, and so they do with any later share in the first one's place: then
 * all of them lie on one polynomial of degree threshold − 1 through the secret.
 */
async function shareOneSecret(shares: readonly Uint8Array[], threshold: number, secret: Uint8Array): Promise<boolean> {
  if (!shares.every((share) => share.length === SHARE_BYTES)) return false;
  const others = shares.slice(1, threshold);
  for (const share of [shares[0], ...shares.slice(threshold)]) {
    if (share === undefined) return false;
    const combined = await combine([share, ...others].map((bytes) => Uint8Array.from(bytes))).catch(() => null);
    if (combined === null || !equalBytes(combined, secret)) return false;
  }
  return true;
}

const shareContext = (binding: OpeningBinding, committee: CommitteeName, index: number): HpkeContext => ({
  info: HPKE_INFO,
  aad: encodeCanonical([bindingBytes(binding), committee, index]),
});

const derive = (seed: Uint8Array, purpose: string): Uint8Array => hkdf(sha256, seed, undefined, utf8(`medveil/opening/${purpose}/1`), 32);

const identityKey = (auditors: Uint8Array, replicas: Uint8Array): Uint8Array =>
  derive(Uint8Array.from(auditors, (byte, index) => byte ^ (replicas[index] ?? 0)), 'identity-key');

/** AES-256-GCM; the key serves once, so the nonce may be zero. */
function encrypt(key: Uint8Array, binding: OpeningBinding, plaintext: Uint8Array): Uint8Array {
  const cipher = createCipheriv('aes-256-gcm', key, ZERO_NONCE).setAAD(bindingBytes(binding));
  return new Uint8Array(concatBytes(cipher.update(plaintext), cipher.final(), cipher.getAuthTag()));
}

function decrypt(key: Uint8Array, binding: OpeningBinding, ciphertext: Uint8Array): Uint8Array {
  return guarded('identity/cannot-open', 'the identity does not open', () => {
    const decipher = createDecipheriv('aes-256-gcm', key, ZERO_NONCE, { authTagLength: TAG_BYTES }).setAAD(bindingBytes(binding));
    decipher.setAuthTag(ciphertext.subarray(-TAG_BYTES));
    return new Uint8Array(concatBytes(decipher.update(ciphertext.subarray(0, -TAG_BYTES)), decipher.final()));
  });
}

const sharesSchema = z.array(bytesSchema({ length: SHARE_BYTES })).max(MAX_COMMITTEE_MEMBERS);
const witnessSchema = z.tuple([z.literal(1), bytesSchema({ length: 32 }), sharesSchema, sharesSchema]);

export const encodeOpeningWitness = ({ seed, shares }: OpeningWitness): Uint8Array =>
  encodeCanonical([1, seed, shares.auditors, shares.replicas]);

/** @throws IdentityError `identity/bad-opening` */
export function decodeOpeningWitness(bytes: Uint8Array): OpeningWitness {
  const [, seed, auditors, replicas] = decodeAs(bytes, witnessSchema, 8192, 'identity/bad-opening', 'opening witness');
  return { seed, shares: { auditors, replicas } };
}
