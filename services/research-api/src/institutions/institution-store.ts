import type { Database, Queries, TransactionQueries } from '@medveil/database';
import type { Id } from '@medveil/encoding';
import { and, asc, count, eq, gt, inArray, isNotNull, or } from 'drizzle-orm';
import { ResearchApiError } from '../errors.js';
import { institutions, type InstitutionRow } from '../tables.js';

/** After which row a page goes on. */
export interface Position {
  readonly atMs: number;
  readonly id: string;
}

export class InstitutionStore {
  constructor(private readonly database: Database) {}

  /** @throws ResearchApiError `research-api/unknown-institution` */
  async get(institutionId: Id<'ins'>): Promise<InstitutionRow> {
    const [row] = await this.database.queries.select().from(institutions).where(eq(institutions.institutionId, institutionId));
    if (row === undefined) throw new ResearchApiError('research-api/unknown-institution', 'this agent has no such institution');
    return row;
  }

  async byEnrolmentId(enrolmentId: string): Promise<InstitutionRow | undefined> {
    const [row] = await this.database.queries.select().from(institutions).where(eq(institutions.enrolmentId, enrolmentId));
    return row;
  }

  async page(after: Position | undefined, limit: number): Promise<InstitutionRow[]> {
    const { createdAtMs, institutionId } = institutions;
    const beyond = after === undefined
      ? undefined
      : or(gt(createdAtMs, after.atMs), and(eq(createdAtMs, after.atMs), gt(institutionId, after.id as Id<'ins'>)));
    return this.database.queries.select().from(institutions).where(beyond).orderBy(asc(createdAtMs), asc(institutionId)).limit(limit);
  }

  async count(): Promise<number> {
    const [row] = await this.database.queries.select({ number: count() }).from(institutions);
    return row?.number ?? 0;
  }

  /** Those with an E-Cert, the oldest first. */
  enrolled(): Promise<InstitutionRow[]> {
    return this.database.queries.select().from(institutions).where(isNotNull(institutions.certificate)).orderBy(asc(institutions.createdAtMs), asc(institutions.institutionId));
  }

  /** By ledger account, of those among `accounts` that are this agent's. */
  async byAccount(on: Queries, accounts: readonly Id<'acc'>[]): Promise<Map<Id<'acc'>, Id<'ins'>>> {
    if (accounts.length === 0) return new Map();
    const rows = await on.select().from(institutions).where(inArray(institutions.account, [...accounts]));
    return new Map(rows.map(({ account, institutionId }) => [account, institutionId]));
  }

  /** @returns false where the enrolment id is taken */
  async insert(tx: TransactionQueries, row: InstitutionRow): Promise<boolean> {
    const inserted = await tx.insert(institutions).values(row).onConflictDoNothing().returning({ id: institutions.institutionId });
    return inserted.length > 0;
  }

  async update(on: Queries, institutionId: Id<'ins'>, change: Partial<InstitutionRow>): Promise<void> {
    await on.update(institutions).set(change).where(eq(institutions.institutionId, institutionId));
  }
}
