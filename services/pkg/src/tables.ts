import { bytea, millis } from '@medveil/database';
import type { Role } from '@medveil/identity';
import { integer, pgSchema, text } from 'drizzle-orm/pg-core';

/** The PostgreSQL schema of this service. */
export const SCHEMA = 'pkg';
const schema = pgSchema(SCHEMA);

/** Drizzle's view of migrations/: what each column is for stands there. */
export const enrolmentTokens = schema.table('enrolment_tokens', {
  digest: bytea('digest').primaryKey(),
  enrolmentId: text('enrolment_id').notNull(),
  role: text('role').$type<Role>().notNull(),
  sponsor: text('sponsor').notNull(),
  expiresAtMs: millis('expires_at_ms').notNull(),
  usedAtMs: millis('used_at_ms'),
  publicKey: bytea('public_key'),
});

export const enrolments = schema.table('enrolments', {
  enrolmentId: text('enrolment_id').primaryKey(),
  role: text('role').$type<Role>().notNull(),
  sponsor: text('sponsor').notNull(),
  subjectCommitment: bytea('subject_commitment'),
  enrolledAtMs: millis('enrolled_at_ms').notNull(),
  revokedAtMs: millis('revoked_at_ms'),
  revocationReason: text('revocation_reason'),
});

export const eCerts = schema.table('e_certs', {
  serial: text('serial').primaryKey(),
  enrolmentId: text('enrolment_id').notNull(),
  publicKey: bytea('public_key').notNull(),
  certificate: bytea('certificate').notNull(),
  requestDigest: bytea('request_digest').notNull(),
  notAfterMs: millis('not_after_ms').notNull(),
  revokedAtMs: millis('revoked_at_ms'),
});

export const tCertRequests = schema.table('t_cert_requests', {
  requestId: bytea('request_id').primaryKey(),
  enrolmentId: text('enrolment_id').notNull(),
  requestDigest: bytea('request_digest').notNull(),
  answer: bytea('answer').notNull(),
  notAfterMs: millis('not_after_ms').notNull(),
});

export const tCerts = schema.table('t_certs', {
  serial: bytea('serial').primaryKey(),
  enrolmentId: text('enrolment_id').notNull(),
  accountKey: bytea('account_key').notNull(),
  preKey: bytea('pre_key'),
  notBeforeMs: millis('not_before_ms').notNull(),
  notAfterMs: millis('not_after_ms').notNull(),
  revokedAtMs: millis('revoked_at_ms'),
});

export const issuers = schema.table('issuers', {
  place: integer('place').primaryKey(),
  enrolmentId: text('enrolment_id').notNull(),
  ax: bytea('ax').notNull(),
  ay: bytea('ay').notNull(),
  s: bytea('s').notNull(),
  leaf: bytea('leaf').notNull(),
  version: millis('version').notNull(),
  removedAtMs: millis('removed_at_ms'),
});

export const issuerTree = schema.table('issuer_tree', {
  id: integer('id').primaryKey(),
  size: integer('size').notNull(),
  version: millis('version').notNull(),
  removedVersion: millis('removed_version').notNull(),
  publishedVersion: millis('published_version').notNull(),
});

export const revocationList = schema.table('revocation_list', {
  id: integer('id').primaryKey(),
  sequence: millis('sequence').notNull(),
  list: bytea('list').notNull(),
});

/** The id of tables that have one row. */
export const ONLY = 1;
