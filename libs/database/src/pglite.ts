import { PGlite, type Transaction } from '@electric-sql/pglite';
import type { Clock } from '@medveil/encoding';
import { codedDatabaseError, pgliteQueries } from './coded-session.js';
import { databaseError } from './errors.js';
import { lockFolder } from './folder-lock.js';
import { migrate, type MigrationConnection, migrationsOf } from './migrate.js';
import type { Database, DatabaseEngine, DatabaseOptions, Queries, TransactionOptions, TransactionQueries } from './port.js';
import { runTransactionBody } from './transaction-body.js';
import { assertOutsideTransaction } from './transaction-scope.js';

export interface PgliteOptions {
  /** Folder of the data; in memory where absent. */
  readonly dataDir?: string;
  /** A dump (`dumpDataDir`) to begin with, in a new folder. */
  readonly loadDataDir?: Blob;
  readonly clock: Clock;
}

/** One PGlite instance: PostgreSQL compiled to WebAssembly, in this process, with one connection for everybody. */
export class PgliteEngine implements DatabaseEngine {
  readonly #pglite: PGlite;
  readonly #clock: Clock;
  readonly #unlock: () => Promise<void>;
  #closed: Promise<void> | undefined;

  private constructor(pglite: PGlite, clock: Clock, unlock: () => Promise<void>) {
    this.#pglite = pglite;
    this.#clock = clock;
    this.#unlock = unlock;
  }

  /** @throws CodedError `database/folder-in-use`, `database/unavailable` */
  static async start(options: PgliteOptions): Promise<PgliteEngine> {
    const { clock, ...storage } = options;
    const unlock = storage.dataDir === undefined ? async () => undefined : await lockFolder(storage.dataDir);
    try {
      return new PgliteEngine(await PGlite.create(storage), clock, unlock);
    } catch (cause) {
      await unlock();
      throw databaseError('database/unavailable', 'the embedded database does not start', {}, { cause });
    }
  }

  async open(options: DatabaseOptions): Promise<Database> {
    const { schema } = options;
    const migrations = await migrationsOf(options);
    await this.#pglite.transaction(async (tx) => migrate(migrationConnection(tx), schema, migrations, this.#clock()));
    return new PgliteDatabase(schema, this.#pglite, async () => this.#assertOpen());
  }

  /** All data as a tar file, for fixtures. */
  async dump(): Promise<Blob> {
    return this.#pglite.dumpDataDir('none');
  }

  async close(): Promise<void> {
    this.#closed ??= this.#pglite.close().then(this.#unlock);
    return this.#closed;
  }

  #assertOpen(): void {
    if (this.#closed !== undefined) throw databaseError('database/closed', 'the database engine is closed');
  }
}

const migrationConnection = (tx: Transaction): MigrationConnection => ({
  exec: async (sql) => void (await tx.exec(sql)),
  query: async <Row>(sql: string, parameters: readonly (string | number)[]) => (await tx.query<Row>(sql, [...parameters])).rows,
});

class PgliteDatabase implements Database {
  readonly exclusive = true;
  readonly queries: Queries;
  #closed = false;

  constructor(
    readonly schema: string,
    readonly pglite: PGlite,
    readonly assertEngineOpen: () => Promise<void>,
  ) {
    this.queries = pgliteQueries(pglite, async () => {
      await this.#assertOpen();
      assertOutsideTransaction(pglite);
    });
  }

  async transaction<T>(fn: (tx: TransactionQueries) => Promise<T>, { isolation, timeoutMs }: TransactionOptions = {}): Promise<T> {
    await this.#assertOpen();
    assertOutsideTransaction(this.pglite);
    let thrownInside: { readonly error: unknown } | undefined;
    try {
      return await this.pglite.transaction(async (connection) => {
        if (isolation !== undefined) await connection.query(`set transaction isolation level ${isolation}`);
        try {
          return await runTransactionBody(this.pglite, (guard) => pgliteQueries(connection, guard), fn, timeoutMs);
        } catch (error) {
          thrownInside = { error };
          throw error;
        }
      });
    } catch (error) {
      // What `fn` threw is the caller's own; a failing begin or commit is the database's.
      throw thrownInside === undefined ? codedDatabaseError(error) : thrownInside.error;
    }
  }

  async check(): Promise<void> {
    await this.#assertOpen();
    await this.pglite.query('select 1');
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  async #assertOpen(): Promise<void> {
    if (this.#closed) throw databaseError('database/closed', 'the database is closed', { schema: this.schema });
    await this.assertEngineOpen();
  }
}
