import { type Correlation, incomingHeaders, OpenSpan, withCorrelation } from '@medveil/correlation';
import { toHex } from '@medveil/encoding';
import type { RandomBytes } from '@medveil/encoding';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ServiceLog } from './log.js';
import type { ServiceMetrics } from './metrics.js';
import type { RateLimits } from './rate-limits.js';
import type { Shutdown } from './shutdown.js';

export interface HookDependencies {
  /** The service's name, in spans. */
  readonly service: string;
  readonly log: ServiceLog;
  readonly metrics: ServiceMetrics;
  readonly limits: RateLimits;
  readonly random: RandomBytes;
  readonly shutdown: Shutdown;
}

/** Content types whose bodies reach the handler as a stream (`@Body() body: Readable`), with no limit but the handler's own. */
export const STREAMED_CONTENT_TYPES = ['application/octet-stream', 'application/fhir+json', 'application/fhir+ndjson'] as const;

interface Work {
  readonly correlation: Correlation;
  readonly span: OpenSpan;
}

/** The route of requests for which there is none. */
const UNMATCHED = 'unmatched';

/** Correlation, rates, metrics and the access log of every request; before any route is added. */
export function addHooks(fastify: FastifyInstance, { service, log, metrics, limits, random, shutdown }: HookDependencies): void {
  const works = new WeakMap<FastifyRequest, Work>();
  const within = (request: FastifyRequest, fn: () => void): void => {
    const work = works.get(request);
    if (work === undefined) fn();
    else work.span.within(() => withCorrelation(work.correlation, fn));
  };
  const durations = metrics.duration({
    name: 'medveil_http_request_duration_seconds', help: 'Time from a request to the end of its answer.', labels: ['method', 'route', 'status'],
  }, [{ method: 'GET', route: UNMATCHED, status: '5xx' }]);
  const inFlight = metrics.gauge({ name: 'medveil_http_requests_in_flight', help: 'Requests that are being answered.' });
  let running = 0;

  fastify.addHook('onRequest', (request, reply, done) => {
    inFlight.set({}, (running += 1));
    const incoming = incomingHeaders(request.headers);
    const requestId = incoming.correlation.requestId ?? toHex(random(12));
    const attributes = { 'medveil.service': service, 'http.request.method': request.method };
    const span = OpenSpan.begin(request.method, { role: 'server', attributes, parent: incoming.traceparent });
    works.set(request, { correlation: { ...incoming.correlation, requestId }, span });
    void reply.header('x-request-id', requestId).header('x-content-type-options', 'nosniff').header('cache-control', 'no-store');
    within(request, done);
  });

  fastify.addHook('onRequest', async (request) => limits.countAddress(request.ip));

  // Once the body has been read, the handler runs in the context of the socket's event, not of the first hook.
  fastify.addHook('preHandler', (request, _reply, done) => within(request, done));

  // Whoever is answered during shutdown sends its next request elsewhere.
  fastify.addHook('onSend', (_request, reply, payload, done) => {
    if (shutdown.signal.aborted) void reply.header('connection', 'close');
    done(null, payload);
  });

  fastify.addHook('onResponse', (request, reply, done) => {
    inFlight.set({}, (running -= 1));
    const route = request.routeOptions.url ?? UNMATCHED;
    const durationMs = reply.elapsedTime;
    durations.observeMs({ method: request.method, route, status: `${Math.floor(reply.statusCode / 100)}xx` }, durationMs);
    within(request, () => {
      log.debug('request-answered', { method: request.method, route, status: reply.statusCode, durationMs: Math.round(durationMs) });
    });
    works.get(request)?.span.end({ name: `${request.method} ${route}`, attributes: { 'http.route': route, 'http.response.status_code': reply.statusCode } });
    done();
  });

  for (const contentType of STREAMED_CONTENT_TYPES) {
    fastify.addContentTypeParser(contentType, (_request, payload, done) => { done(null, payload); });
  }
}
