import { StandardSchemaValidationPipe } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { AccessGuard } from './access-guard.js';
import { FrameworkLog } from './framework-log.js';
import { addHooks } from './http-hooks.js';
import { IdempotencyInterceptor } from './idempotency-interceptor.js';
import { rootModule } from './kit-module.js';
import { addDocsRoutes, addProbeRoutes } from './kit-routes.js';
import { createOpenApiDocument } from './openapi.js';
import { createErrorMapper, InvalidRequestError } from './problem.js';
import { ProblemFilter } from './problem-filter.js';
import { RateLimits } from './rate-limits.js';
import type { RunningService, ServiceOptions } from './service-port.js';
import { endsWithin, Shutdown } from './shutdown.js';
import { UnusedConnections } from './unused-connections.js';

const API_PREFIX = 'v1';
const MAX_REPORTED_ISSUES = 20;

/**
 * Starts a service: its module on Fastify under /v1, and around it what all services have in common. Its resources are the
 * kit's from here on: they are closed when the service closes, and also where it does not start.
 */
export async function runService(options: ServiceOptions): Promise<RunningService> {
  const shutdown = new Shutdown();
  const adapter = new FastifyAdapter({
    bodyLimit: options.http.bodyLimitBytes,
    requestTimeout: options.http.requestTimeoutMs,
    trustProxy: options.http.trustProxy,
    logger: false,
  });
  let started: Started | undefined;
  try {
    const app = await NestFactory.create<NestFastifyApplication>(rootModule(options, shutdown), adapter, {
      logger: new FrameworkLog(options.log),
      abortOnError: false,
    });
    started = { app, unused: new UnusedConnections(app.getHttpServer()) };
    configureApp(app, options, shutdown);
    await app.init();
    await app.startAllMicroservices();
    await app.listen(options.http.port, options.http.host);
  } catch (error) {
    await closeAll(options, started, shutdown);
    throw error;
  }
  const { app } = started;
  const url = (await app.getUrl()).replace('[::1]', 'localhost');
  options.health.markStarted();
  options.log.info('service-started', { url, mode: options.mode, version: options.version });
  let closed: Promise<void> | undefined;
  const running = started;
  return { name: options.name, url, app, close: async () => (closed ??= close(options, running, shutdown)) };
}

function configureApp(app: NestFastifyApplication, options: ServiceOptions, shutdown: Shutdown): void {
  const { http, log, metrics, health, random, tokens, cache } = options;
  const limits = new RateLimits({ perAddress: http.requestsPerMinutePerAddress, perCredential: http.requestsPerMinutePerCredential, metrics, ...(cache === undefined ? {} : { cache }) });
  metrics.gauge({ name: 'medveil_build_info', help: 'The running version; always 1.', labels: ['version', 'mode'] }).set({ version: options.version, mode: options.mode }, 1);
  const fastify = app.getHttpAdapter().getInstance();
  addHooks(fastify, { service: options.name, log, metrics, limits, random, shutdown });
  addProbeRoutes(fastify, health, metrics);
  if (http.docs) addDocsRoutes(fastify, `medveil ${options.name}`, () => createOpenApiDocument(app, options.name, options.version));

  app.setGlobalPrefix(API_PREFIX);
  app.useGlobalFilters(new ProblemFilter(createErrorMapper(options.errors), log));
  app.useGlobalGuards(new AccessGuard(tokens, limits));
  app.useGlobalInterceptors(new IdempotencyInterceptor(options.idempotency));
  app.useGlobalPipes(new StandardSchemaValidationPipe({ exceptionFactory: invalidRequest }));
  // Consumers inherit the filter (which hands their errors to the bus), and the rest, which leaves messages alone.
  for (const strategy of options.consumers ?? []) app.connectMicroservice({ strategy }, { inheritAppConfig: true });
}

interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

const invalidRequest = (issues: readonly SchemaIssue[]): InvalidRequestError =>
  new InvalidRequestError(issues.slice(0, MAX_REPORTED_ISSUES).map(({ path = [], message }) => ({
    path: path.map((segment) => String(typeof segment === 'object' ? segment.key : segment)).join('.'),
    message,
  })));

interface Started {
  readonly app: NestFastifyApplication;
  readonly unused: UnusedConnections;
}

async function close(options: ServiceOptions, started: Started, shutdown: Shutdown): Promise<void> {
  options.health.markDraining();
  options.log.info('service-stopping');
  if (options.http.drainDelayMs > 0) await new Promise((resolve) => { setTimeout(resolve, options.http.drainDelayMs); });
  await closeAll(options, started, shutdown);
  options.log.info('service-stopped');
}

/** In the order in which nothing new can reach what is already closed; each step has its time, and a failing one stops no other. */
async function closeAll(options: ServiceOptions, started: Started | undefined, shutdown: Shutdown): Promise<void> {
  const { shutdownTimeoutMs } = options.http;
  const step = async (resource: string, run: () => Promise<unknown>): Promise<boolean> => {
    try {
      if (await endsWithin(shutdownTimeoutMs, run())) return true;
      options.log.warn('close-timed-out', { resource });
    } catch (error) {
      options.log.error('close-failed', error, { resource });
    }
    return false;
  };
  shutdown.begin();
  await Promise.all((options.consumers ?? []).map(async (consumer) => step('consumer', async () => Promise.resolve(consumer.close() as unknown))));
  if (started !== undefined) {
    const { app, unused } = started;
    if (!(await step('http', async () => unused.endWhile(app.close())))) app.getHttpServer().closeAllConnections();
  }
  for (const resource of options.resources ?? []) await step(resource.name, async () => resource.close());
}
