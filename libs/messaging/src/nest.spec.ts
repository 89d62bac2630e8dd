import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Controller, Inject } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Ctx, Payload } from '@nestjs/microservices';
import { z } from 'zod';
import {
  cacheReplayGuard, createPublisher, decodeDeadLetter, defineMessage, ed25519Signer, HandlerErrorFilter, isMessage, MessageContext, type MessageObserver,
  MessageReceiver, OnTopic, openTransport, staticDirectory, TOPICS, transportSettings, UnprocessableMessageError,
} from './index.js';

const accepted = defineMessage({ type: 'accepted', version: 1, topic: TOPICS.grants, schema: z.strictObject({ claim: z.string() }) });
const revoked = defineMessage({ type: 'revoked', version: 1, topic: TOPICS.grants, schema: z.strictObject({ grant: z.string() }) });

const SINK = Symbol('sink');
interface Sink {
  readonly claims: string[];
  readonly revocations: string[];
  failures: number;
}

@Controller()
class GrantsConsumer {
  constructor(@Inject(SINK) private readonly sink: Sink) {}

  @OnTopic(TOPICS.grants)
  async onGrant(@Payload() payload: { claim?: string }, @Ctx() context: MessageContext): Promise<void> {
    const { message } = context;
    if (isMessage(message, revoked)) this.sink.revocations.push(`${message.payload.grant} by ${message.sender}`);
    if (!isMessage(message, accepted)) return;
    if (payload.claim === 'poison') throw new UnprocessableMessageError('claim/poison');
    if (this.sink.failures-- > 0) throw new Error('the database is away');
    this.sink.claims.push(message.payload.claim);
  }
}

const clock = () => Date.now();

async function start(sink: Sink, observer: MessageObserver) {
  const module = { module: GrantsConsumer, controllers: [GrantsConsumer], providers: [{ provide: SINK, useValue: sink }] };
  const transport = openTransport(transportSettings.parse({ kind: 'in-process' }), { clock });
  const signer = ed25519Signer('contract', new Uint8Array(32).fill(3));
  const directory = staticDirectory({ contract: { publicKey: signer.publicKey, allowedTypes: new Set(['accepted', 'revoked']) } });
  const seen = new Map<string, Uint8Array>();
  const cache = { get: async (key: string) => seen.get(key), set: async (key: string, value: Uint8Array) => void seen.set(key, value) };
  const replay = cacheReplayGuard(cache, 'proxy', 60_000);
  const receiver = new MessageReceiver({ network: 'net', definitions: [accepted, revoked], directory, observer, replay });
  const server = transport.server({ group: 'proxy', receiver, observer });
  const app = await NestFactory.createMicroservice(module, { strategy: server, logger: false, abortOnError: false });
  app.useGlobalFilters(new HandlerErrorFilter());
  await app.listen();
  let counter = 0;
  const random = (length: number) => new Uint8Array(length).fill((counter += 1));
  const publisher = createPublisher({ network: 'net', signer, clock, random, client: transport.client() });
  return { transport, publisher, stop: async () => { await app.close(); await transport.close(); } };
}

describe('Nest transport', () => {
  it('hands believed messages of a topic to its handler, retries a failing one and remembers a handled one', async () => {
    const sink: Sink = { claims: [], revocations: [], failures: 2 };
    const counted: string[] = [];
    const observer: MessageObserver = {
      handled: (_topic, type, outcome) => counted.push(`${type} ${outcome}`),
      dropped: (_topic, reason) => counted.push(reason),
    };
    const { transport, publisher, stop } = await start(sink, observer);
    const message = await publisher.seal(accepted, { claim: 'c1' }, { key: 'c1' });
    await publisher.publishSealed(message, { until: 'durable' });
    await publisher.publishSealed(message, { until: 'durable' });
    await publisher.publish(revoked, { grant: 'g1' }, { key: 'g1', until: 'durable' });
    await transport.bus.publish({ topic: TOPICS.grants, key: 'x', value: new Uint8Array([1, 2]) }, { until: 'durable' });
    assert.deepEqual(sink.claims, ['c1']);
    assert.deepEqual(sink.revocations, ['g1 by contract']);
    assert.deepEqual(counted, ['accepted retry', 'accepted retry', 'accepted ok', 'replay', 'revoked ok', 'malformed']);
    await stop();
  });

  it('gives the bus the handler\'s own reason for a dead letter', async () => {
    const sink: Sink = { claims: [], revocations: [], failures: 0 };
    const { transport, publisher, stop } = await start(sink, {});
    const graves: string[] = [];
      const buried = new Promise<void>((resolve) => {
      transport.bus.subscribe({ group: 'u', topics: [`${TOPICS.grants}.dead-letter`], handler: async (delivery) => {
        graves.push(decodeDeadLetter(delivery.value).reason);
        resolve();
      } });
    });
    await publisher.publish(accepted, { claim: 'poison' }, { key: 'c2', until: 'durable' });
    await buried;
    assert.deepEqual(graves, ['claim/poison']);
    await stop();
  });
});

describe('transport settings', () => {
  it('admit only a transport that exists', () => {
    assert.equal(transportSettings.safeParse({ kind: 'in-process' }).success, true);
    assert.equal(transportSettings.safeParse({ kind: 'kafka' }).success, false);
  });
});
