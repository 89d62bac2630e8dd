import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { CodedError, utf8 } from '@medveil/encoding';
import { createIdempotencyStore } from './idempotency.js';
import { createInbox } from './inbox.js';
import { createOutbox, createOutboxRelay, type RelayDependencies } from './outbox.js';
import { manualClock } from './manual-clock.js';
import type { Database } from './port.js';

const random = (length: number) => new Uint8Array(randomBytes(length));
const message = (id: string, key: string) => ({ id, topic: 't', key, envelope: utf8(id) });

/** Outbox, inbox and idempotency keys, on any adapter. */
export function describeDurableWorkContract(openDatabase: () => Promise<Database>): void {
  const setUpOutbox = async (options: Partial<RelayDependencies> & Pick<RelayDependencies, 'publish'>) => {
    const database = await openDatabase();
    const { clock, advance } = manualClock();
    return { database, advance, outbox: createOutbox(database, clock), relay: createOutboxRelay({ database, clock, random, ...options }) };
  };

  const setUpKeys = async () => {
    const { clock, advance } = manualClock();
    return { advance, store: createIdempotencyStore({ database: await openDatabase(), clock, random, keepMs: 1_000, leaseMs: 100 }) };
  };

  describe('outbox', () => {
    it('sends what was committed, in order per key, once where nothing fails, and nothing that was rolled back', async () => {
      const sent: string[] = [];
      const { database, outbox, relay } = await setUpOutbox({ publish: async ({ id }) => { sent.push(id); }, batchSize: 2 });
      for (const id of ['a1', 'b1', 'a2', 'a3']) await database.transaction(async (tx) => outbox.add(tx, message(id, id.slice(0, 1))));
      await assert.rejects(database.transaction(async (tx) => {
        await outbox.add(tx, message('never', 'a'));
        throw new Error('no');
      }));
      assert.equal(await relay.drain(), 4);
      assert.deepEqual(sent.filter((id) => id.startsWith('a')), ['a1', 'a2', 'a3']);
      assert.equal(sent.length, 4);
      assert.deepEqual(await outbox.counts(), { waiting: 0, dead: 0 });
    });

    it('keeps what could not be published, and its key in order, while other keys go on', async () => {
      const sent: string[] = [];
      let isBroken = true;
      const { database, outbox, relay } = await setUpOutbox({ publish: async ({ id }) => {
        if (isBroken && id === 'a1') throw new Error('broker away');
        sent.push(id);
      } });
      await database.transaction(async (tx) => { for (const id of ['a1', 'a2', 'b1']) await outbox.add(tx, message(id, id.slice(0, 1))); });
      assert.equal(await relay.drain(), 1);
      assert.deepEqual(sent, ['b1']);
      isBroken = false;
      await relay.drain();
      assert.deepEqual(sent, ['b1', 'a1', 'a2']);
    });

    it('puts a message aside that can never be published', async () => {
      const { database, outbox, relay } = await setUpOutbox({
        publish: async ({ id }) => { if (id === 'a1') throw new CodedError('messaging/too-large', 'too large'); },
        isPermanent: (error) => error instanceof CodedError && error.code === 'messaging/too-large',
      });
      await database.transaction(async (tx) => { for (const id of ['a1', 'a2']) await outbox.add(tx, message(id, 'a')); });
      await relay.drain();
      assert.deepEqual(await outbox.counts(), { waiting: 0, dead: 1 });
    });

    it('is not held up by a relay that died with the lease and whose clock was ahead', async () => {
      const { database, advance, outbox, relay } = await setUpOutbox({ publish: async () => undefined });
      advance(3_600_000);
      await relay.drain();
      const sent: string[] = [];
      const next = createOutboxRelay({ database, clock: manualClock().clock, random, publish: async ({ id }) => { sent.push(id); } });
      await database.transaction(async (tx) => outbox.add(tx, message('a1', 'a')));
      assert.equal(await next.drain(), 1);
      assert.deepEqual(sent, ['a1']);
    });

    it('is emptied in the background, and stops', async () => {
      let resolve: () => void;
      const all = new Promise<void>((done) => { resolve = done; });
      let count = 0;
      const { database, outbox, relay } = await setUpOutbox({ pollMs: 60_000, publish: async () => { if ((count += 1) === 2) resolve(); } });
      relay.start();
      for (const id of ['x', 'y']) {
        await database.transaction(async (tx) => outbox.add(tx, message(id, id)));
        relay.notify();
      }
      await all;
      await relay.stop();
      assert.deepEqual(await outbox.counts(), { waiting: 0, dead: 0 });
    });
  });

  describe('inbox', () => {
    it('lets a message have its effect once per consumer, also when two come at once', async () => {
      const database = await openDatabase();
      const inbox = createInbox(database, () => 5);
      const outbox = createOutbox(database, () => 5);
      const effect = async (consumer: string, id: string) =>
        inbox.processOnce({ consumer, messageId: 'm1' }, async (tx) => outbox.add(tx, message(id, 'k')));
      const outcomes = await Promise.all([effect('c', 'e1'), effect('c', 'e2'), effect('d', 'e3')]);
      assert.deepEqual(outcomes.toSorted(), ['duplicate', 'processed', 'processed']);
      assert.deepEqual((await outbox.counts()).waiting, 2);
      assert.equal(await inbox.has({ consumer: 'c', messageId: 'm1' }), true);
      assert.equal(await inbox.prune(6, 'd'), 1);
      assert.equal(await inbox.has({ consumer: 'c', messageId: 'm1' }), true);
      assert.equal(await inbox.prune(6), 1);
      assert.equal(await inbox.has({ consumer: 'c', messageId: 'm1' }), false);
    });

    it('forgets a message whose effect failed', async () => {
      const inbox = createInbox(await openDatabase(), () => 5);
      const once = { consumer: 'c', messageId: 'm' };
      await assert.rejects(inbox.processOnce(once, async () => { throw new Error('later'); }), /later/);
      assert.equal(await inbox.processOnce(once, async () => undefined), 'processed');
    });
  });

  describe('idempotency keys', () => {
    const request = { scope: 'alice POST /v1/x', key: 'k1', digest: new Uint8Array(32).fill(1) };
    it('answers a repeated request with the stored response and refuses another one under the same key', async () => {
      const { store } = await setUpKeys();
      const begun = await store.begin(request);
      assert.ok(begun.kind === 'begun');
      assert.deepEqual(await store.begin(request), { kind: 'in-progress' });
      await store.complete(begun.ticket, { status: 201, body: '{"a":1}' });
      assert.deepEqual(await store.begin(request), { kind: 'done', response: { status: 201, body: '{"a":1}' } });
      assert.deepEqual(await store.begin({ ...request, digest: new Uint8Array(32) }), { kind: 'mismatch' });
      assert.equal((await store.begin({ ...request, scope: 'bob POST /v1/x' })).kind, 'begun');
    });

    it('frees a key that was abandoned, whose process died, or that is old', async () => {
      const { store, advance } = await setUpKeys();
      const first = await store.begin(request);
      assert.ok(first.kind === 'begun');
      await store.abandon(first.ticket);
      const second = await store.begin(request);
      assert.ok(second.kind === 'begun');
      advance(101);
      const third = await store.begin(request);
      assert.ok(third.kind === 'begun');
      await store.complete(second.ticket, { status: 500, body: '{}' });
      assert.deepEqual(await store.begin(request), { kind: 'in-progress' }, 'a ticket that was taken over completes nothing');
      await store.complete(third.ticket, { status: 200, body: '{}' });
      advance(1_001);
      assert.equal(await store.prune(), 1);
      assert.equal((await store.begin(request)).kind, 'begun');
    });
  });
}
