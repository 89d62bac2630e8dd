import type { Database } from '@medveil/database';
import { millis } from '@medveil/database';
import type { Id } from '@medveil/encoding';
import { asc, eq, isNull, sql } from 'drizzle-orm';
import { bigint, pgSchema, text } from 'drizzle-orm/pg-core';

const schema = pgSchema('contract');
const deposits = schema.table('deposits', {
  reference: text('reference').primaryKey(),
  account: text('account').$type<Id<'acc'>>().notNull(),
  amount: bigint('amount', { mode: 'number' }).notNull(),
  /** `recorded`, or the code of the ledger's refusal */
  outcome: text('outcome'),
  startedAtMs: millis('started_at_ms'),
});
const attempts = schema.table('deposit_attempts', {
  transactionId: text('transaction_id').$type<Id<'txn'>>().primaryKey(),
  reference: text('reference').notNull(),
  nonce: bigint('nonce', { mode: 'number' }).notNull(),
  validUntilMs: millis('valid_until_ms').notNull(),
});

export type Deposit = typeof deposits.$inferSelect;
/** One mint that was sent for a deposit. */
export type Attempt = typeof attempts.$inferSelect;

/** Deposits and what was sent for them. */
export class DepositStore {
  constructor(private readonly database: Database) {}

  /** @returns what stands under this reference: this deposit, or another that was there before */
  async add(reference: string, account: Id<'acc'>, amount: number): Promise<Deposit | undefined> {
    await this.database.queries.insert(deposits).values({ reference, account, amount }).onConflictDoNothing();
    return this.find(reference);
  }

  async find(reference: string): Promise<Deposit | undefined> {
    const [found] = await this.database.queries.select().from(deposits).where(eq(deposits.reference, reference));
    return found;
  }

  /** What was begun comes first. */
  async nextOpen(): Promise<Deposit | undefined> {
    const [found] = await this.database.queries
      .select().from(deposits).where(isNull(deposits.outcome)).orderBy(sql`${deposits.startedAtMs} nulls last`, asc(deposits.reference)).limit(1);
    return found;
  }

  /** Oldest first. */
  async attemptsOf(reference: string): Promise<Attempt[]> {
    return this.database.queries.select().from(attempts).where(eq(attempts.reference, reference)).orderBy(asc(attempts.validUntilMs));
  }

  /** Durable when it resolves: before the transaction is sent. */
  async begin(attempt: Attempt, atMs: number): Promise<void> {
    await this.database.transaction(async (tx) => {
      await tx.update(deposits).set({ startedAtMs: sql`coalesce(${deposits.startedAtMs}, ${atMs})` }).where(eq(deposits.reference, attempt.reference));
      await tx.insert(attempts).values(attempt).onConflictDoNothing();
    });
  }

  async end(reference: string, outcome: string): Promise<void> {
    await this.database.queries.update(deposits).set({ outcome }).where(eq(deposits.reference, reference));
  }
}
