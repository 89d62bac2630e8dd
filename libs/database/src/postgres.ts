import type { Clock } from '@medveil/encoding';
import pg from 'pg';
import { codedDatabaseError, postgresQueries } from './coded-session.js';
import { databaseError } from './errors.js';
import { assertMigrated, migrate, type Migration, migrationsOf } from './migrate.js';
import type { Database, DatabaseEngine, DatabaseOptions, Queries, TransactionOptions, TransactionQueries } from './port.js';
import { migrationConnection, openPool, type PostgresConnectionOptions, transactionOn, withConnection } from './postgres-connections.js';
import { grantUse } from './postgres-roles.js';
import { runTransactionBody } from './transaction-body.js';
import { assertOutsideTransaction } from './transaction-scope.js';

export interface PostgresOptions extends PostgresConnectionOptions {
  /** Of the role that the service works as. */
  readonly url: string;
  /** Of a role that owns the schemas: it runs the migrations and lets the service's role use the tables, no more. */
  readonly ownerUrl?: string;
  /** Where there is no owner: `run` the migrations as the service's own role, or only `check` that they have been run. */
  readonly migrations: 'run' | 'check';
  /** How long one migration may take; another process waits so long for its turn. */
  readonly migrationTimeoutMs: number;
  readonly clock: Clock;
}

/** One service's connections to a PostgreSQL server. */
export class PostgresEngine implements DatabaseEngine {
  readonly #options: PostgresOptions;
  readonly #pool: pg.Pool;
  #closed: Promise<void> | undefined;

  constructor(options: PostgresOptions) {
    this.#options = options;
    this.#pool = openPool(options.url, 'medveil', options);
  }

  async open(options: DatabaseOptions): Promise<Database> {
    this.#assertOpen();
    const migrations = await migrationsOf(options);
    const { ownerUrl } = this.#options;
    if (ownerUrl !== undefined) await this.#migrateAsOwner(ownerUrl, options.schema, migrations);
    else if (this.#options.migrations === 'run') await this.#migrate(this.#pool, options.schema, migrations);
    await withConnection(this.#pool, async (client) => {
      await assertMigrated(migrationConnection(client), options.schema, migrations).catch((error: unknown) => { throw codedDatabaseError(error); });
    });
    return new PostgresDatabase(options.schema, this.#pool, () => this.#assertOpen());
  }

  async close(): Promise<void> {
    this.#closed ??= this.#pool.end();
    return this.#closed;
  }

  async #migrateAsOwner(ownerUrl: string, schema: string, migrations: readonly Migration[]): Promise<void> {
    const owner = openPool(ownerUrl, 'medveil-migrations', { ...this.#options, poolSize: 1, statementTimeoutMs: this.#options.migrationTimeoutMs });
    try {
      await this.#migrate(owner, schema, migrations, decodeURIComponent(new URL(this.#options.url).username));
    } finally {
      await owner.end();
    }
  }

  async #migrate(pool: pg.Pool, schema: string, migrations: readonly Migration[], role?: string): Promise<void> {
    const { migrationTimeoutMs, clock } = this.#options;
    await transactionOn(pool, 'begin', async (client) => {
      try {
        await client.query(`set local statement_timeout = ${migrationTimeoutMs}; set local lock_timeout = ${migrationTimeoutMs}`);
        await migrate(migrationConnection(client), schema, migrations, clock());
        if (role !== undefined) await grantUse(client, schema, role);
      } catch (error) {
        throw codedDatabaseError(error);
      }
    });
  }

  #assertOpen(): void {
    if (this.#closed !== undefined) throw databaseError('database/closed', 'the database engine is closed');
  }
}

class PostgresDatabase implements Database {
  readonly exclusive = false;
  readonly queries: Queries;
  #closed = false;

  constructor(
    readonly schema: string,
    readonly pool: pg.Pool,
    readonly assertEngineOpen: () => void,
  ) {
    this.queries = postgresQueries(pool, async () => {
      this.#assertOpen();
      assertOutsideTransaction(pool);
    });
  }

  async transaction<T>(fn: (tx: TransactionQueries) => Promise<T>, { isolation, timeoutMs }: TransactionOptions = {}): Promise<T> {
    this.#assertOpen();
    assertOutsideTransaction(this.pool);
    const begin = isolation === undefined ? 'begin' : `begin isolation level ${isolation}`;
    return transactionOn(this.pool, begin, async (client) => runTransactionBody(this.pool, (guard) => postgresQueries(client, guard), fn, timeoutMs));
  }

  async check(): Promise<void> {
    this.#assertOpen();
    await this.pool.query('select 1').catch((error: unknown) => { throw codedDatabaseError(error); });
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  #assertOpen(): void {
    if (this.#closed) throw databaseError('database/closed', 'the database is closed', { schema: this.schema });
    this.assertEngineOpen();
  }
}
