import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { CodedError, utf8 } from '@medveil/encoding';
import { z } from 'zod';
import { createIdempotencyStore } from './idempotency.js';
import { createInbox } from './inbox.js';
import { createJobs, PermanentJobError } from './jobs.js';
import { defineJob } from './jobs-port.js';
import { createOutbox, createOutboxRelay, type RelayDependencies } from './outbox.js';
import type { Database } from './port.js';

const random = (length: number) => new Uint8Array(randomBytes(length));
const message = (id: string, key: string) => ({ id, topic: 't', key, envelope: utf8(id) });

/** A clock that stands still until it is moved. */
function manualClock() {
  let nowMs = 1_700_000_000_000;
  return { clock: () => nowMs, advance: (ms: number) => { nowMs += ms; } };
}

/** Outbox, inbox, idempotency keys and jobs, on any adapter. */
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

  const setUpJobs = async () => {
    const database = await openDatabase();
    const { clock, advance } = manualClock();
    const make = () => createJobs({ database, clock, random, leaseMs: 1_000 });
    return { database, advance, jobs: make(), make, clock };
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
      assert.equal(await inbox.prune(6), 2);
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

  describe('jobs', () => {
    const kind = defineJob({ name: 'deliver', payload: z.strictObject({ claim: z.string() }), maxAttempts: 3, backoffMs: { first: 100, longest: 150 } });
    it('does a job once per key, from the same transaction as the state it follows from', async () => {
      const { database, jobs } = await setUpJobs();
      const done: string[] = [];
      jobs.handle(kind, async ({ payload }) => { done.push(payload.claim); });
      const job = { key: 'c1', payload: { claim: 'c1' } };
      await assert.rejects(database.transaction(async (tx) => {
        await jobs.enqueue(tx, kind, { key: 'c0', payload: { claim: 'c0' } });
        throw new Error('no');
      }));
      assert.equal(await database.transaction(async (tx) => jobs.enqueue(tx, kind, job)), 'enqueued');
      assert.equal(await jobs.enqueue(database.queries, kind, job), 'exists');
      await jobs.runDue();
      assert.equal(await jobs.enqueue(database.queries, kind, job), 'exists');
      await jobs.runDue();
      assert.deepEqual(done, ['c1']);
      assert.equal((await jobs.find('deliver', 'c1'))?.state, 'done');
      await assert.rejects(jobs.enqueue(database.queries, kind, { key: 'x', payload: { claim: 5 as unknown as string } }), { code: 'jobs/bad-payload' });
    });

    it('tries again after a backoff, at most so often, and then shows why', async () => {
      const { database, jobs, advance } = await setUpJobs();
      const attempts: number[] = [];
      jobs.handle(kind, async ({ attempt }) => {
        attempts.push(attempt);
        throw new CodedError('proxy/away', 'away');
      });
      await jobs.enqueue(database.queries, kind, { key: 'c1', payload: { claim: 'c1' } });
      await jobs.runDue();
      assert.deepEqual(attempts, [1]);
      advance(99);
      await jobs.runDue();
      assert.deepEqual(attempts, [1], 'not before its time');
      advance(1);
      await jobs.runDue();
      advance(150);
      await jobs.runDue();
      advance(10_000);
      await jobs.runDue();
      assert.deepEqual(attempts, [1, 2, 3]);
      const job = await jobs.find('deliver', 'c1');
      assert.deepEqual([job?.state, job?.lastError], ['dead', 'proxy/away']);
      assert.equal(await jobs.revive('deliver', 'c1'), true);
      await jobs.runDue();
      assert.deepEqual(attempts, [1, 2, 3, 1]);
    });

    it('gives up at once where told so, and looks again later where told so', async () => {
      const { database, jobs, advance, clock } = await setUpJobs();
      let looks = 0;
      jobs.handle(kind, async ({ key }) => {
        if (key === 'bad') throw new PermanentJobError('claim/unknown');
        looks += 1;
        return looks < 5 ? { againAtMs: clock() + 10 } : undefined;
      });
      for (const key of ['bad', 'slow']) await jobs.enqueue(database.queries, kind, { key, payload: { claim: key } });
      for (let round = 0; round < 5; round += 1) {
        await jobs.runDue();
        advance(10);
      }
      assert.deepEqual(await jobs.counts(), { waiting: 0, running: 0, done: 1, dead: 1 });
      assert.equal((await jobs.find('deliver', 'bad'))?.lastError, 'claim/unknown');
      assert.deepEqual((await jobs.list({ state: 'done', limit: 10 })).map(({ key }) => key), ['slow']);
      assert.equal(await jobs.prune(clock() + 1), 1);
    });

    it('finds the job of a worker that died, and not sooner than it must', async () => {
      const { database, jobs, make, advance } = await setUpJobs();
      jobs.handle(kind, async () => new Promise<void>(() => undefined));
      await jobs.enqueue(database.queries, kind, { key: 'c1', payload: { claim: 'c1' } });
      void jobs.runDue();
      while ((await jobs.counts()).running === 0) await new Promise(setImmediate);
      const heir = make();
      const seen: number[] = [];
      heir.handle(kind, async ({ attempt }) => { seen.push(attempt); });
      if (!database.exclusive) {
        await heir.runDue();
        assert.deepEqual(seen, []);
        advance(1_001);
      }
      await heir.runDue();
      assert.deepEqual(seen, [2]);
      assert.equal((await heir.find('deliver', 'c1'))?.state, 'done');
    });

    it('works in the background and hands an unfinished job back when stopped', async () => {
      const { database, jobs, make } = await setUpJobs();
      let started: () => void;
      const running = new Promise<void>((resolve) => { started = resolve; });
      jobs.handle(kind, async ({ signal }) => {
        started();
        await new Promise((_resolve, reject) => { signal.addEventListener('abort', () => reject(new Error('stopped')), { once: true }); });
      });
      jobs.start();
      await jobs.enqueue(database.queries, kind, { key: 'c1', payload: { claim: 'c1' } });
      jobs.notify();
      await running;
      await jobs.stop();
      const view = await jobs.find('deliver', 'c1');
      assert.deepEqual([view?.state, view?.attempts], ['waiting', 0]);
      const next = make();
      next.handle(kind, async () => undefined);
      await next.runDue();
      assert.equal((await next.find('deliver', 'c1'))?.state, 'done');
    });
  });
}
