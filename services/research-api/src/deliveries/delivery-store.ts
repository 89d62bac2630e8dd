import type { Database, Queries } from '@medveil/database';
import type { Id } from '@medveil/encoding';
import { and, asc, eq, gt, inArray, or } from 'drizzle-orm';
import { ResearchApiError } from '../errors.js';
import type { Position } from '../institutions/institution-store.js';
import { deliveries, type DeliveryRow, type DeliveryStatus } from '../tables.js';

const ROWS_AT_A_TIME = 200;

export class DeliveryStore {
  constructor(private readonly database: Database) {}

  /** @throws ResearchApiError `research-api/unknown-delivery` */
  async get(claimId: Id<'clm'>): Promise<DeliveryRow> {
    const [row] = await this.database.queries.select().from(deliveries).where(eq(deliveries.claimId, claimId));
    if (row === undefined) throw new ResearchApiError('research-api/unknown-delivery', 'there is no such claim on a requirement of this agent');
    return row;
  }

  async page(institutionId: Id<'ins'>, after: Position | undefined, limit: number): Promise<DeliveryRow[]> {
    const { acceptedAtMs, claimId } = deliveries;
    const beyond = after === undefined ? undefined : or(gt(acceptedAtMs, after.atMs), and(eq(acceptedAtMs, after.atMs), gt(claimId, after.id as Id<'clm'>)));
    return this.database.queries.select().from(deliveries).where(and(eq(deliveries.institutionId, institutionId), beyond))
      .orderBy(asc(acceptedAtMs), asc(claimId)).limit(limit);
  }

  /** All claims on a requirement, in the order of their acceptance. */
  async *ofRequirement(requirementId: Id<'req'>): AsyncIterable<DeliveryRow> {
    const { acceptedAtMs, claimId } = deliveries;
    for (let after: DeliveryRow | undefined; ;) {
      const beyond = after === undefined ? undefined : or(gt(acceptedAtMs, after.acceptedAtMs), and(eq(acceptedAtMs, after.acceptedAtMs), gt(claimId, after.claimId)));
      const rows = await this.database.queries.select().from(deliveries).where(and(eq(deliveries.requirementId, requirementId), beyond)).orderBy(asc(acceptedAtMs), asc(claimId)).limit(ROWS_AT_A_TIME);
      yield* rows;
      after = rows.at(-1);
      if (after === undefined) return;
    }
  }

  /** A claim seen before is left as it is. */
  async insert(on: Queries, row: DeliveryRow): Promise<void> {
    await on.insert(deliveries).values(row).onConflictDoNothing();
  }

  /** Changes the row where it stands at one of `from`. @returns whether it did */
  async move(on: Queries, claimId: Id<'clm'>, from: readonly DeliveryStatus[], change: Partial<DeliveryRow>): Promise<boolean> {
    const changed = await on.update(deliveries).set(change)
      .where(and(eq(deliveries.claimId, claimId), inArray(deliveries.status, [...from])))
      .returning({ claimId: deliveries.claimId });
    return changed.length > 0;
  }
}
