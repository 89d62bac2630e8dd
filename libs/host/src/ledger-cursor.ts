import type { CursorStore } from '@medveil/client';
import { bytea, type Database, millis, type Queries } from '@medveil/database';
import { eq } from 'drizzle-orm';
import { integer, pgSchema } from 'drizzle-orm/pg-core';

const ONLY = 1;

export type LedgerPosition = Parameters<CursorStore['save']>[0];

/** How far a service has followed the ledger: the one row of `ledger_cursor` in the service's own schema. */
export class LedgerCursor implements CursorStore {
  readonly #table;

  constructor(private readonly database: Database) {
    this.#table = pgSchema(database.schema).table('ledger_cursor', {
      id: integer('id').primaryKey(),
      height: millis('height').notNull(),
      hash: bytea('hash').notNull(),
    });
  }

  /** @param on a transaction, to decide in it whether a block counts yet; the row is then locked to its end by `lock` */
  async load(on: Queries = this.database.queries, lock = false): Promise<LedgerPosition | null> {
    const query = on.select().from(this.#table).where(eq(this.#table.id, ONLY));
    const [row] = await (lock ? query.for('update') : query);
    return row === undefined ? null : { height: row.height, hash: row.hash };
  }

  /** @param on the transaction that a block's effects are written in */
  async save({ height, hash }: LedgerPosition, on: Queries = this.database.queries): Promise<void> {
    await on
      .insert(this.#table)
      .values({ id: ONLY, height, hash })
      .onConflictDoUpdate({ target: this.#table.id, set: { height, hash } });
  }
}
