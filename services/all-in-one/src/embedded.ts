import { join } from 'node:path';
import { cacheSettings, openCache, scopedCache } from '@medveil/cache';
import { openEngine } from '@medveil/database';
import type { Clock, RandomBytes } from '@medveil/encoding';
import type { Infrastructure } from '@medveil/host';
import { openTransport, TOPICS, transportSettings } from '@medveil/messaging';
import { objectStoreSettings, openObjectStore } from '@medveil/object-store';
import type { LogLevel } from '@medveil/service-kit';
import { DEFAULT_SIZE, replicaIds } from '@medveil/setup';

export interface BusFaultSettings {
  readonly seed: number;
  readonly duplicateRate?: number;
  readonly maxDelayMs?: number;
  readonly reorder?: boolean;
}

export interface EmbeddedOptions {
  readonly dataFolder: string;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly logLevel: LogLevel;
  readonly busFaults: BusFaultSettings | null;
}

/** The embedded part of every kind: in-process bus, PGlite, memory cache, folders. Each stands in for a server. */
export interface Embedded {
  infrastructure(service: string): Infrastructure;
  close(): Promise<void>;
}

const MAX_MESSAGE_BYTES = 2 * 1024 * 1024;

export async function openEmbedded({ dataFolder, clock, random, logLevel, busFaults }: EmbeddedOptions): Promise<Embedded> {
  const replicas = replicaIds(DEFAULT_SIZE);
  const transport = openTransport(
    transportSettings.parse({ kind: 'in-process', maxMessageBytes: MAX_MESSAGE_BYTES, ...(busFaults === null ? {} : { faults: busFaults }) }),
    { clock, groups: { [TOPICS.transactions]: replicas, [TOPICS.consensus]: replicas, [TOPICS.certificates]: replicas, [TOPICS.blocks]: ['contract'] } },
  );
  const databases = await openEngine({ kind: 'pglite', dataDir: join(dataFolder, 'database') }, clock);
  const cache = openCache(cacheSettings.parse({ kind: 'memory' }), clock);
  return {
    infrastructure: (service) => ({
      clock,
      random,
      transport,
      databases,
      cache: scopedCache(cache, `${service}:`),
      logLevel,
      measureProcess: service === 'contract',
      openObjectStore: (name) => openObjectStore(objectStoreSettings.parse({ kind: 'folder', folder: join(dataFolder, 'objects', name) }), random),
    }),
    close: async () => {
      await transport.close();
      await databases.close();
      await cache.close();
    },
  };
}
