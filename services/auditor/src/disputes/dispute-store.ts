import type { Database, Queries } from '@medveil/database';
import type { Id } from '@medveil/encoding';
import { and, asc, eq, gt, inArray, or } from 'drizzle-orm';
import { AuditorError } from '../errors.js';
import { type DisputeRow, type DisputeStatus, disputesTable, type DisputesTable } from '../tables.js';

export interface Position {
  readonly atMs: number;
  readonly id: string;
}

export class DisputeStore {
  readonly #table: DisputesTable;

  constructor(private readonly database: Database) {
    this.#table = disputesTable(database.schema);
  }

  /** @throws AuditorError `auditor/unknown-dispute` */
  async get(claimId: Id<'clm'>): Promise<DisputeRow> {
    const [row] = await this.database.queries.select().from(this.#table).where(eq(this.#table.claimId, claimId));
    if (row === undefined) throw new AuditorError('auditor/unknown-dispute', 'there is no dispute over this claim');
    return row;
  }

  /** Oldest first. */
  async page(after: Position | undefined, limit: number): Promise<DisputeRow[]> {
    const { openedAtMs, claimId } = this.#table;
    const beyond = after === undefined ? undefined : or(gt(openedAtMs, after.atMs), and(eq(openedAtMs, after.atMs), gt(claimId, after.id as Id<'clm'>)));
    return this.database.queries.select().from(this.#table).where(beyond).orderBy(asc(openedAtMs), asc(claimId)).limit(limit);
  }

  /** A dispute seen before is left as it is. */
  async insert(on: Queries, row: DisputeRow): Promise<void> {
    await on.insert(this.#table).values(row).onConflictDoNothing();
  }

  /** Changes the row where it stands at one of `from`. @returns whether it did */
  async move(on: Queries, claimId: Id<'clm'>, from: readonly DisputeStatus[], change: Partial<DisputeRow>): Promise<boolean> {
    const changed = await on.update(this.#table).set(change)
      .where(and(eq(this.#table.claimId, claimId), inArray(this.#table.status, [...from])))
      .returning({ claimId: this.#table.claimId });
    return changed.length > 0;
  }
}
