import { toHex } from '@medveil/encoding';
import type { RandomBytes } from '@medveil/encoding';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { acceptedCorrelationId, type Correlation, withCorrelation } from './correlation.js';
import type { ServiceLog } from './log.js';
import type { ServiceMetrics } from './metrics.js';
import type { RateLimits } from './rate-limits.js';

export interface HookDependencies {
  readonly log: ServiceLog;
  readonly metrics: ServiceMetrics;
  readonly limits: RateLimits;
  readonly random: RandomBytes;
}

/** Content types whose bodies reach the handler as a stream (`@Body() body: Readable`), with no limit but the handler's own. */
export const STREAMED_CONTENT_TYPES = ['application/octet-stream', 'application/fhir+json', 'application/fhir+ndjson'] as const;

/** The route of requests for which there is none. */
const UNMATCHED = 'unmatched';

/** Correlation, rates, metrics and the access log of every request; before any route is added. */
export function addHooks(fastify: FastifyInstance, { log, metrics, limits, random }: HookDependencies): void {
  const correlations = new WeakMap<FastifyRequest, Correlation>();
  const durations = metrics.duration({
    name: 'medveil_http_request_duration_seconds', help: 'Time from a request to the end of its answer.', labels: ['method', 'route', 'status'],
  }, [{ method: 'GET', route: UNMATCHED, status: '5xx' }]);
  const inFlight = metrics.gauge({ name: 'medveil_http_requests_in_flight', help: 'Requests that are being answered.' });
  let running = 0;

  fastify.addHook('onRequest', (request, reply, done) => {
    inFlight.set({}, (running += 1));
    const exchangeId = acceptedCorrelationId(request.headers['x-exchange-id']);
    const requestId = acceptedCorrelationId(request.headers['x-request-id']) ?? toHex(random(12));
    const correlation: Correlation = { requestId, ...(exchangeId === undefined ? {} : { exchangeId }) };
    correlations.set(request, correlation);
    void reply.header('x-request-id', requestId).header('x-content-type-options', 'nosniff').header('cache-control', 'no-store');
    withCorrelation(correlation, done);
  });

  fastify.addHook('onRequest', async (request) => limits.countAddress(request.ip));

  // Once the body has been read, the handler runs in the context of the socket's event, not of the first hook.
  fastify.addHook('preHandler', (request, _reply, done) => withCorrelation(correlations.get(request) ?? {}, done));

  fastify.addHook('onResponse', (request, reply, done) => {
    inFlight.set({}, (running -= 1));
    const route = request.routeOptions.url ?? UNMATCHED;
    const durationMs = reply.elapsedTime;
    durations.observeMs({ method: request.method, route, status: `${Math.floor(reply.statusCode / 100)}xx` }, durationMs);
    withCorrelation(correlations.get(request) ?? {}, () => {
      log.debug('request-answered', { method: request.method, route, status: reply.statusCode, durationMs: Math.round(durationMs) });
    });
    done();
  });

  for (const contentType of STREAMED_CONTENT_TYPES) {
    fastify.addContentTypeParser(contentType, (_request, payload, done) => { done(null, payload); });
  }
}
