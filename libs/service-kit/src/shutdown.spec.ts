import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { after, before, describe, it, mock } from 'node:test';
import { type Cache, memoryLimiter, type RateLimiter } from '@medveil/cache';
import { openTestEngine } from '@medveil/database/testing';
import { startDemo } from './demo-service.fixture.js';
import { closeOnSignal, defineModule, type ServiceOptions } from './index.js';

let engine: Awaited<ReturnType<typeof openTestEngine>>;
before(async () => { engine = await openTestEngine(); });
after(async () => engine.close());

const consumer = (events: string[]): NonNullable<ServiceOptions['consumers']>[number] => {
  const strategy = {
    addHandler: () => undefined,
    getHandlers: () => new Map(),
    listen: (callback: () => void) => { events.push('consumer started'); callback(); },
    close: () => { events.push('consumer closed'); },
    setTransportId: () => undefined,
    setOnProcessingStartHook: () => undefined,
    setOnProcessingEndHook: () => undefined,
  };
  return strategy;
};

describe('shutdown', () => {
  it('lowers readiness first, stops consumers, finishes requests in flight, then closes resources in order', async () => {
    const events: string[] = [];
    const demo = await startDemo('closing', engine, {}, { consumers: [consumer(events)] });
    const hold = new EventEmitter();
    demo.state.hold = new Promise((resolve) => { hold.once('go', resolve); });
    const reached = new Promise<void>((resolve) => { demo.state.onHeld = resolve; });
    assert.deepEqual(events, ['consumer started']);
    assert.equal((await demo.fetch('/health/ready')).status, 200);
    const inFlight = demo.fetch('/v1/notes/held');
    await reached;
    const closing = demo.service.close();
    assert.equal((await demo.health.ready()).ok, false);
    const closingAgain = demo.service.close();
    hold.emit('go');
    const response = await inFlight;
    assert.deepEqual([response.status, await response.json()], [200, { stopping: true }]);
    await Promise.all([closing, closingAgain]);
    assert.equal(events[1], 'consumer closed');
    assert.deepEqual(demo.closed, ['first', 'second']);
    await assert.rejects(demo.fetch('/health/live'));
  });

  it('answers everybody while it drains, and says to probes that it is not ready', async () => {
    const events: string[] = [];
    const demo = await startDemo('draining', engine, { drainDelayMs: 60_000 }, { consumers: [consumer(events)] });
    mock.timers.enable({ apis: ['setTimeout'] });
    try {
      const closing = demo.service.close();
      const statuses = await Promise.all(['/health/ready', '/health/live', '/health/started', '/v1/notes/open/x'].map(async (path) => (await demo.fetch(path)).status));
      assert.deepEqual(statuses, [503, 200, 200, 200]);
      assert.deepEqual(await (await demo.fetch('/health/ready')).json(), { ok: false, checks: { phase: 'draining' } });
      assert.deepEqual([events, demo.closed], [['consumer started'], []]);
      mock.timers.tick(60_000);
      mock.timers.reset();
      await closing;
    } finally {
      mock.timers.reset();
    }
    assert.equal(events[1], 'consumer closed');
    await assert.rejects(demo.fetch('/health/live'));
  });

  it('does not wait for ever for a request that never ends, nor stops at a resource that fails', async () => {
    const closed: string[] = [];
    const demo = await startDemo('stuck', engine, { shutdownTimeoutMs: 100 }, { resources: [
      { name: 'broken', close: async () => { throw new Error('no'); } },
      { name: 'good', close: async () => { closed.push('good'); } },
    ] });
    demo.state.hold = new Promise(() => undefined);
    const reached = new Promise<void>((resolve) => { demo.state.onHeld = resolve; });
    const abandoned = assert.rejects(demo.fetch('/v1/notes/held'));
    await reached;
    await demo.service.close();
    await abandoned;
    assert.deepEqual(closed, ['good']);
    assert.match(demo.logLines.join(''), /close-timed-out[\s\S]*close-failed/);
  });

  it('does not wait for a connection on which no request was begun', async () => {
    const demo = await startDemo('unused', engine);
    const { port, hostname } = new URL(demo.service.url);
    const connection = connect(Number(port), hostname);
    await once(connection, 'connect');
    // Served: the connection before it has been accepted by then.
    assert.equal((await demo.fetch('/health/live')).status, 200);
    const ended = once(connection, 'close');
    await Promise.all([demo.service.close(), ended]);
    assert.doesNotMatch(demo.logLines.join(''), /close-timed-out/);
  });

  it('does not wait for a connection whose last request was answered meanwhile', async () => {
    const demo = await startDemo('answered', engine);
    const hold = new EventEmitter();
    demo.state.hold = new Promise((resolve) => { hold.once('go', resolve); });
    const reached = new Promise<void>((resolve) => { demo.state.onHeld = resolve; });
    const agent = new Agent({ keepAlive: true });
    const answer = new Promise<IncomingMessage>((resolve, reject) => {
      get(`${demo.service.url}/v1/notes/held`, { agent }, resolve).once('error', reject);
    });
    await reached;
    const closing = demo.service.close();
    // The server closes what nobody uses when it begins to: this one is used then.
    const server = demo.service.app.getHttpServer();
    while (server.listening) await new Promise(setImmediate);
    hold.emit('go');
    assert.equal((await answer).headers.connection, 'close');
    (await answer).resume();
    await closing;
    assert.doesNotMatch(demo.logLines.join(''), /close-timed-out/);
    agent.destroy();
  });

  it('closes the resources of a service that does not start, and says why', async () => {
    const closed: string[] = [];
    const failing = { provide: 'failing', useFactory: () => { throw new Error('no dependency'); } };
    await assert.rejects(
      startDemo('failing', engine, {}, {
        module: defineModule('failing', { providers: [failing] }),
        resources: [{ name: 'r', close: async () => { closed.push('r'); } }],
      }),
      /no dependency/,
    );
    assert.deepEqual(closed, ['r']);
  });

  it('is begun by the first signal and by no other', async () => {
    const signals = new EventEmitter();
    let closes = 0;
    const host = Object.assign(signals, { argv: [], env: {}, stdout: { write: () => undefined }, stderr: { write: () => undefined } });
    closeOnSignal(host, { close: async () => { closes += 1; } });
    for (const signal of ['SIGTERM', 'SIGTERM', 'SIGINT']) signals.emit(signal);
    assert.equal(closes, 1);
  });
});

