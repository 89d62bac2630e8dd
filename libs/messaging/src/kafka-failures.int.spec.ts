import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import { fromUtf8, utf8 } from '@medveil/encoding';
import kafkajs from 'kafkajs';
import { type RunningServer, startServer } from '../../../scripts/servers/index.mjs';
import type { KafkaBus } from './kafka-bus.js';
import { kafkaSettings, openKafkaBus } from './kafka-settings.js';
import type { DeliveryObserver, DropReason } from './port.js';

const clock = () => Date.now();
const pause = async (ms: number) => new Promise((resolve) => { setTimeout(resolve, ms); });

describe('Kafka that misbehaves, and clients that do', () => {
  let server: RunningServer;
  const buses: KafkaBus[] = [];
  let counter = 0;
  before(async () => { server = await startServer('kafka'); });
  after(async () => {
    await Promise.all(buses.map(async (bus) => bus.close()));
    await server.stop();
  });
  const open = (change: object = {}): KafkaBus => {
    const bus = openKafkaBus(kafkaSettings.parse({
      kind: 'kafka', brokers: [server.endpoint], replicationFactor: 1, createMissingTopics: true, backoffFirstMs: 5, publishTimeoutMs: 60_000, ...change,
    }), { clock });
    buses.push(bus);
    return bus;
  };
  const freshTopic = () => `failures.${(counter += 1)}`;

  it('loses nothing and keeps the order of each key when the broker is killed, and when it is paused, under load', async () => {
    const topic = freshTopic();
    const [publisher, consumer] = [open(), open()];
    const first: string[] = [];
    const seen = new Set<string>();
    consumer.subscribe({ group: 'g', topics: [topic], handler: async ({ value }) => {
      const text = fromUtf8(value);
      if (!seen.has(text)) first.push(text);
      seen.add(text);
    } });
    const over = new AbortController();
    const sent: string[] = [];
    const keys = ['a', 'b', 'c', 'd', 'e'];
    const publishing = Promise.all(keys.map(async (key) => {
      for (let index = 0; !over.signal.aborted; index += 1) {
        const text = `${key}:${index}`;
        // As the outbox does it: again until it is confirmed, the next one only then.
        while (await publisher.publish({ topic, key, value: utf8(text) }, { until: 'durable' }).then(() => false, () => true)) await pause(50);
        sent.push(text);
        await pause(5);
      }
    }));
    while (seen.size < 100) await pause(20);
    await server.kill();
    await pause(200);
    await server.restart();
    const confirmed = sent.length;
    while (sent.length < confirmed + 100) await pause(20);
    server.signal('SIGSTOP');
    await pause(2_000);
    server.signal('SIGCONT');
    over.abort();
    await publishing;
    while (seen.size < sent.length) await pause(20);
    assert.deepEqual([...seen].toSorted(), sent.toSorted());
    for (const key of keys) assert.deepEqual(first.filter((text) => text.startsWith(key)), sent.filter((text) => text.startsWith(key)));
  });

  it('refuses a topic that is not there at once', async () => {
    const bus = open({ createMissingTopics: false, publishTimeoutMs: 600_000 });
    await assert.rejects(bus.publish({ topic: freshTopic(), key: 'k', value: utf8('x') }), { code: 'messaging/unknown-topic' });
  });

  it('drops and counts what no sender of the system sends, and goes on behind it', async () => {
    const topic = freshTopic();
    const dropped: DropReason[] = [];
    const bus = open({ topicPartitions: 1 });
    const observer: DeliveryObserver = { dropped: (_topic, reason) => { dropped.push(reason); } };
    await bus.createTopics([topic]);
    const stranger = new kafkajs.Kafka({ brokers: [server.endpoint], logLevel: kafkajs.logLevel.NOTHING }).producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
    await stranger.connect();
    await stranger.send({ topic, messages: [{ value: 'no key' }, { key: 'no value', value: null }, { key: 'k'.repeat(257), value: 'long key' }] });
    await stranger.disconnect();
    await bus.publish({ topic, key: 'k', value: utf8('good') });
    const text = await new Promise<string>((resolve) => { bus.subscribe({ group: 'g', topics: [topic], observer, handler: async ({ value }) => resolve(fromUtf8(value)) }); });
    assert.equal(text, 'good');
    assert.deepEqual(dropped, ['malformed', 'malformed', 'malformed']);
  });

  it('reads ahead within its limits while a handler is slow, and loses nothing by that', async () => {
    const topic = freshTopic();
    const depths: number[] = [];
    // A broker hands out whole batches: they are small here.
    const bus = open({ topicPartitions: 1, maxReadAhead: 10, maxReadAheadBytes: 16 * 1024, maxMessageBytes: 8 * 1024 });
    const observer: DeliveryObserver = { waiting: (_topic, inHand) => { depths.push(inHand); } };
    await Promise.all(Array.from({ length: 200 }, async (_, index) => bus.publish({ topic, key: `k${index}`, value: new Uint8Array(4 * 1024).fill(index) })));
    const events = new EventEmitter();
    const isOpen = once(events, 'open');
    const seen = new Set<string>();
    const isAll = new Promise<void>((resolve) => {
      bus.subscribe({ group: 'g', topics: [topic], concurrency: 4, observer, handler: async ({ key }) => {
        await isOpen;
        if (seen.add(key).size === 200) resolve();
      } });
    });
    await pause(500);
    events.emit('open');
    await isAll;
    assert.ok(Math.max(...depths) <= 30, `at most ${Math.max(...depths)} messages of 4 KiB were in hand`);
  });

  it('joins anew at once after a crash where only the present matters, and begins with what comes next', async () => {
    const topic = freshTopic();
    const open1 = () => open({ presentTopics: [topic], sessionTimeoutMs: 300_000 });
    const crashed = open1();
    await crashed.publish({ topic, key: 'k', value: utf8('past') });
    crashed.subscribe({ group: 'replica-1', topics: [topic], handler: async () => undefined });
    while (await crashed.check().then(() => false, () => true)) await pause(20);
    // The first one is not closed: for the broker it lives on for five minutes.
    const next = open1();
    const seen: string[] = [];
    next.subscribe({ group: 'replica-1', topics: [topic], handler: async ({ value }) => { seen.push(fromUtf8(value)); } });
    while (await next.check().then(() => false, () => true)) await pause(20);
    while (seen.length === 0) {
      await next.publish({ topic, key: 'k', value: utf8('present') });
      await pause(50);
    }
    assert.deepEqual([...new Set(seen)], ['present']);
  });

  it('says in time that the broker is gone, and takes messages again when it is back', async () => {
    const topic = freshTopic();
    const bus = open({ publishTimeoutMs: 500, checkTimeoutMs: 500 });
    await bus.publish({ topic, key: 'k', value: utf8('before') });
    await server.kill();
    await assert.rejects(bus.publish({ topic, key: 'k', value: utf8('lost') }), (error: { code: string }) => ['messaging/unavailable', 'messaging/queue-full'].includes(error.code));
    await assert.rejects(bus.check(), { code: 'messaging/unavailable' });
    await server.restart();
    while (await bus.publish({ topic, key: 'k', value: utf8('after') }).then(() => false, () => true)) await pause(50);
  });
});
