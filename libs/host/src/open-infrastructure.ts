import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheSettings, openCache } from '@medveil/cache';
import { type DatabaseEngine, databaseSettings, openEngine } from '@medveil/database';
import type { Clock, RandomBytes } from '@medveil/encoding';
import { openTransport, transportSettings } from '@medveil/messaging';
import { objectStoreSettings, openObjectStore } from '@medveil/object-store';
import type { LogLevel } from '@medveil/service-kit';
import { z } from 'zod';
import type { Infrastructure } from './infrastructure.js';

/** The infrastructure of a service that starts alone, all of it embedded, under one folder. */
export const infrastructureSettings = z.strictObject({
  /** database and objects; one process at a time has it */
  dataFolder: z.string().min(1),
  transport: transportSettings.prefault({ kind: 'in-process' }),
  cache: cacheSettings.prefault({ kind: 'memory' }),
  maxObjectBytes: z.int().min(1024).default(1024 * 1024 * 1024),
}).prefault({} as { dataFolder: string }); // so that what is missing is reported by its leaves
export type InfrastructureSettings = z.output<typeof infrastructureSettings>;

export interface OpenedInfrastructure extends Infrastructure {
  /** After the services that stand on it. */
  close(): Promise<void>;
}

const clock: Clock = () => Date.now();
const random: RandomBytes = (length) => new Uint8Array(randomBytes(length));

/** Opens every part, the database once a service asks for one, with the clock and the randomness of this machine. @throws CodedError of the parts, for example `database/folder-in-use` */
export async function openInfrastructure(settings: InfrastructureSettings, logLevel: LogLevel): Promise<OpenedInfrastructure> {
  const { dataFolder, maxObjectBytes } = settings;
  await mkdir(dataFolder, { recursive: true, mode: 0o700 });
  const databases = openedWhenUsed(() => openEngine(databaseSettings.parse({ kind: 'pglite', dataDir: join(dataFolder, 'database') }), clock));
  const transport = openTransport(settings.transport, { clock });
  const cache = openCache(settings.cache, clock);
  return {
    clock,
    random,
    transport,
    databases,
    cache,
    logLevel,
    measureProcess: true,
    openObjectStore: (service) =>
      openObjectStore(objectStoreSettings.parse({ kind: 'folder', folder: join(dataFolder, 'objects', service), maxObjectBytes }), random),
    close: async () => {
      await transport.close();
      await databases.close();
      await cache.close();
    },
  };
}

/** Not every service has a database, and an embedded server takes seconds and a hundred megabytes. */
function openedWhenUsed(open: () => Promise<DatabaseEngine>): DatabaseEngine {
  let engine: Promise<DatabaseEngine> | undefined;
  return {
    open: async (options) => (await (engine ??= open())).open(options),
    close: async () => (await engine)?.close(),
  };
}
