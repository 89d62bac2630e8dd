import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { testEndpoint } from '../../../scripts/servers/index.mjs';
import { PostgresEngine, type PostgresOptions } from './postgres.js';

/** A database of its own on the server for tests; dropped by `drop`. */
export async function makeDatabase(server = testEndpoint('postgres')): Promise<{ readonly url: string; drop(): Promise<void> }> {
  const name = `medveil_${randomBytes(6).toString('hex')}`;
  await asAdmin(server, `create database ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return { url: url.href, drop: async () => asAdmin(server, `drop database ${name} with (force)`) };
}

/** Runs statements on a connection of their own. */
export async function asAdmin(url: string, ...statements: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

export const openEngineOn = (url: string, change: Partial<PostgresOptions> = {}): PostgresEngine =>
  new PostgresEngine({
    url, migrations: 'run', poolSize: 5, connectTimeoutMs: 5_000, idleTimeoutMs: 10_000, statementTimeoutMs: 20_000, lockTimeoutMs: 10_000, migrationTimeoutMs: 20_000,
    clock: () => Date.now(), ...change,
  });
