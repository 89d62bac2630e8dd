/**
 * One service's state in PostgreSQL, real or embedded: migrations, transactions that await SQL and nothing else, and the tables
 * that make messages, requests and long steps happen exactly once in effect.
 */
export type * from './port.js';
export type * from './outbox-port.js';
export type * from './idempotency-port.js';
export * from './jobs-port.js';
export { bytea, millis } from './columns.js';
export { databaseSettings, type DatabaseSettings, openEngine, postgresSettings } from './settings.js';
export { PgliteEngine, type PgliteOptions } from './pglite.js';
export { PostgresEngine, type PostgresOptions } from './postgres.js';
export { ensureServiceRole } from './postgres-roles.js';
export { insideTransaction } from './transaction-scope.js';
export { createOutbox, createOutboxRelay, MAX_OUTBOX_MESSAGE_BYTES, type RelayDependencies } from './outbox.js';
export { createInbox } from './inbox.js';
export { createIdempotencyStore, type IdempotencyOptions } from './idempotency.js';
export { createJobs, PermanentJobError } from './jobs.js';
export { createPruner, type Pruner, type PrunerOptions } from './pruner.js';
export type { JobsOptions } from './job-store.js';
