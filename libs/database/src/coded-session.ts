import type { PGlite, Transaction } from '@electric-sql/pglite';
import { isCodedError } from '@medveil/encoding';
import { NodePgDatabase, NodePgSession } from 'drizzle-orm/node-postgres';
import { PgDialect, type PgPreparedQuery, type PreparedQueryConfig } from 'drizzle-orm/pg-core';
import { PgliteDatabase, PgliteSession } from 'drizzle-orm/pglite';
import pg from 'pg';
import { databaseError } from './errors.js';
import type { Queries } from './port.js';

type Guard = () => Promise<void>;

/** Drizzle over a connection of PGlite. `guard` runs before each statement and may refuse it. */
export function pgliteQueries(connection: PGlite | Transaction, guard: Guard): Queries {
  const guarded: Pick<PGlite, 'query'> = {
    query: async (...statement) => {
      await guard();
      return connection.query(...statement);
    },
  };
  const dialect = new PgDialect();
  // Drizzle uses nothing but `query` of the client, except for transactions, which this package opens itself.
  return new PgliteDatabase(dialect, new CodedPgliteSession(guarded as PGlite, dialect, undefined), undefined);
}

/** The same over a connection, or the connections, of a PostgreSQL server. */
export function postgresQueries(connection: pg.Pool | pg.PoolClient, guard: Guard): Queries {
  const guarded = {
    query: async (config: pg.QueryConfig, values: unknown[]) => {
      await guard();
      return connection.query({ ...config, types: RESULT_TYPES }, values);
    },
  };
  const dialect = new PgDialect();
  return new NodePgDatabase(dialect, new CodedPostgresSession(guarded as unknown as pg.Pool, dialect, undefined), undefined);
}

const { TIMESTAMP, TIMESTAMPTZ, DATE, INTERVAL } = pg.types.builtins;
const INT8: number = pg.types.builtins.INT8;
const TIMES: ReadonlySet<number> = new Set([TIMESTAMP, TIMESTAMPTZ, DATE, INTERVAL]);

/** What a statement without drizzle's columns gives: the same on both engines. */
const RESULT_TYPES: pg.CustomTypesConfig = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') => {
    if (oid === INT8) return Number;
    if (TIMES.has(oid)) return (text: string) => text;
    return pg.types.getTypeParser(oid, format) as (value: string) => unknown;
  },
};

/**
 * Drizzle's errors quote the statement's parameters and PostgreSQL's quote column values: neither may reach a log or a caller. These
 * sessions let coded errors out instead.
 */
class CodedPgliteSession extends PgliteSession<Record<string, never>, Record<string, never>> {
  override prepareQuery<T extends PreparedQueryConfig = PreparedQueryConfig>(
    ...parameters: Parameters<PgliteSession<Record<string, never>, Record<string, never>>['prepareQuery']>
  ): PgPreparedQuery<T> {
    return withCodedErrors(super.prepareQuery<T>(...parameters));
  }
}

class CodedPostgresSession extends NodePgSession<Record<string, never>, Record<string, never>> {
  override prepareQuery<T extends PreparedQueryConfig = PreparedQueryConfig>(
    ...parameters: Parameters<NodePgSession<Record<string, never>, Record<string, never>>['prepareQuery']>
  ): PgPreparedQuery<T> {
    return withCodedErrors(super.prepareQuery<T>(...parameters));
  }
}

function withCodedErrors<T extends PreparedQueryConfig>(prepared: PgPreparedQuery<T>): PgPreparedQuery<T> {
  const execute = prepared.execute.bind(prepared);
  prepared.execute = async (values) => execute(values).catch((error: unknown) => {
    throw codedDatabaseError(error);
  });
  return prepared;
}

/** A coded error without data in it: the SQLSTATE, and which constraint was violated. */
export function codedDatabaseError(error: unknown): Error {
  if (isCodedError(error)) return error;
  const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (isCodedError(inner)) return inner;
  if (!(inner instanceof Error)) return databaseError('database/query-failed', 'the database failed');
  const sqlState = textOf(inner, 'code');
  // An error of the system has a code, too, such as EPIPE.
  if (sqlState === undefined || !/^(?=.*\d)[0-9A-Z]{5}$/.test(sqlState)) {
    return databaseError('database/unavailable', 'the database does not answer', { name: inner.name });
  }
  if (sqlState.startsWith('23')) {
    const details = { sqlState, constraint: textOf(inner, 'constraint') ?? null, table: textOf(inner, 'table') ?? null };
    return databaseError('database/constraint-violated', 'the change would violate a constraint', details);
  }
  if (AWAY.test(sqlState)) return databaseError('database/unavailable', 'the database does not serve now', { sqlState });
  if (CONFLICT.test(sqlState)) return databaseError('database/conflict', 'another transaction was first; this one can be tried again', { sqlState });
  // Class 42 is a mistake in the statement: its message names tables and columns, never values.
  return databaseError('database/query-failed', sqlState.startsWith('42') ? inner.message : 'the statement failed', { sqlState });
}

// PostgreSQL, appendix A: connection exceptions, insufficient resources, operator intervention (shutdown, start-up, statement timeout),
// a password refused, a lock not to be had in time.
const AWAY = /^(08...|53...|57...|28...|55P03)$/;
/** Serialization failure and deadlock. */
const CONFLICT = /^(40001|40P01)$/;

function textOf(error: Error, name: string): string | undefined {
  const value: unknown = Reflect.get(error, name);
  return typeof value === 'string' ? value : undefined;
}
