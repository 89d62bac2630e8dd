import type { DynamicModule, Type } from '@nestjs/common';
import type { CustomTransportStrategy } from '@nestjs/microservices';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Cache } from '@medveil/cache';
import type { Clock, RandomBytes } from '@medveil/encoding';
import type { IdempotencyStore } from '@medveil/database';
import type { TokenVerifier } from './access.js';
import type { ErrorStatuses } from './errors.js';
import type { Health } from './health.js';
import type { ServiceLog } from './log.js';
import type { ServiceMetrics } from './metrics.js';
import type { HttpSettings, Mode } from './settings.js';

/**
 * What `runService` needs. Nothing is global: six services with their own logs, metrics and health live in one process.
 */
export interface ServiceOptions {
  /** For example `proxy-cloud`: names logs, metrics and the OpenAPI document. */
  readonly name: string;
  readonly version: string;
  readonly mode: Mode;
  /** The service's root Nest module. It may inject `ServiceLog`, `ServiceMetrics`, `Health`, `Shutdown`, and `CLOCK`, `RANDOM_BYTES`. */
  readonly module: Type | DynamicModule;
  readonly http: HttpSettings;
  /** Built outside, so that the service's own wiring (database, bus) can count and log from its first moment. */
  readonly log: ServiceLog;
  readonly metrics: ServiceMetrics;
  readonly health: Health;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly tokens: TokenVerifier;
  /** Statuses of the error codes that the service's libraries throw; what is not listed is a 500. */
  readonly errors?: ErrorStatuses;
  /** Where responses to POST with an Idempotency-Key are kept; without it the header is refused. */
  readonly idempotency?: IdempotencyStore;
  /** Where requests are counted against the limits, with those of the service's other instances; without it in this process. */
  readonly cache?: Pick<Cache, 'limiter'>;
  /** Message consumers (`BusServer` of @medveil/messaging): started after the module, stopped first. */
  readonly consumers?: readonly CustomTransportStrategy[];
  /** Closed last, in this order, after requests and consumers ended: relays, workers, databases, caches. */
  readonly resources?: readonly { readonly name: string; close(): Promise<void> }[];
}

export interface RunningService {
  readonly name: string;
  /** For example `http://127.0.0.1:41231` (the port that was really bound). */
  readonly url: string;
  readonly app: NestFastifyApplication;
  /**
   * Readiness down, consumers stopped, requests in flight finished, resources closed, within `http.shutdownTimeoutMs`.
   * Idempotent: a second call awaits the first.
   */
  close(): Promise<void>;
}
