import type { PgDatabase, PgQueryResultHKT } from 'drizzle-orm/pg-core';

/** What `sql.execute(...)` of drizzle gives on every adapter. Use `.returning()` to learn what a statement changed. */
export interface ResultHKT extends PgQueryResultHKT {
  readonly type: Rows<this['row']>;
}

export interface Rows<Row> {
  readonly rows: Row[];
}

/** Drizzle's query builder (`select`, `insert`, `update`, `delete`, `execute`), the same on every adapter. */
export type Queries = Pick<
  PgDatabase<ResultHKT>,
  'select' | 'selectDistinct' | 'insert' | 'update' | 'delete' | 'execute' | 'with' | '$with' | '$count'
>;

/** The query builder inside a transaction; every statement of the transaction goes through it. */
export interface TransactionQueries extends Queries {
  /** Marks the type, so that a function which must run inside a transaction cannot be handed `database.queries`. */
  readonly inTransaction: true;
}

/**
 * One service's database: one PostgreSQL schema. Tables are drizzle tables of `pgSchema(<schema>)`.
 * Times are UTC milliseconds in `bigint` columns (`bigint({ mode: 'number' })`), bytes `bytea` (the `bytea` column type of
 * this package), documents `jsonb`.
 */
export interface Database {
  readonly schema: string;
  /** True where this process alone has the data (PGlite): leases left by an earlier process are void. */
  readonly exclusive: boolean;
  /**
   * Single statements outside of a transaction. Using it inside a `transaction(fn)` would wait for the connection that
   * the transaction holds: it throws `database/query-outside-transaction` instead.
   */
  readonly queries: Queries;
  /**
   * Runs `fn` in one transaction: commits when it resolves, rolls back when it throws.
   * Inside `fn` await SQL and nothing else: no HTTP, no message, no file. Another query or transaction on the same engine
   * throws `database/query-outside-transaction`; a transaction longer than `timeoutMs` (default 10 s) is rolled back with
   * `database/transaction-timeout`; its handle is dead afterwards (`database/transaction-over`).
   */
  transaction<T>(fn: (tx: TransactionQueries) => Promise<T>, options?: TransactionOptions): Promise<T>;
  /** Resolves where the database answers: a readiness check. */
  check(): Promise<void>;
  close(): Promise<void>;
}

export interface TransactionOptions {
  readonly isolation?: 'read committed' | 'repeatable read' | 'serializable';
  readonly timeoutMs?: number;
}

export interface DatabaseOptions {
  /** The service's PostgreSQL schema: lower-case letters, digits, underscores; created if absent. */
  readonly schema: string;
  /**
   * Folder of the service's migrations: plain SQL named `0001_what_it_does.sql`, forward only, run once and in order with
   * the search path set to `schema` (no schema name in them). A changed or missing old file is refused
   * (`database/migration-changed`).
   */
  readonly migrations?: URL;
}

/**
 * The server behind one or several services' databases. Embedded: one PGlite instance, which has one connection that all
 * share, so a slow transaction of one service is waited for by the others.
 */
export interface DatabaseEngine {
  /** Creates the schema if absent, runs the migrations of this package and then the service's, under an advisory lock. */
  open(options: DatabaseOptions): Promise<Database>;
  /** Closes every database of the engine. Idempotent. */
  close(): Promise<void>;
}

export type DatabaseErrorCode =
  | 'database/bad-role-name'
  | 'database/bad-schema-name'
  | 'database/closed'
  | 'database/conflict'
  | 'database/constraint-violated'
  | 'database/folder-in-use'
  | 'database/migration-changed'
  | 'database/migration-failed'
  | 'database/migration-missing'
  | 'database/query-failed'
  | 'database/query-outside-transaction'
  | 'database/transaction-over'
  | 'database/transaction-timeout'
  | 'database/unavailable'
  | 'outbox/message-too-large'
  | 'jobs/bad-payload'
  | 'jobs/permanent'
  | 'jobs/unknown-kind';
