import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { EventEmitter, once } from 'node:events';
import { describe, it } from 'node:test';
import { fromUtf8, utf8 } from '@medveil/encoding';
import fc from 'fast-check';
import { describeMessageBusContract } from './contract.js';
import { InProcessBus, type InProcessBusOptions } from './in-process-bus.js';

const clock = () => Date.now();
const quick = { clock, backoffMs: { first: 1, longest: 4 } };

describeMessageBusContract('in process', async () => {
  const bus = new InProcessBus({ ...quick, maxMessageBytes: 4096, maxAttempts: 3 });
  return { bus, maxMessageBytes: 4096, maxAttempts: 3, dispose: async () => bus.close() };
});

describeMessageBusContract('in process, with duplicates, delays and reordering', async () => {
  const faults = { seed: 7, duplicateRate: 0.5, maxDelayMs: 5, reorder: true };
  const bus = new InProcessBus({ ...quick, maxMessageBytes: 4096, maxAttempts: 3, faults });
  return { bus, maxMessageBytes: 4096, maxAttempts: 3, dispose: async () => bus.close() };
});

/** Publishes `count` messages over `keys` keys and returns what a group saw until all had been handled. */
async function run(options: Partial<InProcessBusOptions>, count: number, keys: number): Promise<string[]> {
  const bus = new InProcessBus({ ...quick, ...options });
  const seen: string[] = [];
  bus.subscribe({ group: 'g', topics: ['t'], concurrency: 3, handler: async (delivery) => { seen.push(fromUtf8(delivery.value)); } });
  await Promise.all(
    Array.from({ length: count }, async (_, index) =>
      bus.publish({ topic: 't', key: `k${index % keys}`, value: utf8(`${index % keys}:${index}`) }, { until: 'durable' })),
  );
  await bus.close();
  return seen;
}

describe('in-process bus', () => {
  it('loses nothing and keeps the order of first deliveries per key under any seed', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.double({ min: 0, max: 0.9, noNaN: true }), fc.integer({ min: 1, max: 5 }), async (seed, duplicateRate, keys) => {
        const seen = await run({ faults: { seed, duplicateRate, maxDelayMs: 2, reorder: true } }, 30, keys);
        const first = [...new Set(seen)];
        assert.equal(first.length, 30);
        for (let key = 0; key < keys; key += 1) {
          const numbers = first.filter((text) => text.startsWith(`${key}:`)).map((text) => Number(text.split(':')[1]));
          assert.deepEqual(numbers, numbers.toSorted((a, b) => a - b));
        }
      }),
      { numRuns: 25 },
    );
  });

  it('repeats and reorders when told to, and then only', async () => {
    const calm = await run({}, 40, 40);
    assert.deepEqual(calm.map((text) => Number(text.split(':')[1])), Array.from({ length: 40 }, (_, index) => index));
    const faults = { seed: 3, duplicateRate: 0.5, maxDelayMs: 0, reorder: true };
    const wild = await run({ faults }, 40, 40);
    assert.ok(wild.length > 40, 'some came twice');
    assert.notDeepEqual([...new Set(wild)], calm);
  });

  it('makes a publisher wait while a group is full, in order, and gives up after the limit', async () => {
    const bus = new InProcessBus({ ...quick, maxQueued: 2, publishTimeoutMs: 50, groups: { t: ['slow'] } });
    const send = async (text: string) => bus.publish({ topic: 't', key: 'k', value: utf8(text) });
    await send('0');
    await send('1');
    await assert.rejects(send('too many'), { code: 'messaging/queue-full' });
    const waiting = [send('2'), send('3')];
    const seen: string[] = [];
    bus.subscribe({ group: 'slow', topics: ['t'], handler: async (delivery) => { seen.push(fromUtf8(delivery.value)); } });
    await Promise.all(waiting);
    await bus.publish({ topic: 't', key: 'k', value: utf8('4') }, { until: 'durable' });
    assert.deepEqual(seen, ['0', '1', '2', '3', '4']);
    await bus.close();
  });

  it('keeps messages for a declared group until its first member comes', async () => {
    const bus = new InProcessBus({ ...quick, groups: { t: ['late'] } });
    await bus.publish({ topic: 't', key: 'k', value: utf8('early') });
    const text = await new Promise<string>((resolve) => {
      bus.subscribe({ group: 'late', topics: ['t'], handler: async (delivery) => resolve(fromUtf8(delivery.value)) });
    });
    assert.equal(text, 'early');
    await bus.close();
  });

  it('tells a durable publisher when the bus closes before the message was handled', async () => {
    const bus = new InProcessBus({ ...quick, groups: { t: ['nobody'] } });
    const published = assert.rejects(bus.publish({ topic: 't', key: 'k', value: utf8('x') }, { until: 'durable' }), { code: 'messaging/closed' });
    await new Promise(setImmediate);
    await bus.close();
    await published;
    await assert.rejects(bus.publish({ topic: 't', key: 'k', value: utf8('x') }), { code: 'messaging/closed' });
  });

  it('waits for running handlers when it closes', async () => {
    const bus = new InProcessBus(quick);
    const handler = new EventEmitter();
    let done = false;
    const started = new Promise<void>((resolve) => {
      bus.subscribe({ group: 'g', topics: ['t'], handler: async () => {
        resolve();
        await once(handler, 'finish');
        done = true;
      } });
    });
    await bus.publish({ topic: 't', key: 'k', value: utf8('x') });
    await started;
    const closed = bus.close();
    assert.equal(done, false);
    handler.emit('finish');
    await closed;
    assert.equal(done, true);
  });

  it('does not let a handler run in its publisher\'s async context, nor see later changes of the bytes', async () => {
    const context = new AsyncLocalStorage<string>();
    const bus = new InProcessBus(quick);
    const seen = new Promise<[string | undefined, string]>((resolve) => {
      bus.subscribe({ group: 'g', topics: ['t'], handler: async (delivery) => resolve([context.getStore(), fromUtf8(delivery.value)]) });
    });
    const value = utf8('sent');
    await context.run('publisher', async () => bus.publish({ topic: 't', key: 'k', value }));
    value.fill(0);
    assert.deepEqual(await seen, [undefined, 'sent']);
    await bus.close();
  });

  it('keeps dead letters for the operator, and gives one to its groups again once', async () => {
    const bus = new InProcessBus({ ...quick, maxAttempts: 1 });
    const seen: string[] = [];
    bus.subscribe({ group: 'g', topics: ['t'], handler: async (delivery) => {
      seen.push(fromUtf8(delivery.value));
      if (seen.length === 1) throw new Error('not yet');
    } });
    await bus.publish({ topic: 't', key: 'k', value: utf8('x') }, { until: 'durable' });
    const [letter] = await bus.deadLetterBox.list('t', 10);
    assert.deepEqual([letter?.group, letter?.reason], ['g', 'handler/failed']);
    await bus.deadLetterBox.replay('t', letter?.id ?? '');
    await assert.rejects(bus.deadLetterBox.replay('t', letter?.id ?? ''), { code: 'messaging/unknown-dead-letter' });
    await bus.publish({ topic: 't', key: 'k', value: utf8('y') }, { until: 'durable' });
    assert.deepEqual(seen, ['x', 'x', 'y']);
    await bus.close();
  });
});
