import type { Database, Queries, TransactionQueries } from '@medveil/database';
import type { Id } from '@medveil/encoding';
import { and, asc, count, eq, gt, inArray, notInArray, or, sql } from 'drizzle-orm';
import { ResearchApiError } from '../errors.js';
import type { Position } from '../institutions/institution-store.js';
import { deliveries, requirements, type RequirementRow } from '../tables.js';

export interface Taken {
  readonly taken: number;
  readonly settled: number;
}

export class RequirementStore {
  constructor(private readonly database: Database) {}

  /** @throws ResearchApiError `research-api/unknown-requirement` */
  async get(jobId: Id<'job'>): Promise<RequirementRow> {
    const [row] = await this.database.queries.select().from(requirements).where(eq(requirements.jobId, jobId));
    if (row === undefined) throw new ResearchApiError('research-api/unknown-requirement', 'there is no such requirement here');
    return row;
  }

  async byRequirementId(requirementId: Id<'req'>): Promise<RequirementRow | undefined> {
    const [row] = await this.database.queries.select().from(requirements).where(eq(requirements.requirementId, requirementId));
    return row;
  }

  async page(institutionId: Id<'ins'>, after: Position | undefined, limit: number): Promise<RequirementRow[]> {
    const { createdAtMs, jobId } = requirements;
    const beyond = after === undefined ? undefined : or(gt(createdAtMs, after.atMs), and(eq(createdAtMs, after.atMs), gt(jobId, after.id as Id<'job'>)));
    return this.database.queries.select().from(requirements).where(and(eq(requirements.institutionId, institutionId), beyond))
      .orderBy(asc(createdAtMs), asc(jobId)).limit(limit);
  }

  async insert(tx: TransactionQueries, row: RequirementRow): Promise<void> {
    await tx.insert(requirements).values(row);
  }

  async update(on: Queries, jobId: Id<'job'>, change: Partial<RequirementRow>): Promise<void> {
    await on.update(requirements).set(change).where(eq(requirements.jobId, jobId));
  }

  /** What the ledger says of it, unless it is over already. */
  async updateOpen(on: Queries, requirementId: Id<'req'>, change: Partial<RequirementRow>): Promise<void> {
    await on.update(requirements).set(change)
      .where(and(eq(requirements.requirementId, requirementId), notInArray(requirements.status, ['closed', 'expired'])));
  }

  /** By requirement: claims that stand, and those that were paid. */
  async taken(requirementIds: readonly Id<'req'>[]): Promise<Map<Id<'req'>, Taken>> {
    if (requirementIds.length === 0) return new Map();
    const rows = await this.database.queries
      .select({ requirementId: deliveries.requirementId, taken: count(), settled: sql<number>`count(*) FILTER (WHERE ${deliveries.status} = 'settled')`.mapWith(Number) })
      .from(deliveries)
      .where(and(inArray(deliveries.requirementId, [...requirementIds]), notInArray(deliveries.status, ['lapsed', 'withdrawn', 'refunded'])))
      .groupBy(deliveries.requirementId);
    return new Map(rows.map(({ requirementId, taken, settled }) => [requirementId, { taken, settled }]));
  }
}
