import { type RandomBytes, equalBytes } from '@medveil/encoding';
import type { SigningKeyPair } from './accounts.js';
import { type EpochSchedule, epochAt, validityOfEpoch } from './epochs.js';
import { IdentityError } from './errors.js';
import { type OpeningWitness, checkSealedIdentity, sealIdentity } from './opening.js';
import type { OpeningBinding, OpeningCommittees } from './opening-format.js';
import type { PseudonymRole } from './roles.js';
import { T_CERT_SERIAL_BYTES, type TCert, decodeTCert, signTCert, verifyTCert } from './t-cert.js';
import type { TCertRequest } from './t-cert-request.js';

/** What the PKG hands to the holder for each pseudonym, and to nobody else. */
export interface IssuedTCert {
  readonly certificate: Uint8Array;
  /** Shows the holder what the certificate's opening carries. */
  readonly witness: OpeningWitness;
}

/**
 * Certifies a verified batch request (`verifyTCertRequest`), in the order of its entries. Certificates of one batch
 * share nothing that those of other batches of the epoch do not: serials are random, validity is the epoch's, openings
 * have one length, and neither the order nor the time of issue is written down.
 * @param pkg.atMs the PKG's time: certificates begin in its epoch or the next, not further ahead
 * @throws IdentityError `identity/bad-input`, `identity/bad-committee`
 */
export async function issueTCerts(
  request: TCertRequest,
  pkg: {
    readonly key: SigningKeyPair;
    readonly schedule: EpochSchedule;
    readonly committees: OpeningCommittees;
    readonly atMs: number;
  },
  random: RandomBytes,
): Promise<IssuedTCert[]> {
  const now = epochAt(pkg.atMs, pkg.schedule);
  if (request.epoch !== now && request.epoch !== now + 1) {
    throw new IdentityError('identity/bad-input', 'T-Certs begin in the present epoch or the next', { given: request.epoch, present: now });
  }
  const { chainId, enrolmentId, role } = request;
  const validity = validityOfEpoch(request.epoch, pkg.schedule);
  const issued: IssuedTCert[] = [];
  for (const { accountKey, preKey } of request.entries) {
    const serial = random(T_CERT_SERIAL_BYTES);
    const binding = { chainId, serial, accountKey };
    const { opening, witness } = await sealIdentity({ enrolmentId, binding, committees: pkg.committees }, random);
    const certificate = signTCert({ version: 1, chainId, serial, role, accountKey, preKey, ...validity, opening }, pkg.key);
    issued.push({ certificate, witness });
  }
  return issued;
}

/**
 * The holder's check of what the PKG issued: the keys asked for, the role, the PKG's signature, validity
 * (the next epoch's certificates are checked at its beginning), and an opening that carries the holder's own identity.
 * @throws IdentityError as `verifyTCert`, `identity/bad-certificate`, `identity/bad-opening`
 */
export async function acceptTCert(
  issued: IssuedTCert,
  expected: {
    readonly pkgPublicKey: Uint8Array;
    readonly chainId: string;
    readonly atMs: number;
    readonly enrolmentId: string;
    readonly role: PseudonymRole;
    readonly accountKey: Uint8Array;
    readonly preKey: Uint8Array | null;
    readonly committees: OpeningCommittees;
  },
): Promise<TCert> {
  const { notBeforeMs } = decodeTCert(issued.certificate);
  const cert = verifyTCert(issued.certificate, expected.pkgPublicKey, expected.chainId, Math.max(expected.atMs, notBeforeMs));
  if (cert.role !== expected.role || !equalBytes(cert.accountKey, expected.accountKey) || !sameKey(cert.preKey, expected.preKey)) {
    throw new IdentityError('identity/bad-certificate', 'the T-Cert certifies other keys or another role than asked for');
  }
  const { enrolmentId, committees } = expected;
  await checkSealedIdentity({ ...issued, opening: cert.opening, enrolmentId, committees, binding: bindingOf(cert) });
  return cert;
}

/** What a T-Cert's opening is bound to. */
export const bindingOf = ({ chainId, serial, accountKey }: TCert): OpeningBinding => ({ chainId, serial, accountKey });

const sameKey = (a: Uint8Array | null, b: Uint8Array | null): boolean => (a === null || b === null ? a === b : equalBytes(a, b));
