import { bytea, millis } from '@medveil/database';
import type { Id } from '@medveil/encoding';
import type { researchApi } from '@medveil/client';
import type { Check } from '@medveil/delivery';
import type { PartType } from '@medveil/eligibility';
import { jsonb, pgSchema, text } from 'drizzle-orm/pg-core';

export const SCHEMA = 'research_api';
const schema = pgSchema(SCHEMA);

export const institutions = schema.table('institutions', {
  institutionId: text('institution_id').$type<Id<'ins'>>().primaryKey(),
  name: text('name').notNull(),
  enrolmentId: text('enrolment_id').notNull(),
  account: text('account').$type<Id<'acc'>>().notNull(),
  status: text('status').$type<researchApi.Institution['status']>().notNull(),
  code: text('code'),
  request: bytea('request'),
  member: bytea('member'),
  /** DER of the E-Cert */
  certificate: bytea('certificate'),
  certificateUntilMs: millis('certificate_until_ms'),
  createdAtMs: millis('created_at_ms').notNull(),
});
export type InstitutionRow = typeof institutions.$inferSelect;

export const requirements = schema.table('requirements', {
  jobId: text('job_id').$type<Id<'job'>>().primaryKey(),
  institutionId: text('institution_id').$type<Id<'ins'>>().notNull(),
  requirementId: text('requirement_id').$type<Id<'req'>>().notNull(),
  title: text('title').notNull(),
  status: text('status').$type<researchApi.RequirementStatus['status']>().notNull(),
  code: text('code'),
  reason: text('reason'),
  /** canonical, of @medveil/eligibility */
  policy: bytea('policy').notNull(),
  policyHash: bytea('policy_hash').notNull(),
  /** canonical `Terms` of @medveil/agreements */
  terms: bytea('terms').notNull(),
  /** canonical transaction body, with π′ */
  release: bytea('release'),
  createdAtMs: millis('created_at_ms').notNull(),
  updatedAtMs: millis('updated_at_ms').notNull(),
});
export type RequirementRow = typeof requirements.$inferSelect;

export const DELIVERY_STATUSES = ['accepted', 'delivered', 'verified', 'settled', 'failed', 'disputed', 'lapsed', 'withdrawn', 'refunded'] as const satisfies readonly researchApi.Delivery['status'][];
export type DeliveryStatus = researchApi.Delivery['status'];

export interface ReceivedPart {
  readonly part: PartType;
  readonly bytes: number;
  /** of the plaintext, hexadecimal */
  readonly sha256: string;
  readonly observations: number;
  /** where the sealed plaintext is kept, and the opening that came with it */
  readonly objectKey: string;
  readonly openingKey?: string;
  /** of demographics: keyed hash, equal for people who look alike */
  readonly likeness?: string | null;
}

export const deliveries = schema.table('deliveries', {
  claimId: text('claim_id').$type<Id<'clm'>>().primaryKey(),
  institutionId: text('institution_id').$type<Id<'ins'>>().notNull(),
  requirementId: text('requirement_id').$type<Id<'req'>>().notNull(),
  recordId: text('record_id').$type<Id<'rec'>>().notNull(),
  record: bytea('record').notNull(),
  status: text('status').$type<DeliveryStatus>().notNull(),
  transformed: bytea('transformed'),
  deliveredAtMs: millis('delivered_at_ms'),
  settleByMs: millis('settle_by_ms'),
  checks: jsonb('checks').$type<Check[]>().notNull(),
  parts: jsonb('parts').$type<ReceivedPart[]>().notNull(),
  code: text('code'),
  disputeCode: text('dispute_code'),
  evidenceKey: text('evidence_key'),
  acceptedAtMs: millis('accepted_at_ms').notNull(),
  updatedAtMs: millis('updated_at_ms').notNull(),
  verifiedAtMs: millis('verified_at_ms'),
  paid: millis('paid'),
  fee: millis('fee'),
});
export type DeliveryRow = typeof deliveries.$inferSelect;

export const webhooks = schema.table('webhooks', {
  webhookId: text('webhook_id').$type<Id<'whk'>>().primaryKey(),
  institutionId: text('institution_id').$type<Id<'ins'>>().notNull(),
  url: text('url').notNull(),
  events: jsonb('events').$type<string[]>().notNull(),
  secret: bytea('secret').notNull(),
  createdAtMs: millis('created_at_ms').notNull(),
  endedAtMs: millis('ended_at_ms'),
  lastError: text('last_error'),
  deliveredAtMs: millis('delivered_at_ms'),
});
export type WebhookRow = typeof webhooks.$inferSelect;