describe('readiness', () => {
  it('tells which dependency does not answer, by its code and nothing else', async () => {
    const demo = await startDemo('readiness', engine);
    demo.health.register('database', async () => undefined);
    assert.equal((await demo.fetch('/health/ready')).status, 200);
    demo.health.register('broken', async () => { throw Object.assign(new Error('password=hunter2'), { code: 'ECONNREFUSED' }); });
    demo.health.register('slow', async () => new Promise(() => undefined), 10);
    const response = await demo.fetch('/health/ready');
    const report = (await response.json()) as { checks: object };
    assert.equal(response.status, 503);
    assert.deepEqual(report.checks, { phase: 'started', database: 'ok', broken: 'ECONNREFUSED', slow: 'timeout' });
    await demo.service.close();
  });
});

describe('rate limits', () => {
  it('stop an address and a credential, and say when to come back', async () => {
    const byAddress = await startDemo('limited-address', engine, { requestsPerMinutePerAddress: 3 });
    const statuses: number[] = [];
    for (let index = 0; index < 4; index += 1) statuses.push((await byAddress.fetch('/v1/notes/open/x')).status);
    assert.deepEqual(statuses, [200, 200, 200, 429]);
    const refused = await byAddress.fetch('/v1/notes/open/x');
    assert.ok(Number(refused.headers.get('retry-after')) > 0);
    await byAddress.service.close();

    const byCredential = await startDemo('limited-credential', engine, { requestsPerMinutePerCredential: 2 });
    const call = async (subject: string) => (await byCredential.fetch('/v1/notes', { token: await byCredential.token(['notes:read'], { subject }) })).status;
    assert.deepEqual([await call('alice'), await call('alice'), await call('alice'), await call('bob')], [200, 200, 429, 200]);
    assert.match(await byCredential.metrics.registry.metrics(), /medveil_http_requests_limited_total\{.*limit="credential".*\} 1\n/);
    await byCredential.service.close();
  });

  it('are counted for all instances of a service together where they share a cache', async () => {
    const shared = new Map<string, RateLimiter>();
    const cache: Pick<Cache, 'limiter'> = {
      limiter: (options) => {
        const limiter = shared.get(options.scope) ?? memoryLimiter(options);
        shared.set(options.scope, limiter);
        return limiter;
      },
    };
    const limits = { requestsPerMinutePerAddress: 3 };
    const instances = [await startDemo('limited-one', engine, limits, { cache }), await startDemo('limited-two', engine, limits, { cache })];
    const statuses: number[] = [];
    for (const demo of [...instances, ...instances]) statuses.push((await demo.fetch('/v1/notes/open/x')).status);
    assert.deepEqual(statuses, [200, 200, 200, 429]);
    for (const { service } of instances) await service.close();
  });
});
