import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { fromUtf8, utf8 } from '@medveil/encoding';
import { decodeDeadLetter } from './dead-letter.js';
import { UnprocessableMessageError } from './errors.js';
import type { Delivery, MessageBus, Subscription } from './port.js';
import { deadLetterTopic } from './topics.js';

export interface BusUnderTest {
  readonly bus: MessageBus;
  /** Bytes that a message may have at most. */
  readonly maxMessageBytes: number;
  /** Deliveries of one message before it is a dead letter. */
  readonly maxAttempts: number;
  dispose(): Promise<void>;
}

const distinct = (deliveries: readonly Delivery[]): string[] => [...new Set(deliveries.map(({ value }) => Buffer.from(value).toString('latin1')))];

/** What every bus must hold, whatever carries it. Each test uses topics of its own. */
export function describeMessageBusContract(name: string, makeAdapter: () => Promise<BusUnderTest>): void {
  describe(`message bus: ${name}`, () => {
    let adapter: BusUnderTest;
    let topic = '';
    let counter = 0;
    const open: Subscription[] = [];
    before(async () => { adapter = await makeAdapter(); });
    after(async () => {
      await Promise.all(open.map(async (subscription) => subscription.close()));
      await adapter.dispose();
    });

    const fresh = () => (topic = `contract.${process.pid}.${counter++}`);
    const collect = (group: string, on: readonly string[], handler?: (delivery: Delivery) => Promise<void>) => {
      const seen: Delivery[] = [];
      const waiters: { count: number; resolve: () => void }[] = [];
      open.push(adapter.bus.subscribe({ group, topics: on, handler: async (delivery) => {
        await handler?.(delivery);
        seen.push(delivery);
        for (const waiter of waiters) if (distinct(seen).length >= waiter.count) waiter.resolve();
      } }));
      /** Waits for so many different messages: any may come twice. */
      const until = async (count: number) =>
        distinct(seen).length >= count ? undefined : new Promise<void>((resolve) => { waiters.push({ count, resolve }); });
      return { seen, until };
    };
    const send = async (key: string, text: string) => adapter.bus.publish({ topic, key, value: utf8(text) });

    it('gives every group every message, and each message to one member of a group', async () => {
      fresh();
      const [a1, a2, b] = [collect('a', [topic]), collect('a', [topic]), collect('b', [topic])];
      for (let index = 0; index < 20; index += 1) await send(`k${index}`, String(index));
      await b.until(20);
      while (distinct([...a1.seen, ...a2.seen]).length < 20) await Promise.race([a1, a2].map(async (a) => a.until(distinct(a.seen).length + 1)));
      assert.equal(distinct(b.seen).length, 20);
    });

    it('keeps the order of a key, through failures too', async () => {
      fresh();
      let failures = 2;
      const first: string[] = [];
      const group = collect('ordered', [topic], async (delivery) => {
        const text = fromUtf8(delivery.value);
        if (text === 'x1' && failures-- > 0) throw new Error('not yet');
        if (!first.includes(text)) first.push(text);
      });
      for (const text of ['x0', 'x1', 'x2', 'y0', 'y1']) await send(text.slice(0, 1), text);
      await group.until(5);
      assert.deepEqual(first.filter((text) => text.startsWith('x')), ['x0', 'x1', 'x2']);
      assert.deepEqual(first.filter((text) => text.startsWith('y')), ['y0', 'y1']);
    });

    it('buries a message that no attempt could handle, with the reason, and goes on', async () => {
      fresh();
      let attempts = 0;
      const graves = collect('undertaker', [deadLetterTopic(topic)]);
      const group = collect('failing', [topic], async (delivery) => {
        if (fromUtf8(delivery.value) !== 'poison') return;
        attempts += 1;
        throw new Error('always');
      });
      await send('k', 'poison');
      await send('k', 'next');
      await Promise.all([group.until(1), graves.until(1)]);
      assert.deepEqual(distinct(group.seen), ['next']);
      assert.equal(attempts, adapter.maxAttempts);
      const letter = decodeDeadLetter(graves.seen[0]?.value ?? utf8(''));
      assert.deepEqual([letter.topic, letter.group, letter.reason, fromUtf8(letter.value)], [topic, 'failing', 'handler/failed', 'poison']);
    });

    it('buries what a handler calls unprocessable without another attempt', async () => {
      fresh();
      const graves = collect('undertaker', [deadLetterTopic(topic)]);
      collect('refusing', [topic], async () => { throw new UnprocessableMessageError('claim/unknown'); });
      await send('k', 'once');
      await graves.until(1);
      const letter = decodeDeadLetter(graves.seen[0]?.value ?? utf8(''));
      assert.deepEqual([letter.reason, letter.attempts], ['claim/unknown', 1]);
    });

    it('leaves what a closed member had not taken to the next member', async () => {
      fresh();
      const gone = collect('relay', [topic]);
      await send('k', 'before');
      await gone.until(1);
      await open.pop()?.close();
      await send('k', 'between');
      const next = collect('relay', [topic]);
      while (!distinct(next.seen).includes('between')) await next.until(distinct(next.seen).length + 1);
      assert.deepEqual(distinct(gone.seen), ['before']);
    });

    it('refuses an oversized message and takes one of the largest size', async () => {
      fresh();
      const group = collect('sizes', [topic]);
      await assert.rejects(adapter.bus.publish({ topic, key: 'k', value: new Uint8Array(adapter.maxMessageBytes + 1) }), { code: 'messaging/too-large' });
      await adapter.bus.publish({ topic, key: 'k', value: new Uint8Array(adapter.maxMessageBytes) });
      await group.until(1);
      assert.equal(group.seen[0]?.value.length, adapter.maxMessageBytes);
    });

    it('has a durable message kept or handled when it says so', async () => {
      fresh();
      const group = collect('durable', [topic]);
      await adapter.bus.publish({ topic, key: 'k', value: utf8('kept') }, { until: 'durable' });
      await group.until(1);
      assert.deepEqual(distinct(group.seen), ['kept']);
    });
  });
}
