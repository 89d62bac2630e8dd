import { bytea, millis } from '@medveil/database';
import type { PartType } from '@medveil/eligibility';
import type { Id } from '@medveil/encoding';
import type { patientApi } from '@medveil/client';
import type { StandingRule } from '@medveil/consent';
import { boolean, integer, jsonb, pgSchema, text } from 'drizzle-orm/pg-core';

/** The PostgreSQL schema of this service. */
export const SCHEMA = 'patient_api';
const schema = pgSchema(SCHEMA);

/** The hospital itself, or one of its patients. */
export type PartyId = typeof HOSPITAL | Id<'pat'>;
export const HOSPITAL = 'hospital';

/** Drizzle's view of migrations/: what each column is for stands there. */
export const parties = schema.table('parties', {
  partyId: text('party_id').$type<PartyId>().primaryKey(),
  role: text('role').$type<'hospital' | 'patient'>().notNull(),
  enrolmentId: text('enrolment_id').notNull(),
  enrolmentRequest: bytea('enrolment_request'),
  certificate: bytea('certificate'),
  certificateNotAfterMs: millis('certificate_not_after_ms'),
  nextPseudonym: integer('next_pseudonym').notNull().default(0),
});

export const patients = schema.table('patients', {
  patientId: text('patient_id').$type<Id<'pat'>>().primaryKey(),
  sequence: millis('sequence').generatedAlwaysAsIdentity(),
  label: bytea('label').notNull(),
  nextRecord: integer('next_record').notNull().default(0),
  nextInstance: integer('next_instance').notNull().default(0),
  isRestoring: boolean('is_restoring').notNull().default(false),
  createdAtMs: millis('created_at_ms').notNull(),
});

export const tCertRequests = schema.table('t_cert_requests', {
  requestId: text('request_id').primaryKey(),
  partyId: text('party_id').$type<PartyId>().notNull(),
  epoch: millis('epoch').notNull(),
  firstIndex: integer('first_index').notNull(),
  count: integer('count').notNull(),
  request: bytea('request').notNull(),
});

export const pseudonyms = schema.table('pseudonyms', {
  partyId: text('party_id').$type<PartyId>().notNull(),
  index: integer('pseudonym_index').notNull(),
  account: text('account').$type<Id<'acc'>>().notNull(),
  certificate: bytea('certificate').notNull(),
  notBeforeMs: millis('not_before_ms').notNull(),
  notAfterMs: millis('not_after_ms').notNull(),
  usedFor: text('used_for'),
});

export const records = schema.table('records', {
  recordId: text('record_id').$type<Id<'rec'>>().primaryKey(),
  patientId: text('patient_id').$type<Id<'pat'>>().notNull(),
  sequence: millis('sequence').generatedAlwaysAsIdentity(),
  objectDigest: bytea('object_digest').notNull(),
  sizeBytes: millis('size_bytes').notNull(),
  importedAtMs: millis('imported_at_ms').notNull(),
  likeness: bytea('likeness'),
  searchIndex: bytea('search_index'),
});

export const importedLines = schema.table('imported_lines', {
  digest: bytea('digest').primaryKey(),
  patientId: text('patient_id').$type<Id<'pat'>>().notNull(),
  recordId: text('record_id').$type<Id<'rec'>>(),
  importedAtMs: millis('imported_at_ms').notNull(),
});

export const requirements = schema.table('requirements', {
  requirementId: text('requirement_id').$type<Id<'req'>>().primaryKey(),
  institution: text('institution').$type<Id<'acc'>>().notNull(),
  terms: bytea('terms').notNull(),
  domains: jsonb('domains').$type<string[]>().notNull(),
  status: text('status').$type<'open' | 'closed' | 'expired'>().notNull(),
  taken: integer('taken').notNull().default(0),
  policy: bytea('policy'),
});

export const members = schema.table('members', {
  account: text('account').$type<Id<'acc'>>().primaryKey(),
  role: text('role').notNull(),
  delegateeKey: bytea('delegatee_key'),
  sealKey: bytea('seal_key'),
});

export const exchanges = schema.table('exchanges', {
  exchangeId: text('exchange_id').$type<Id<'exc'>>().primaryKey(),
  sequence: millis('sequence').generatedAlwaysAsIdentity(),
  patientId: text('patient_id').$type<Id<'pat'>>().notNull(),
  recordId: text('record_id').$type<Id<'rec'>>().notNull(),
  requirementId: text('requirement_id').$type<Id<'req'>>().notNull(),
  institution: text('institution').$type<Id<'acc'>>().notNull(),
  reward: millis('reward').notNull(),
  phase: text('phase').$type<patientApi.ExchangePhase>().notNull(),
  phases: jsonb('phases').$type<Partial<Record<patientApi.ExchangePhase, number>>>().notNull(),
  code: text('code'),
  reason: text('reason'),
  lastError: text('last_error'),
  pseudonymIndex: integer('pseudonym_index').notNull(),
  account: text('account').$type<Id<'acc'>>().notNull(),
  instanceIndex: integer('instance_index').notNull(),
  commitment: bytea('commitment').notNull(),
  proof: bytea('proof'),
  claimId: text('claim_id').$type<Id<'clm'>>(),
  deliverByMs: millis('deliver_by_ms'),
  delegateeKey: bytea('delegatee_key'),
  paid: millis('paid'),
  retryable: boolean('retryable'),
  consentedBy: text('consented_by').notNull(),
  acknowledgedConflicts: boolean('acknowledged_conflicts').notNull(),
  revocationRequestedAtMs: millis('revocation_requested_at_ms'),
  revokeOnceSettled: boolean('revoke_once_settled').notNull().default(false),
  revokedAtMs: millis('revoked_at_ms'),
  startedAtMs: millis('started_at_ms').notNull(),
  updatedAtMs: millis('updated_at_ms').notNull(),
});
export type ExchangeRow = typeof exchanges.$inferSelect;

