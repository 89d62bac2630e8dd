import type { Cache } from '@medveil/cache';
import type { DatabaseEngine } from '@medveil/database';
import type { Clock, RandomBytes } from '@medveil/encoding';
import type { Transport } from '@medveil/messaging';
import type { ObjectStore } from '@medveil/object-store';
import type { LogLevel } from '@medveil/service-kit';

/**
 * What a service stands on. All-in-one opens it once and hands the same to every service; a service that starts alone
 * opens its own from its settings. No service knows which.
 */
export interface Infrastructure {
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly transport: Transport;
  readonly databases: DatabaseEngine;
  readonly cache: Cache;
  readonly logLevel: LogLevel;
  /** process-wide metrics are collected by one service of a process */
  readonly measureProcess: boolean;
  /** A store of the service's own. */
  openObjectStore(service: string): Promise<ObjectStore>;
}
