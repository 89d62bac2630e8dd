import { integer, jsonb, pgSchema, text } from 'drizzle-orm/pg-core';
import { bytea, millis } from './columns.js';
import type { JsonObject, JobState } from './jobs-port.js';

/** Drizzle's view of `migrations/0001_infrastructure.sql` in the schema of one service. */
export function infrastructureTables(schemaName: string) {
  const schema = pgSchema(schemaName);
  return {
    outbox: schema.table('outbox', {
      sequence: millis('sequence').generatedAlwaysAsIdentity().primaryKey(),
      messageId: text('message_id').notNull(),
      topic: text('topic').notNull(),
      key: text('key').notNull(),
      envelope: bytea('envelope').notNull(),
      attempts: integer('attempts').notNull().default(0),
      createdAtMs: millis('created_at_ms').notNull(),
      deadReason: text('dead_reason'),
    }),
    inbox: schema.table('inbox', {
      consumer: text('consumer').notNull(),
      messageId: text('message_id').notNull(),
      processedAtMs: millis('processed_at_ms').notNull(),
    }),
    idempotencyKeys: schema.table('idempotency_keys', {
      scope: text('scope').notNull(),
      key: text('key').notNull(),
      digest: bytea('digest').notNull(),
      ticket: text('ticket').notNull(),
      status: integer('status'),
      body: text('body'),
      expiresAtMs: millis('expires_at_ms').notNull(),
    }),
    leases: schema.table('leases', {
      name: text('name').primaryKey(),
      holder: text('holder').notNull(),
      expiresAtMs: millis('expires_at_ms').notNull(),
    }),
    jobs: schema.table('jobs', {
      id: millis('id').generatedAlwaysAsIdentity().primaryKey(),
      kind: text('kind').notNull(),
      key: text('key').notNull(),
      payload: jsonb('payload').$type<JsonObject>().notNull(),
      state: text('state').$type<JobState>().notNull(),
      attempts: integer('attempts').notNull().default(0),
      runAtMs: millis('run_at_ms').notNull(),
      leaseHolder: text('lease_holder'),
      leaseUntilMs: millis('lease_until_ms'),
      lastError: text('last_error'),
      createdAtMs: millis('created_at_ms').notNull(),
      updatedAtMs: millis('updated_at_ms').notNull(),
    }),
  };
}
