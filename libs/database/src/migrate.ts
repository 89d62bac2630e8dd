import { readdir, readFile } from 'node:fs/promises';
import { sha256, toHex, utf8 } from '@medveil/encoding';
import { databaseError } from './errors.js';
import type { DatabaseOptions } from './port.js';

/** One migration file. */
export interface Migration {
  /** `infrastructure` (this package's own) or `service`. */
  readonly series: string;
  readonly version: number;
  readonly name: string;
  readonly sql: string;
  /** SHA-256 of the file, lower-case hex. */
  readonly checksum: string;
}

/** What running migrations needs of a connection: several statements at once, and rows. */
export interface MigrationConnection {
  exec(sql: string): Promise<void>;
  query<Row>(sql: string, parameters: readonly (string | number)[]): Promise<Row[]>;
}

const FILE_NAME = /^(\d{4})_([a-z0-9_]+)\.sql$/;
const SCHEMA_NAME = /^[a-z][a-z0-9_]{0,47}$/;
const LOCK_NUMBER = 0x6d65_6476;
const OWN_MIGRATIONS = new URL('../migrations/', import.meta.url);

/** This package's migrations, then the service's. @throws CodedError `database/bad-schema-name`, `database/migration-failed` */
export async function migrationsOf({ schema, migrations }: DatabaseOptions): Promise<Migration[]> {
  if (!SCHEMA_NAME.test(schema)) {
    throw databaseError('database/bad-schema-name', 'a schema name is lower-case letters, digits and underscores', { schema });
  }
  const own = await readMigrations(OWN_MIGRATIONS, 'infrastructure');
  return migrations === undefined ? own : [...own, ...(await readMigrations(migrations, 'service'))];
}

/**
 * Reads `0001_name.sql`, `0002_…` of a folder.
 * @throws CodedError `database/migration-failed` where numbers are missing or twice, or a name has another form
 */
export async function readMigrations(folder: URL, series: string): Promise<Migration[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).toSorted();
  return Promise.all(names.map(async (name, index) => {
    const version = Number(FILE_NAME.exec(name)?.[1]);
    if (version !== index + 1) {
      throw databaseError('database/migration-failed', 'migration files are numbered 0001_, 0002_, … without gaps', { series, file: name });
    }
    const sql = await readFile(new URL(name, folder.href.endsWith('/') ? folder : `${folder.href}/`), 'utf8');
    return { series, version, name, sql, checksum: toHex(sha256(utf8(sql))) };
  }));
}

/**
 * Brings one schema up to date, within the caller's transaction: all or nothing, one runner at a time.
 * @throws CodedError `database/migration-changed`, `database/migration-failed`
 */
export async function migrate(connection: MigrationConnection, schema: string, migrations: readonly Migration[], nowMs: number): Promise<void> {
  await connection.query('select pg_advisory_xact_lock($1::bigint)', [LOCK_NUMBER]); // of the whole database, for one transaction
  await connection.exec(`create schema if not exists "${schema}"; set local search_path to "${schema}"`);
  await connection.exec(`create table if not exists schema_migrations (
    series text not null, version integer not null, name text not null, checksum text not null, applied_at_ms bigint not null,
    primary key (series, version))`);
  const rows = await connection.query<AppliedMigration>('select series, version, checksum from schema_migrations', []);
  assertUnchanged(rows, migrations);
  const applied = new Set(rows.map(({ series, version }) => `${series}/${version}`));
  for (const migration of migrations) {
    if (!applied.has(`${migration.series}/${migration.version}`)) await apply(connection, migration, nowMs);
  }
}

/**
 * Checks, and changes nothing: for a role that may not create tables.
 * @throws CodedError `database/migration-missing`, `database/migration-changed`
 */
export async function assertMigrated(connection: MigrationConnection, schema: string, migrations: readonly Migration[]): Promise<void> {
  const [table] = await connection.query<{ there: boolean }>('select to_regclass($1) is not null as there', [`"${schema}".schema_migrations`]);
  const rows = table?.there === true
    ? await connection.query<AppliedMigration>(`select series, version, checksum from "${schema}".schema_migrations`, [])
    : [];
  assertUnchanged(rows, migrations);
  const missing = migrations.find(({ series, version }) => !rows.some((row) => row.series === series && row.version === version));
  if (missing !== undefined) {
    throw databaseError('database/migration-missing', 'the schema is older than this service', { schema, series: missing.series, file: missing.name });
  }
}

interface AppliedMigration {
  readonly series: string;
  readonly version: number;
  readonly checksum: string;
}

async function apply(connection: MigrationConnection, migration: Migration, nowMs: number): Promise<void> {
  const { series, version, name, sql, checksum } = migration;
  try {
    await connection.exec(sql);
  } catch (cause) {
    throw databaseError('database/migration-failed', 'a migration failed; nothing of this start-up was applied', { series, file: name }, { cause });
  }
  await connection.query(
    'insert into schema_migrations (series, version, name, checksum, applied_at_ms) values ($1, $2, $3, $4, $5)',
    [series, version, name, checksum, nowMs],
  );
}

/** What was applied must still be there as it was: forward only. */
function assertUnchanged(rows: readonly AppliedMigration[], migrations: readonly Migration[]): void {
  for (const { series, version, checksum } of rows) {
    const file = migrations.find((migration) => migration.series === series && migration.version === version);
    if (file?.checksum !== checksum) {
      throw databaseError('database/migration-changed', 'an applied migration was changed or removed; write a new one instead', { series, version });
    }
  }
}
