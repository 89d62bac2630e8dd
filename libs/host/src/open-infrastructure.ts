import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheSettings, openCache, scopedCache } from '@medveil/cache';
import { startTracing } from '@medveil/correlation';
import { type DatabaseEngine, type DatabaseOptions, type DatabaseSettings, openEngine, postgresSettings } from '@medveil/database';
import type { Clock, RandomBytes } from '@medveil/encoding';
import { openTransport, transportSettings } from '@medveil/messaging';
import { openObjectStore, type ObjectStoreSettings, s3Settings } from '@medveil/object-store';
import type { LogLevel } from '@medveil/service-kit';
import { z } from 'zod';
import type { Infrastructure } from './infrastructure.js';
import { untilAvailable } from './until-available.js';

/** The infrastructure of a service that starts alone: each part embedded, under one folder, or a server. */
export const infrastructureSettings = z.strictObject({
  /** of the embedded database and the objects in a folder; one process at a time has it */
  dataFolder: z.string().min(1).optional(),
  transport: transportSettings.prefault({ kind: 'in-process' }),
  cache: cacheSettings.prefault({ kind: 'memory' }),
  database: z.discriminatedUnion('kind', [z.strictObject({ kind: z.literal('pglite') }), postgresSettings]).prefault({ kind: 'pglite' }),
  objects: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('folder'), maxObjectBytes: z.int().min(1024).default(1024 * 1024 * 1024) }),
    s3Settings,
  ]).prefault({ kind: 'folder' }),
  /** Off without an endpoint. */
  tracing: z.strictObject({
    /** of an OpenTelemetry collector that takes traces over OTLP/HTTP: `http://collector:4318/v1/traces` */
    endpoint: z.url().optional(),
    /** of all traces, 0 to 1; the same for all services, so that they keep the same ones */
    sampleRatio: z.number().min(0).max(1).default(1),
  }).prefault({}),
  /** How long a starting service waits for its servers. */
  startTimeoutMs: z.int().min(0).max(3_600_000).default(60_000),
}).refine(({ dataFolder, database, objects }) => dataFolder !== undefined || (database.kind !== 'pglite' && objects.kind !== 'folder'), {
  error: 'is where an embedded database and objects in a folder are kept', path: ['dataFolder'],
}).prefault({});
export type InfrastructureSettings = z.output<typeof infrastructureSettings>;

export interface OpenedInfrastructure extends Infrastructure {
  /** After the services that stand on it. */
  close(): Promise<void>;
}

const clock: Clock = () => Date.now();
const random: RandomBytes = (length) => new Uint8Array(randomBytes(length));

/**
 * Opens every part, the database once a service asks for one, with the clock and the randomness of this machine, and waits for the
 * servers that a service cannot do without; the cache is none of them.
 * @param service whose part of a shared bucket and cache it is
 * @throws CodedError `host/dependency-away` naming the server that did not answer in time, and those of the parts, for example `database/folder-in-use`
 */
export async function openInfrastructure(settings: InfrastructureSettings, service: string, logLevel: LogLevel): Promise<OpenedInfrastructure> {
  const { dataFolder, startTimeoutMs, tracing: { endpoint, sampleRatio } } = settings;
  const tracing = endpoint === undefined ? undefined : await startTracing({ endpoint, sampleRatio, service });
  if (dataFolder !== undefined) await mkdir(dataFolder, { recursive: true, mode: 0o700 });
  const databases = openedWhenUsed(async () => openEngine(databaseIn(settings), clock));
  const transport = openTransport(settings.transport, { clock });
  const cache = openCache(settings.cache, clock);
  const close = async () => {
    await transport.close();
    await databases.close();
    await cache.close();
    await tracing?.close();
  };
  try {
    await untilAvailable('message broker', startTimeoutMs, async () => transport.bus.check());
  } catch (error) {
    await close();
    throw error;
  }
  return {
    clock,
    random,
    transport,
    databases: {
      open: async (options) => untilAvailable('database', startTimeoutMs, async () => databases.open(options)),
      close: async () => databases.close(),
    },
    cache: scopedCache(cache, `${service}:`),
    logLevel,
    measureProcess: true,
    openObjectStore: async (name) => untilAvailable('object store', startTimeoutMs, async () => openObjectStore(objectsIn(settings, name), random)),
    close,
  };
}

/** What a service keeps in servers of its own infrastructure. */
export interface Stores {
  readonly database: DatabaseOptions;
  /** has a part of the object store, too */
  readonly objects?: boolean;
}

/**
 * Brings the schema of a service up to date, and makes its bucket where the settings say `createBucket`. Where nothing is to be done nothing
 * is: it may be repeated, and done by several at once.
 * @throws as `openInfrastructure`
 */
export async function prepareStores(settings: InfrastructureSettings, service: string, { database, objects = false }: Stores): Promise<void> {
  const { startTimeoutMs } = settings;
  const engine = await openEngine(databaseIn(settings), clock);
  try {
    await (await untilAvailable('database', startTimeoutMs, async () => engine.open(database))).close();
  } finally {
    await engine.close();
  }
  if (objects) await (await untilAvailable('object store', startTimeoutMs, async () => openObjectStore(objectsIn(settings, service), random))).close();
}

/** Not every service has a database, and an embedded server takes seconds and a hundred megabytes. */
function openedWhenUsed(open: () => Promise<DatabaseEngine>): DatabaseEngine {
  let engine: Promise<DatabaseEngine> | undefined;
  return {
    open: async (options) => (await (engine ??= open())).open(options),
    close: async () => (await engine)?.close(),
  };
}

const databaseIn = ({ dataFolder = '', database }: InfrastructureSettings): DatabaseSettings =>
  database.kind === 'pglite' ? { kind: 'pglite', dataDir: join(dataFolder, 'database') } : database;

/** Each service has a part of its own of the folder or the bucket. */
const objectsIn = ({ dataFolder = '', objects }: InfrastructureSettings, service: string): ObjectStoreSettings =>
  objects.kind === 'folder' ? { ...objects, folder: join(dataFolder, 'objects', service) } : { ...objects, prefix: `${objects.prefix}${service}/` };
