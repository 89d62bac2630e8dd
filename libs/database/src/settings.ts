import { type Clock, secret } from '@medveil/encoding';
import { z } from 'zod';
import { PgliteEngine } from './pglite.js';
import type { DatabaseEngine } from './port.js';
import { PostgresEngine } from './postgres.js';

const postgresUrl = () => secret(z.url({ protocol: /^postgres(ql)?$/ }));

/** A PostgreSQL server, and the limits of this service's connections. */
export const postgresSettings = z.strictObject({
  kind: z.literal('postgres'),
  /** postgres://user:password@host:port/database of the service's own role */
  url: postgresUrl(),
  /** Of the role that owns the schema and runs the migrations; without it the service's own role does, or `migrations` is `check`. */
  ownerUrl: postgresUrl().optional(),
  migrations: z.enum(['run', 'check']).default('run'),
  caFile: z.string().min(1).optional(),
  poolSize: z.int().min(1).max(1_000).default(10),
  connectTimeoutMs: z.int().min(10).max(600_000).default(5_000),
  idleTimeoutMs: z.int().min(0).max(3_600_000).default(30_000),
  statementTimeoutMs: z.int().min(10).max(3_600_000).default(30_000),
  lockTimeoutMs: z.int().min(10).max(3_600_000).default(10_000),
  migrationTimeoutMs: z.int().min(10).max(24 * 3_600_000).default(600_000),
});

/** Which database: a service's `database` setting. */
export const databaseSettings = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('pglite'),
    /** Folder of the embedded database; one process at a time has it. */
    dataDir: z.string().min(1),
  }),
  postgresSettings,
]);
export type DatabaseSettings = z.infer<typeof databaseSettings>;

/** Starts the engine; in one process it is started once and each service opens its own schema on it. */
export async function openEngine(settings: DatabaseSettings, clock: Clock): Promise<DatabaseEngine> {
  if (settings.kind === 'pglite') return PgliteEngine.start({ dataDir: settings.dataDir, clock });
  const { kind: _kind, ownerUrl, caFile, ...options } = settings;
  return new PostgresEngine({ ...options, clock, ...(ownerUrl === undefined ? {} : { ownerUrl }), ...(caFile === undefined ? {} : { caFile }) });
}
