/** Traces as a collector gets them: from an HTTP client through a service and the bus to whoever handles the message. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { Body, Controller, Post } from '@nestjs/common';
import { HttpClient } from '@medveil/client';
import { startTracing, type Tracing, withCorrelation } from '@medveil/correlation';
import { createPublisher, defineMessage, ed25519Signer, MessageReceiver, type MessagePublisher, OnTopic, openTransport, staticDirectory, TOPICS, type Transport, transportSettings } from '@medveil/messaging';
import { createLog, createTokenVerifier, defineModule, Health, httpSettings, Public, runService, type RunningService, ServiceLog, ServiceMetrics } from '@medveil/service-kit';
import { z } from 'zod';

const EXCHANGE_ID = 'exc_000000000000000000000000000000a1';
const SECRET_WORD = 'asthma';

const attributeSchema = z.object({ key: z.string(), value: z.record(z.string(), z.unknown()) });
const spanSchema = z.object({
  traceId: z.string(), spanId: z.string(), parentSpanId: z.string().optional(), name: z.string(), kind: z.int(), attributes: z.array(attributeSchema).default([]),
});
type Span = z.infer<typeof spanSchema>;
const exportSchema = z.object({ resourceSpans: z.array(z.object({ scopeSpans: z.array(z.object({ spans: z.array(spanSchema) })) })) });

/** A collector's OTLP/HTTP endpoint. */
class Collector {
  readonly spans: Span[] = [];
  texts = '';
  private constructor(private readonly server: Server) {}

  static async start(): Promise<Collector> {
    const server = createServer((request, response) => {
      void json(request).then((body) => {
        collector.texts += JSON.stringify(body);
        collector.spans.push(...exportSchema.parse(body).resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)));
        response.setHeader('content-type', 'application/json').end('{}');
      });
    });
    const collector = new Collector(server);
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return collector;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/v1/traces`;
  }

  async close(): Promise<void> {
    this.server.close();
    this.server.closeAllConnections();
  }
}

const noted = defineMessage({ type: 'noted', version: 1, topic: TOPICS.grants, schema: z.strictObject({ note: z.string() }) });
const signer = ed25519Signer('demo', new Uint8Array(32).fill(4));
const clock = () => Date.now();
let counter = 0;
const random = (length: number) => new Uint8Array(length).fill((counter += 1));

let publisher: MessagePublisher;
let handled: () => void = () => undefined;

@Controller('notes')
class Notes {
  constructor(private readonly log: ServiceLog) {}

  @Post(':id')
  @Public()
  async add(@Body({ schema: z.strictObject({ note: z.string() }) }) body: { note: string }) {
    await publisher.publish(noted, body, { key: 'k' });
    return {};
  }

  @OnTopic(TOPICS.grants)
  take(): void {
    this.log.info('note-taken');
    handled();
  }
}

async function startDemo(transport: Transport, logLines: string[]): Promise<RunningService> {
  const log = createLog({ service: 'demo', level: 'info', clock, destination: { write: (line) => { logLines.push(line); } } });
  const directory = staticDirectory({ demo: { publicKey: signer.publicKey, allowedTypes: new Set(['noted']) } });
  return runService({
    name: 'demo', version: '0', mode: 'development', module: defineModule('demo', { controllers: [Notes] }), http: httpSettings.parse({}), log,
    metrics: new ServiceMetrics({ service: 'demo', process: false }), health: new Health(), clock, random,
    tokens: createTokenVerifier({ issuer: 'i', audience: 'demo', clock, keys: [{ algorithm: 'HS256', keyId: 'k', secret: new Uint8Array(32).fill(7) }] }),
    consumers: [transport.server({ group: 'demo', receiver: new MessageReceiver({ network: 'n', definitions: [noted], directory }) })],
  });
}

describe('traces', () => {
  let collector: Collector;
  let tracing: Tracing;
  let service: RunningService;
  let transport: Transport;
  const logLines: string[] = [];

  before(async () => {
    collector = await Collector.start();
    tracing = await startTracing({ endpoint: collector.endpoint, sampleRatio: 1, service: 'demo' });
    transport = openTransport(transportSettings.parse({ kind: 'in-process' }), { clock });
    publisher = createPublisher({ client: transport.client(), network: 'n', signer, clock, random });
    service = await startDemo(transport, logLines);
    const client = (propagate: boolean) => new HttpClient({ baseUrl: service.url, propagate });
    for (const propagate of [true, false]) {
      const taken = new Promise<void>((resolve) => { handled = resolve; });
      await withCorrelation({ exchangeId: EXCHANGE_ID }, async () =>
        client(propagate).none(`/v1/notes/${propagate ? 'own' : 'foreign'}`, { method: 'POST', json: { note: SECRET_WORD } }));
      await taken;
    }
    await service.close();
    await transport.close();
    await tracing.close();
  });
  after(async () => collector.close());

  it('go from a client through HTTP and the bus to the handler, each step within the one before', () => {
    const clients = collector.spans.filter(({ name }) => name === 'POST');
    assert.equal(clients.length, 2);
    const followed = clients.map((client) => {
      const steps = [client.name];
      for (let last: Span | undefined = client; last !== undefined; ) {
        const parent: Span = last;
        last = collector.spans.find((span) => span.parentSpanId === parent.spanId && span.traceId === parent.traceId);
        if (last !== undefined) steps.push(last.name);
      }
      return steps;
    });
    const server = ['POST /v1/notes/:id', 'medveil.grants publish', 'medveil.grants process'];
    assert.deepEqual(followed, [['POST', ...server], ['POST']]);
  });

  it('begin anew where a client is not to tell who asks', () => {
    assert.equal(new Set(collector.spans.filter(({ name }) => name === 'medveil.grants process').map(({ traceId }) => traceId)).size, 2);
    assert.equal(collector.spans.filter(({ name, parentSpanId }) => name === 'POST /v1/notes/:id' && (parentSpanId ?? '') === '').length, 1);
  });

  it('hold patterns, kinds and codes, and nothing that identifies or says anything', () => {
    const keys = new Set(collector.spans.flatMap(({ attributes }) => attributes.map(({ key }) => key)));
    assert.deepEqual([...keys].toSorted(), ['http.request.method', 'http.response.status_code', 'http.route', 'medveil.service', 'messaging.destination.name']);
    for (const word of [SECRET_WORD, EXCHANGE_ID, '/own', '/foreign']) assert.ok(!collector.texts.includes(word), word);
  });

  it('stand beside logs that carry the exchange’s id over HTTP and the bus, where it was sent along', () => {
    const taken = logLines.map((line) => JSON.parse(line) as Record<string, unknown>).filter(({ event }) => event === 'note-taken');
    assert.deepEqual(taken.map(({ exchangeId }) => exchangeId), [EXCHANGE_ID, undefined]);
    assert.ok(taken.every(({ requestId }) => typeof requestId === 'string'));
  });
});
