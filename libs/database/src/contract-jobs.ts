import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { CodedError } from '@medveil/encoding';
import { z } from 'zod';
import { createInbox } from './inbox.js';
import { createJobs, PermanentJobError } from './jobs.js';
import { defineJob } from './jobs-port.js';
import { manualClock } from './manual-clock.js';
import type { Database } from './port.js';
import { createPruner } from './pruner.js';

const random = (length: number) => new Uint8Array(randomBytes(length));

/** Jobs, and the pruning of what is finished, on any adapter. */
export function describeJobsContract(openDatabase: () => Promise<Database>): void {
  const setUpJobs = async () => {
    const database = await openDatabase();
    const { clock, advance } = manualClock();
    const make = () => createJobs({ database, clock, random, leaseMs: 1_000 });
    return { database, advance, jobs: make(), make, clock };
  };

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
      const early = await jobs.counts();
      assert.deepEqual([early.waiting, early.due], [1, 0]);
      await jobs.runDue();
      assert.deepEqual(attempts, [1], 'not before its time');
      advance(1);
      assert.equal((await jobs.counts()).due, 1);
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
      assert.deepEqual(await jobs.counts(), { waiting: 0, due: 0, running: 0, done: 1, dead: 1 });
      assert.equal((await jobs.find('deliver', 'bad'))?.lastError, 'claim/unknown');
      assert.deepEqual((await jobs.list({ state: 'done', limit: 10 })).map(({ key }) => key), ['slow']);
      assert.equal(await jobs.prune(clock() + 1), 1);
    });

    it('does not wait for the time of a clock that was ahead', async () => {
      const { database, jobs, make, advance } = await setUpJobs();
      advance(300_000);
      jobs.handle(kind, async ({ key }) => {
        if (key === 'failed') throw new CodedError('proxy/away', 'away');
        return new Promise<void>(() => undefined);
      });
      await jobs.enqueue(database.queries, kind, { key: 'failed', payload: { claim: 'failed' } });
      await jobs.enqueue(database.queries, kind, { key: 'begun', payload: { claim: 'begun' } });
      void jobs.runDue();
      const isSo = async (): Promise<boolean> => (await jobs.find('deliver', 'failed'))?.lastError === 'proxy/away' && (await jobs.find('deliver', 'begun'))?.state === 'running';
      while (!(await isSo())) await new Promise(setImmediate);
      advance(-300_000);
      const heir = make();
      const done: string[] = [];
      heir.handle(kind, async ({ key }) => { done.push(key); });
      await heir.runDue();
      advance(1_001);
      await heir.runDue();
      assert.deepEqual(done.toSorted(), ['begun', 'failed']);
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

  describe('pruner', () => {
    it('forgets what is finished and old, and nothing else', async () => {
      const database = await openDatabase();
      const { clock, advance } = manualClock();
      const inbox = createInbox(database, clock);
      const jobs = createJobs({ database, clock, random });
      const kind = defineJob({ name: 'k', payload: z.strictObject({}) });
      jobs.handle(kind, async () => undefined);
      await jobs.enqueue(database.queries, kind, { key: 'old', payload: {} });
      await inbox.processOnce({ consumer: 'c', messageId: 'old' }, async () => undefined);
      await jobs.runDue();
      advance(1_000);
      await jobs.enqueue(database.queries, kind, { key: 'new', payload: {} });
      await inbox.processOnce({ consumer: 'c', messageId: 'new' }, async () => undefined);
      await createPruner({ database, clock, random, inboxKeepMs: 500, jobsKeepMs: 500 }).pruneNow();
      assert.deepEqual((await jobs.list({ limit: 5 })).map(({ key }) => key), ['new']);
      const known = await Promise.all(['old', 'new'].map(async (messageId) => inbox.has({ consumer: 'c', messageId })));
      assert.deepEqual(known, [false, true]);
    });
  });
}
