import type { Clock } from '@medveil/encoding';
import type { ClientProxy, CustomTransportStrategy, Server } from '@nestjs/microservices';
import { z } from 'zod';
import { InProcessBus } from './in-process-bus.js';
import { kafkaSettings, openKafkaBus } from './kafka-settings.js';
import { BusClient } from './bus-client.js';
import { BusServer, type BusServerOptions } from './bus-server.js';
import type { MessageBus } from './port.js';

const faultSettings = z.strictObject({
  seed: z.int().min(0).max(0xffff_ffff),
  duplicateRate: z.number().min(0).max(1).default(0),
  maxDelayMs: z.int().min(0).max(60_000).default(0),
  reorder: z.boolean().default(false),
});

/** Which transport carries messages: a service's `transport` setting. */
export const transportSettings = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('in-process'),
    maxQueued: z.int().min(1).max(1_000_000).default(10_000),
    maxMessageBytes: z.int().min(1024).max(16 * 1024 * 1024).default(1024 * 1024),
    publishTimeoutMs: z.int().min(1).max(600_000).default(10_000),
    maxAttempts: z.int().min(1).max(100).default(10),
    /** Makes the bus duplicate, delay and reorder on purpose: for tests and demonstrations. */
    faults: faultSettings.optional(),
  }),
  kafkaSettings,
]);
export type TransportSettings = z.infer<typeof transportSettings>;

/** A chosen transport: in one process it is opened once and shared by all services. */
export interface Transport {
  readonly bus: MessageBus;
  /** A consumer for `ServiceOptions.consumers` of @medveil/service-kit. */
  server(options: Omit<BusServerOptions, 'bus'>): Server & CustomTransportStrategy;
  /** For `createPublisher`. */
  client(): ClientProxy;
  close(): Promise<void>;
}

export interface TransportDependencies {
  readonly clock: Clock;
  /** In process: groups whose messages wait for them from the start, by topic (`InProcessBusOptions.groups`). Kafka keeps messages anyway. */
  readonly groups?: Readonly<Record<string, readonly string[]>>;
}

export function openTransport(settings: TransportSettings, dependencies: TransportDependencies): Transport {
  const bus = openBus(settings, dependencies);
  return {
    bus,
    server: (options) => new BusServer({ ...options, bus }),
    client: () => new BusClient(bus),
    close: async () => bus.close(),
  };
}

function openBus(settings: TransportSettings, dependencies: TransportDependencies): MessageBus {
  if (settings.kind === 'kafka') return openKafkaBus(settings, dependencies);
  const { kind: _kind, faults, ...limits } = settings;
  return new InProcessBus({ ...limits, ...dependencies, ...(faults === undefined ? {} : { faults }) });
}
