import { readFileSync } from 'node:fs';
import pg from 'pg';
import { codedDatabaseError } from './coded-session.js';
import type { MigrationConnection } from './migrate.js';

export interface PostgresConnectionOptions {
  /** PEM of the authority that signed the server's certificate: the connection is TLS then, whatever the URL says. */
  readonly caFile?: string;
  readonly poolSize: number;
  /** Longest wait for a connection, be it for the network or for one of the pool to be free. */
  readonly connectTimeoutMs: number;
  /** An unused connection is closed after so long. */
  readonly idleTimeoutMs: number;
  readonly statementTimeoutMs: number;
  readonly lockTimeoutMs: number;
}

const SILENCE_MS = 5_000;

/** @param url postgres://user:password@host:port/database */
export function openPool(url: string, applicationName: string, options: PostgresConnectionOptions): pg.Pool {
  const { caFile, poolSize, connectTimeoutMs, idleTimeoutMs, statementTimeoutMs, lockTimeoutMs } = options;
  const pool = new pg.Pool({
    connectionString: url,
    application_name: applicationName,
    max: poolSize,
    connectionTimeoutMillis: connectTimeoutMs,
    idleTimeoutMillis: idleTimeoutMs,
    statement_timeout: statementTimeoutMs,
    // The server ends what takes too long; this is for a server that says nothing at all.
    query_timeout: statementTimeoutMs + SILENCE_MS,
    lock_timeout: lockTimeoutMs,
    // A transaction whose process hangs must not hold its locks for ever.
    idle_in_transaction_session_timeout: statementTimeoutMs,
    keepAlive: true,
    ...(caFile === undefined ? {} : { ssl: { ca: readFileSync(caFile, 'utf8') } }),
  });
  // An idle connection that breaks leaves the pool by itself; who asks next gets a new one.
  pool.on('error', () => undefined);
  return pool;
}

/**
 * Runs `work` on one connection. A connection on which something failed in a way that leaves its state unknown is closed, and with it
 * the server's transaction.
 * @param work says at its end whether the connection may serve others
 */
export async function withConnection<T>(pool: pg.Pool, work: (client: pg.PoolClient, spoil: () => void) => Promise<T>): Promise<T> {
  const client = await pool.connect().catch((error: unknown) => {
    throw codedDatabaseError(error);
  });
  let isSpoilt = false;
  // Without a listener the loss of a connection in use would end the process.
  const onError = () => { isSpoilt = true; };
  client.on('error', onError);
  try {
    return await work(client, () => { isSpoilt = true; });
  } finally {
    client.off('error', onError);
    client.release(isSpoilt);
  }
}

/** Runs `body` between begin and commit. What `body` throws is thrown as it is, after a rollback. */
export async function transactionOn<T>(pool: pg.Pool, begin: string, body: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  return withConnection(pool, async (client, spoil) => {
    const command = async (sql: string) => client.query(sql).catch((error: unknown) => {
      spoil();
      throw codedDatabaseError(error);
    });
    await command(begin);
    let result: T;
    try {
      result = await body(client);
    } catch (error) {
      // A statement may still be running: where the rollback cannot follow it at once, the connection goes, and the transaction with it.
      await rollback(client).catch(spoil);
      throw error;
    }
    await command('commit');
    return result;
  });
}

const ROLLBACK_TIMEOUT_MS = 1_000;

async function rollback(client: pg.PoolClient): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => { timer = setTimeout(() => reject(new Error('late')), ROLLBACK_TIMEOUT_MS); });
  try {
    await Promise.race([client.query('rollback'), late]);
  } finally {
    clearTimeout(timer);
  }
}

export const migrationConnection = (client: pg.PoolClient): MigrationConnection => ({
  exec: async (sql) => void (await client.query(sql)),
  query: async <Row>(sql: string, parameters: readonly (string | number)[]) => (await client.query(sql, [...parameters])).rows as Row[],
});
