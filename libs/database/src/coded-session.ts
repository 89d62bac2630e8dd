import { PGlite, type Transaction } from '@electric-sql/pglite';
import { isCodedError } from '@medveil/encoding';
import { PgDialect, type PgPreparedQuery, type PreparedQueryConfig } from 'drizzle-orm/pg-core';
import { PgliteDatabase, PgliteSession } from 'drizzle-orm/pglite';
import { databaseError } from './errors.js';
import type { Queries } from './port.js';

/** Drizzle over a connection. `guard` runs before each statement and may refuse it. */
export function buildQueries(connection: PGlite | Transaction, guard: () => Promise<void>): Queries {
  const guarded: Pick<PGlite, 'query'> = {
    query: async (...statement) => {
      await guard();
      return connection.query(...statement);
    },
  };
  const dialect = new PgDialect();
  // Drizzle uses nothing but `query` of the client, except for transactions, which this package opens itself.
  return new PgliteDatabase(dialect, new CodedSession(guarded as PGlite, dialect, undefined), undefined);
}

/**
 * Drizzle's errors quote the statement's parameters and PostgreSQL's quote column values: neither may reach a log or a caller. This
 * session lets coded errors out instead.
 */
class CodedSession extends PgliteSession<Record<string, never>, Record<string, never>> {
  override prepareQuery<T extends PreparedQueryConfig = PreparedQueryConfig>(
    ...parameters: Parameters<PgliteSession<Record<string, never>, Record<string, never>>['prepareQuery']>
  ): PgPreparedQuery<T> {
    const prepared = super.prepareQuery<T>(...parameters);
    const execute = prepared.execute.bind(prepared);
    prepared.execute = async (values) => execute(values).catch((error: unknown) => {
      throw codedDatabaseError(error);
    });
    return prepared;
  }
}

/** A coded error without data in it: the SQLSTATE, and which constraint was violated. */
export function codedDatabaseError(error: unknown): Error {
  const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (isCodedError(inner)) return inner;
  if (!(inner instanceof Error)) return databaseError('database/query-failed', 'the database failed');
  const sqlState = textOf(inner, 'code');
  if (sqlState === undefined || sqlState.length !== 5) {
    return databaseError('database/unavailable', 'the database does not answer', { name: inner.name });
  }
  if (sqlState.startsWith('23')) {
    const details = { sqlState, constraint: textOf(inner, 'constraint') ?? null, table: textOf(inner, 'table') ?? null };
    return databaseError('database/constraint-violated', 'the change would violate a constraint', details);
  }
  // Class 42 is a mistake in the statement: its message names tables and columns, never values.
  return databaseError('database/query-failed', sqlState.startsWith('42') ? inner.message : 'the statement failed', { sqlState });
}

function textOf(error: Error, name: string): string | undefined {
  const value: unknown = Reflect.get(error, name);
  return typeof value === 'string' ? value : undefined;
}
