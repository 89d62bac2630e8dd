import type { pkgApi } from '@medveil/client';
import type { TransactionQueries } from '@medveil/database';
import { bytesToField } from '@medveil/eligibility';
import { digest, equalBytes, fromBase64Url, toBase64Url } from '@medveil/encoding';
import { type ECert, type EnrolmentRequest, enrolmentTokenDigest, verifyEnrolmentRequest } from '@medveil/identity';
import { MEMBER_ENROLLED, type SealedMessage } from '@medveil/messaging';
import { and, eq, isNull, ne } from 'drizzle-orm';
import type { Certificates } from './certificates.js';
import type { PkgContext } from './context.js';
import type { EnrolmentTokenRow, EnrolmentTokens } from './enrolment-tokens.js';
import { PkgError } from './errors.js';
import { checkMember, pinProposal } from './members.js';
import type { RevocationRegister } from './revocation-register.js';
import { eCerts, enrolments } from './tables.js';

const REQUEST_DOMAIN = 'medveil/pkg-enrolment/1';

interface Issued {
  readonly cert: ECert;
  readonly der: Uint8Array;
  readonly requestDigest: Uint8Array;
}

/** Enrolment and renewal: who holds a one-time token, or the E-Cert in force, is certified with a key of their own making. */
export class Enrolments {
  constructor(
    private readonly context: PkgContext,
    private readonly tokens: EnrolmentTokens,
    private readonly certificates: Certificates,
    private readonly revocations: RevocationRegister,
  ) {}

  /** @throws PkgError, IdentityError of `verifyEnrolmentRequest` */
  async enrol({ token, request, member }: pkgApi.EnrolmentRequest): Promise<pkgApi.Enrolment> {
    const { chainId } = this.context;
    const bytes = fromBase64Url(request);
    const wanted = verifyEnrolmentRequest(bytes, chainId);
    const tokenDigest = enrolmentTokenDigest(fromBase64Url(token));
    if (wanted.authority.kind !== 'token' || !equalBytes(wanted.authority.tokenDigest, tokenDigest)) {
      throw new PkgError('pkg/unknown-token', 'the request was made for another enrolment token');
    }
    const requestDigest = digest(REQUEST_DOMAIN, [bytes, member ?? null]);
    const before = await this.#answered(requestDigest);
    if (before !== null) return before;
    const row = await this.tokens.find(tokenDigest);
    if (row.enrolmentId !== wanted.enrolmentId || row.role !== wanted.role) {
      throw new PkgError('pkg/token-mismatch', 'the token is for another enrolment or role', { enrolmentId: wanted.enrolmentId, role: wanted.role });
    }
    if (row.publicKey !== null && !equalBytes(row.publicKey, wanted.publicKey)) throw new PkgError('pkg/token-mismatch', 'the token is for another key');
    this.certificates.requireRecent(wanted.requestedAtMs);
    requireSubject(wanted);
    const pinned = checkMember(member, wanted, this.context);
    const { der, cert } = await this.certificates.issue(wanted);
    const announcement = pinned === null ? null : await this.#announce(wanted.enrolmentId, pinProposal(pinned, der, this.context), requestDigest);
    await this.context.database.transaction(async (tx) => {
      await this.tokens.consume(tx, tokenDigest);
      await this.#register(tx, wanted, row);
      await this.#supersede(tx, wanted.enrolmentId);
      await this.#record(tx, { cert, der, requestDigest });
      if (announcement !== null) await this.context.outbox.add(tx, announcement);
    });
    if (announcement !== null) this.context.outboxChanged();
    return answer(cert, der);
  }

  /** A new E-Cert for the same party, under the one in force. @throws PkgError, IdentityError of `verifyEnrolmentRequest` */
  async renew({ request, certificate }: pkgApi.RenewalRequest, caller: string): Promise<pkgApi.Enrolment> {
    const current = await this.certificates.verify(certificate, caller);
    const bytes = fromBase64Url(request);
    const wanted = verifyEnrolmentRequest(bytes, this.context.chainId, current.publicKey);
    const requestDigest = digest(REQUEST_DOMAIN, [bytes, null]);
    const before = await this.#answered(requestDigest);
    if (before !== null) return before;
    requireContinuity(wanted, current);
    this.certificates.requireRecent(wanted.requestedAtMs);
    const { der, cert } = await this.certificates.issue(wanted);
    await this.context.database.transaction(async (tx) => {
      const enrolment = await lockEnrolment(tx, wanted.enrolmentId);
      if (enrolment === undefined || enrolment.revokedAtMs !== null) throw revoked(wanted.enrolmentId);
      await this.#record(tx, { cert, der, requestDigest });
    });
    return answer(cert, der);
  }

