import type { DisputeOutcome } from '@medveil/agreements';
import type { auditorApi } from '@medveil/client';
import { millis } from '@medveil/database';
import type { Check } from '@medveil/delivery';
import type { Id } from '@medveil/encoding';
import { jsonb, pgSchema, text } from 'drizzle-orm/pg-core';

export type DisputeStatus = auditorApi.Dispute['status'];

/** One process may run several auditors, each in a schema of its own. */
export const disputesTable = (schema: string) => pgSchema(schema).table('disputes', {
  claimId: text('claim_id').$type<Id<'clm'>>().primaryKey(),
  requirementId: text('requirement_id').$type<Id<'req'>>().notNull(),
  institution: text('institution').$type<Id<'acc'>>().notNull(),
  status: text('status').$type<DisputeStatus>().notNull(),
  openedAtMs: millis('opened_at_ms').notNull(),
  ruleByMs: millis('rule_by_ms').notNull(),
  outcome: text('outcome').$type<DisputeOutcome>(),
  reason: text('reason'),
  part: text('part'),
  checks: jsonb('checks').$type<readonly Check[]>().notNull(),
  code: text('code'),
  approvedAtMs: millis('approved_at_ms'),
  ruled: text('ruled').$type<DisputeOutcome>(),
  updatedAtMs: millis('updated_at_ms').notNull(),
});
export type DisputesTable = ReturnType<typeof disputesTable>;
export type DisputeRow = DisputesTable['$inferSelect'];

export const schemaOf = (auditor: string): string => auditor.replaceAll('-', '_');
