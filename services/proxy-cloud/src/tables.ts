import { bytea, millis } from '@medveil/database';
import { bigint, pgSchema, primaryKey, text } from 'drizzle-orm/pg-core';

export const SCHEMA = 'proxy_cloud';
const schema = pgSchema(SCHEMA);

export const bodies = schema.table('bodies', {
  sha256: text('sha256').primaryKey(),
  sizeBytes: bigint('size_bytes', { mode: 'number' }).notNull(),
  account: text('account').notNull(),
  storedAtMs: millis('stored_at_ms').notNull(),
});

export const entitlements = schema.table(
  'entitlements',
  { sha256: text('sha256').notNull(), account: text('account').notNull(), claimId: text('claim_id').notNull() },
  (table) => [primaryKey({ columns: [table.sha256, table.account, table.claimId] })],
);

export type GrantStatus = 'received' | 'delivered' | 'refused' | 'revoked';

export const grants = schema.table('grants', {
  claimId: text('claim_id').notNull(),
  account: text('account').notNull(),
  sealed: bytea('sealed').notNull(),
  status: text('status').$type<GrantStatus>().notNull(),
  reason: text('reason'),
  deliveryTransactionId: text('delivery_transaction_id'),
  revocationStatement: bytea('revocation_statement'),
  receivedAtMs: millis('received_at_ms').notNull(),
  updatedAtMs: millis('updated_at_ms').notNull(),
}, (table) => [primaryKey({ columns: [table.claimId, table.account] })]);