  /** What the same request got before. */
  async #answered(requestDigest: Uint8Array): Promise<pkgApi.Enrolment | null> {
    const { database } = this.context;
    const [row] = await database.queries
      .select({ certificate: eCerts.certificate, revokedAtMs: eCerts.revokedAtMs, enrolmentId: eCerts.enrolmentId, role: enrolments.role, notAfterMs: eCerts.notAfterMs })
      .from(eCerts)
      .innerJoin(enrolments, eq(enrolments.enrolmentId, eCerts.enrolmentId))
      .where(eq(eCerts.requestDigest, requestDigest));
    if (row === undefined) return null;
    if (row.revokedAtMs !== null) throw revoked(row.enrolmentId);
    const { enrolmentId, role, certificate, notAfterMs } = row;
    return { enrolmentId, role, certificate: toBase64Url(certificate), notAfterMs };
  }

  async #announce(enrolmentId: string, proposal: Uint8Array, requestDigest: Uint8Array): Promise<SealedMessage> {
    return this.context.publisher.seal(MEMBER_ENROLLED, { enrolmentId, proposal }, { key: enrolmentId, idBytes: requestDigest });
  }

  /** A party that enrols again (its key was lost) keeps its role and its subject. */
  async #register(tx: TransactionQueries, wanted: EnrolmentRequest, token: EnrolmentTokenRow): Promise<void> {
    const { enrolmentId, role, subjectCommitment } = wanted;
    const known = await lockEnrolment(tx, enrolmentId);
    if (known === undefined) {
      const row = { enrolmentId, role, sponsor: token.sponsor, subjectCommitment, enrolledAtMs: this.context.clock() };
      const inserted = await tx.insert(enrolments).values(row).onConflictDoNothing().returning({ id: enrolments.enrolmentId });
      if (inserted.length === 0) throw new PkgError('pkg/subject-changed', 'the subject belongs to another enrolment', { enrolmentId });
      return;
    }
    if (known.revokedAtMs !== null) throw revoked(enrolmentId);
    if (known.role !== role) throw new PkgError('pkg/role-changed', 'the party is enrolled in another role', { enrolmentId, role: known.role });
    if (!sameBytes(known.subjectCommitment, subjectCommitment)) throw subjectChanged(enrolmentId);
  }

  async #supersede(tx: TransactionQueries, enrolmentId: string): Promise<void> {
    const superseded = await tx
      .update(eCerts)
      .set({ revokedAtMs: this.context.clock() })
      .where(and(eq(eCerts.enrolmentId, enrolmentId), isNull(eCerts.revokedAtMs)))
      .returning({ serial: eCerts.serial });
    if (superseded.length > 0) await this.revocations.add(tx, { eCerts: superseded.map(({ serial }) => serial), tCerts: [] });
  }

  async #record(tx: TransactionQueries, { cert, der, requestDigest }: Issued): Promise<void> {
    const { enrolmentId, serial, publicKey, notAfterMs } = cert;
    const [other] = await tx
      .select({ enrolmentId: eCerts.enrolmentId })
      .from(eCerts)
      .where(and(eq(eCerts.publicKey, publicKey), ne(eCerts.enrolmentId, enrolmentId)))
      .limit(1);
    if (other !== undefined) throw new PkgError('pkg/key-in-use', 'the key belongs to another enrolment');
    const row = { serial, enrolmentId, publicKey, certificate: der, requestDigest, notAfterMs };
    const recorded = await tx.insert(eCerts).values(row).onConflictDoNothing().returning({ serial: eCerts.serial });
    if (recorded.length === 0) throw new PkgError('pkg/conflict', 'the same request is being answered; ask again');
  }
}

const lockEnrolment = async (tx: TransactionQueries, enrolmentId: string) => {
  const [row] = await tx.select().from(enrolments).where(eq(enrolments.enrolmentId, enrolmentId)).for('update');
  return row;
};

/** Patients, and only they, are certified with a subject: an element of the circuit's field (docs/scheme.md, section 6). */
function requireSubject({ role, subjectCommitment }: EnrolmentRequest): void {
  if ((role === 'patient') !== (subjectCommitment !== null)) throw new PkgError('pkg/bad-subject', 'patients, and only they, enrol with a subject', { role });
  if (subjectCommitment === null) return;
  try {
    bytesToField(subjectCommitment);
  } catch (cause) {
    throw new PkgError('pkg/bad-subject', 'the subject is not a field element', {}, { cause });
  }
}

function requireContinuity(wanted: EnrolmentRequest, current: ECert): void {
  const { enrolmentId, role } = current;
  if (wanted.authority.kind !== 'renewal' || wanted.authority.serial !== current.serial) {
    throw new PkgError('pkg/superseded-certificate', 'the request renews another certificate', { serial: current.serial });
  }
  if (wanted.enrolmentId !== enrolmentId || wanted.role !== role) throw new PkgError('pkg/role-changed', 'a renewal keeps enrolment and role', { enrolmentId, role });
  if (!sameBytes(wanted.subjectCommitment, current.subjectCommitment)) throw subjectChanged(enrolmentId);
  const keepsKeys = equalBytes(wanted.publicKey, current.publicKey) && sameBytes(wanted.hpkePublicKey, current.hpkePublicKey);
  if (role === 'institution' && !keepsKeys) {
    throw new PkgError('pkg/key-changed', 'the keys of an institution are pinned on the ledger: a renewal keeps them', { enrolmentId });
  }
}

const sameBytes = (a: Uint8Array | null, b: Uint8Array | null): boolean => (a === null || b === null ? a === b : equalBytes(a, b));
const subjectChanged = (enrolmentId: string) => new PkgError('pkg/subject-changed', 'a person keeps one subject', { enrolmentId });
const revoked = (enrolmentId: string) => new PkgError('pkg/enrolment-revoked', 'the enrolment is revoked', { enrolmentId });

const answer = ({ enrolmentId, role, notAfterMs }: ECert, der: Uint8Array): pkgApi.Enrolment => ({ enrolmentId, role, certificate: toBase64Url(der), notAfterMs });
