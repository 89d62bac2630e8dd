import type { TransactionQueries } from '@medveil/database';
import { createEnrolmentToken, type Role } from '@medveil/identity';
import { and, eq, gt, isNull, lt } from 'drizzle-orm';
import type { PkgContext } from './context.js';
import { PkgError } from './errors.js';
import type { RecognisedPerson } from './identity-providers.js';
import { enrolments, enrolmentTokens } from './tables.js';

/** The sponsor of what the operator's tokens enrol. */
export const OPERATOR_SPONSOR = 'operator';
/** Names of enrolments that would be taken for somebody else. */
const RESERVED: ReadonlySet<string> = new Set([OPERATOR_SPONSOR, 'pkg']);

export interface EnrolmentTokenRow {
  readonly digest: Uint8Array;
  readonly enrolmentId: string;
  readonly role: Role;
  readonly sponsor: string;
  /** the only key that it enrols, where it was given for one */
  readonly publicKey: Uint8Array | null;
}

export interface NewEnrolmentToken {
  readonly token: Uint8Array;
  readonly expiresAtMs: number;
}

/** One-time tokens that let a party enrol. They travel out of band; of each only its digest is kept. */
export class EnrolmentTokens {
  constructor(private readonly context: Pick<PkgContext, 'settings' | 'database' | 'clock' | 'random'>) {}

  /**
   * @param sponsor `operator`, or the enrolment of the hospital that asks: a hospital enrols patients, again only those it enrolled
   * @throws PkgError `pkg/role-not-enrolled`, `pkg/not-yours`, `pkg/role-changed`, `pkg/enrolment-revoked`
   */
  async create(wanted: { readonly role: Role; readonly enrolmentId: string }, sponsor: string): Promise<NewEnrolmentToken> {
    const { role, enrolmentId } = wanted;
    if (role === 'pkg' || RESERVED.has(enrolmentId)) throw new PkgError('pkg/role-not-enrolled', 'this role or name is not given to anybody', { role, enrolmentId });
    return this.#create({ ...wanted, sponsor, publicKey: null }, async (tx) => {
      if (sponsor !== OPERATOR_SPONSOR) await requireHospital(tx, sponsor, role);
    });
  }

  /** For whom an identity provider has recognised, and for one key. @throws PkgError `pkg/not-yours`, `pkg/role-changed`, `pkg/enrolment-revoked` */
  createFor(person: RecognisedPerson, publicKey: Uint8Array): Promise<NewEnrolmentToken> {
    return this.#create({ ...person, publicKey }, async () => undefined);
  }

  async #create(wanted: Omit<EnrolmentTokenRow, 'digest'>, permit: (tx: TransactionQueries) => Promise<void>): Promise<NewEnrolmentToken> {
    const { settings, database, clock, random } = this.context;
    const { role, enrolmentId, sponsor } = wanted;
    const { token, tokenDigest } = createEnrolmentToken(random);
    const expiresAtMs = clock() + settings.enrolmentTokenLifetimeMs;
    await database.transaction(async (tx) => {
      await permit(tx);
      const [known] = await tx.select().from(enrolments).where(eq(enrolments.enrolmentId, enrolmentId));
      if (known !== undefined) requireSame(known, role, sponsor);
      await tx.insert(enrolmentTokens).values({ ...wanted, digest: tokenDigest, expiresAtMs });
    });
    return { token, expiresAtMs };
  }

  /** @throws PkgError `pkg/unknown-token`, `pkg/token-used`, `pkg/token-expired` */
  async find(digest: Uint8Array): Promise<EnrolmentTokenRow> {
    const { database, clock } = this.context;
    const [row] = await database.queries.select().from(enrolmentTokens).where(eq(enrolmentTokens.digest, digest));
    if (row === undefined) throw new PkgError('pkg/unknown-token', 'there is no such enrolment token');
    if (row.usedAtMs !== null) throw used();
    if (row.expiresAtMs <= clock()) throw new PkgError('pkg/token-expired', 'the enrolment token has expired', { expiresAtMs: row.expiresAtMs });
    return row;
  }

  /** Whoever comes first has it. @throws PkgError `pkg/token-used` */
  async consume(tx: TransactionQueries, digest: Uint8Array): Promise<void> {
    const nowMs = this.context.clock();
    const unused = and(eq(enrolmentTokens.digest, digest), isNull(enrolmentTokens.usedAtMs), gt(enrolmentTokens.expiresAtMs, nowMs));
    const taken = await tx.update(enrolmentTokens).set({ usedAtMs: nowMs }).where(unused).returning({ digest: enrolmentTokens.digest });
    if (taken.length === 0) throw used();
  }

  /** What can no longer be used, and is no longer needed to say so. */
  async prune(beforeMs: number): Promise<void> {
    await this.context.database.queries.delete(enrolmentTokens).where(lt(enrolmentTokens.expiresAtMs, beforeMs));
  }
}

const used = () => new PkgError('pkg/token-used', 'the enrolment token has been used');

async function requireHospital(tx: TransactionQueries, sponsor: string, role: Role): Promise<void> {
  if (role !== 'patient') throw new PkgError('pkg/not-yours', 'a hospital enrols patients', { role });
  const [hospital] = await tx.select().from(enrolments).where(eq(enrolments.enrolmentId, sponsor));
  if (hospital === undefined || hospital.role !== 'hospital') throw new PkgError('pkg/not-yours', 'the caller is not enrolled as a hospital');
  if (hospital.revokedAtMs !== null) throw new PkgError('pkg/enrolment-revoked', 'the enrolment is revoked', { enrolmentId: sponsor });
}

function requireSame(known: typeof enrolments.$inferSelect, role: Role, sponsor: string): void {
  const { enrolmentId } = known;
  if (sponsor !== OPERATOR_SPONSOR && known.sponsor !== sponsor) throw new PkgError('pkg/not-yours', 'somebody else enrolled this party', { enrolmentId });
  if (known.revokedAtMs !== null) throw new PkgError('pkg/enrolment-revoked', 'the enrolment is revoked', { enrolmentId });
  if (known.role !== role) throw new PkgError('pkg/role-changed', 'the party is enrolled in another role', { enrolmentId, role: known.role });
}