export const exchangeParts = schema.table('exchange_parts', {
  exchangeId: text('exchange_id').$type<Id<'exc'>>().notNull(),
  part: text('part').$type<PartType>().notNull(),
  version: integer('version').notNull(),
  capsule: bytea('capsule').notNull(),
  bodyDigest: bytea('body_digest').notNull(),
  bodyBytes: millis('body_bytes').notNull(),
});
export type ExchangePartRow = typeof exchangeParts.$inferSelect;

export const transactions = schema.table('transactions', {
  account: text('account').$type<Id<'acc'>>().notNull(),
  kind: text('kind').notNull(),
  round: integer('round').notNull().default(0),
  nonce: integer('nonce').notNull(),
  transactionId: text('transaction_id').$type<Id<'txn'>>().notNull(),
  bytes: bytea('bytes').notNull(),
  validUntilMs: millis('valid_until_ms').notNull(),
  acceptedHeight: millis('accepted_height'),
});

export const consentStatements = schema.table('consent_statements', {
  patientId: text('patient_id').$type<Id<'pat'>>().notNull(),
  sequence: integer('sequence').notNull(),
  statement: bytea('statement').notNull(),
  signature: bytea('signature').notNull(),
});

export const consentRules = schema.table('consent_rules', {
  ruleId: text('rule_id').$type<Id<'cns'>>().primaryKey(),
  patientId: text('patient_id').$type<Id<'pat'>>().notNull(),
  rule: jsonb('rule').$type<StandingRule>().notNull(),
  createdAtMs: millis('created_at_ms').notNull(),
  revokedAtMs: millis('revoked_at_ms'),
});
export type ConsentRuleRow = typeof consentRules.$inferSelect;

export const consentDecisions = schema.table('consent_decisions', {
  patientId: text('patient_id').$type<Id<'pat'>>().notNull(),
  requirementId: text('requirement_id').$type<Id<'req'>>().notNull(),
  sequence: millis('sequence').generatedAlwaysAsIdentity(),
  recordId: text('record_id').$type<Id<'rec'>>().notNull(),
  ruleId: text('rule_id').$type<Id<'cns'>>().notNull(),
  outcome: text('outcome').$type<patientApi.ConsentOutcome>().notNull(),
  exchangeId: text('exchange_id').$type<Id<'exc'>>(),
  decidedAtMs: millis('decided_at_ms').notNull(),
  answeredAtMs: millis('answered_at_ms'),
  answeredBy: text('answered_by'),
});
export type ConsentDecisionRow = typeof consentDecisions.$inferSelect;

export const voucherKeys = schema.table('voucher_keys', {
  keyId: text('key_id').primaryKey(),
  denomination: millis('denomination').notNull(),
  publicKey: bytea('public_key').notNull(),
  issuing: boolean('issuing').notNull(),
});
export type VoucherKeyRow = typeof voucherKeys.$inferSelect;

export const purses = schema.table('purses', {
  account: text('account').$type<Id<'acc'>>().primaryKey(),
  patientId: text('patient_id').$type<Id<'pat'>>().notNull(),
  pseudonymIndex: integer('pseudonym_index').notNull(),
  dueAtMs: millis('due_at_ms').notNull(),
  code: text('code'),
  lastError: text('last_error'),
  updatedAtMs: millis('updated_at_ms').notNull(),
});
export type PurseRow = typeof purses.$inferSelect;

export const payouts = schema.table('payouts', {
  payoutId: text('payout_id').$type<Id<'pay'>>().primaryKey(),
  sequence: millis('sequence').generatedAlwaysAsIdentity(),
  patientId: text('patient_id').$type<Id<'pat'>>().notNull(),
  amount: millis('amount').notNull(),
  reference: bytea('reference').notNull(),
  status: text('status').$type<patientApi.PayoutStatus>().notNull(),
  pseudonymIndex: integer('pseudonym_index'),
  dueAtMs: millis('due_at_ms').notNull(),
  code: text('code'),
  lastError: text('last_error'),
  requestedBy: text('requested_by').notNull(),
  createdAtMs: millis('created_at_ms').notNull(),
  updatedAtMs: millis('updated_at_ms').notNull(),
});
export type PayoutRow = typeof payouts.$inferSelect;

export const vouchers = schema.table('vouchers', {
  account: text('account').$type<Id<'acc'>>().notNull(),
  round: integer('round').notNull(),
  position: integer('position').notNull(),
  patientId: text('patient_id').$type<Id<'pat'>>().notNull(),
  pseudonymIndex: integer('pseudonym_index').notNull(),
  keyId: text('key_id').notNull(),
  denomination: millis('denomination').notNull(),
  requestId: text('request_id').$type<Id<'vrq'>>(),
  status: text('status').$type<patientApi.VoucherStatus>().notNull(),
  blindSignature: bytea('blind_signature'),
  payoutId: text('payout_id').$type<Id<'pay'>>(),
});
export type VoucherRow = typeof vouchers.$inferSelect;
