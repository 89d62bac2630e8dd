import { decodeTransaction } from '@medveil/agreements';
import type { VerifiedBlock } from '@medveil/client';
import { bytea, type Database, type Queries } from '@medveil/database';
import type { Id } from '@medveil/encoding';
import { accountId } from '@medveil/identity';
import { transactionIdOf } from '@medveil/ledger';
import { eq } from 'drizzle-orm';
import { pgSchema, text } from 'drizzle-orm/pg-core';

const certificatesTable = (schema: string) => pgSchema(schema).table('certificates', {
  account: text('account').$type<Id<'acc'>>().primaryKey(),
  certificate: bytea('certificate').notNull(),
});

/** The T-Certs that have registered pseudonyms: public, but they travel once, and the ledger's state does not keep them. */
export class CertificateStore {
  readonly #table;

  constructor(private readonly database: Database) {
    this.#table = certificatesTable(database.schema);
  }

  async find(account: Id<'acc'>): Promise<Uint8Array | null> {
    const [row] = await this.database.queries.select().from(this.#table).where(eq(this.#table.account, account));
    return row?.certificate ?? null;
  }

  /** Those that came with a verified block. */
  async keep(on: Queries, { transactions, receipts }: Pick<VerifiedBlock, 'transactions' | 'receipts'>): Promise<void> {
    const registering = new Set(receipts.flatMap(({ transactionId, events }) => (events.some(({ type }) => type === 'account-registered') ? [transactionId] : [])));
    for (const bytes of registering.size === 0 ? [] : transactions) {
      if (!registering.has(transactionIdOf(bytes))) continue;
      const { sender, certificate } = decodeTransaction(bytes);
      if (certificate !== null) await on.insert(this.#table).values({ account: accountId(sender), certificate }).onConflictDoNothing();
    }
  }
}
