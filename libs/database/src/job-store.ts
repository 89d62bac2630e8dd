import type { Clock, RandomBytes } from '@medveil/encoding';
import { and, asc, eq, gt, inArray, lt, lte, or, type SQL, sql } from 'drizzle-orm';
import type { JobState, JobView, JsonObject } from './jobs-port.js';
import type { Database, Queries } from './port.js';
import { infrastructureTables } from './tables.js';

export interface JobsOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly random: RandomBytes;
  /** Jobs run at once; default 4. */
  readonly concurrency?: number;
  /** Default 500 ms. */
  readonly pollMs?: number;
  /** After so long without a sign of its worker a running job is taken by another; default 30 s. */
  readonly leaseMs?: number;
  /** For metrics and logs. */
  readonly onAttempt?: (attempt: {
    readonly kind: string;
    readonly key: string;
    readonly outcome: 'done' | 'again' | 'retry' | 'dead' | 'handed-back';
    readonly durationMs: number;
    /** why it failed */
    readonly code?: string;
  }) => void;
}

export interface JobRow {
  readonly id: number;
  readonly kind: string;
  readonly key: string;
  readonly payload: JsonObject;
  readonly attempts: number;
}

export type JobStore = ReturnType<typeof createJobStore>;

/** The statements behind `Jobs`, each one atomic. */
export function createJobStore({ database, clock, leaseMs = 30_000 }: JobsOptions, holder: string) {
  const { jobs } = infrastructureTables(database.schema);
  const free = { leaseHolder: null, leaseUntilMs: null };
  return {
    jobs,
    leaseMs,

    insert: async (on: Queries, job: { kind: string; key: string; payload: JsonObject; runAtMs: number }): Promise<'enqueued' | 'exists'> => {
      const nowMs = clock();
      const rows = await on
        .insert(jobs)
        .values({ ...job, state: 'waiting', createdAtMs: nowMs, updatedAtMs: nowMs })
        .onConflictDoNothing()
        .returning({ id: jobs.id });
      return rows.length > 0 ? 'enqueued' : 'exists';
    },

    /** Takes up to `limit` jobs that are due, or whose worker is gone; others claiming at the same time skip them. */
    claim: async (kinds: readonly string[], limit: number): Promise<JobRow[]> => {
      if (kinds.length === 0) return [];
      const nowMs = clock();
      return database.transaction(async (tx) => {
        const due = await tx
          .select({ id: jobs.id })
          .from(jobs)
          .where(and(
            inArray(jobs.kind, [...kinds]),
            or(and(eq(jobs.state, 'waiting'), lte(jobs.runAtMs, nowMs)), and(eq(jobs.state, 'running'), lt(jobs.leaseUntilMs, nowMs))),
          ))
          .orderBy(asc(jobs.runAtMs), asc(jobs.id))
          .limit(limit)
          .for('update', { skipLocked: true });
        if (due.length === 0) return [];
        return tx
          .update(jobs)
          .set({ state: 'running', attempts: sql`${jobs.attempts} + 1`, leaseHolder: holder, leaseUntilMs: nowMs + leaseMs, updatedAtMs: nowMs })
          .where(inArray(jobs.id, due.map(({ id }) => id)))
          .returning({ id: jobs.id, kind: jobs.kind, key: jobs.key, payload: jobs.payload, attempts: jobs.attempts });
      });
    },

    /** Writes the outcome down, unless the job was lost to another worker meanwhile. */
    finish: async (row: JobRow, change: { state: JobState; runAtMs?: number; attempts?: number; lastError?: string }): Promise<void> => {
      await database.queries
        .update(jobs)
        .set({ ...change, ...free, updatedAtMs: clock() })
        .where(and(eq(jobs.id, row.id), eq(jobs.state, 'running'), eq(jobs.leaseHolder, holder)));
    },

    /** @returns the ids still held */
    renew: async (ids: readonly number[]): Promise<Set<number>> => {
      const rows = await database.queries
        .update(jobs)
        .set({ leaseUntilMs: clock() + leaseMs })
        .where(and(inArray(jobs.id, [...ids]), eq(jobs.state, 'running'), eq(jobs.leaseHolder, holder)))
        .returning({ id: jobs.id });
      return new Set(rows.map(({ id }) => id));
    },

    /**
     * Whoever wrote at a time that is more than a lease away from now had a clock that was ahead: its jobs would wait, and its leases last,
     * until that time. They are moved back by as much.
     */
    takeBackFromFuture: async (): Promise<void> => {
      const nowMs = clock();
      const ahead = sql`(${jobs.updatedAtMs} - ${nowMs})`;
      await database.queries
        .update(jobs)
        .set({ runAtMs: sql`${jobs.runAtMs} - ${ahead}`, leaseUntilMs: sql`least(${jobs.leaseUntilMs} - ${ahead}, ${nowMs + leaseMs})`, updatedAtMs: nowMs })
        .where(and(inArray(jobs.state, ['waiting', 'running']), gt(jobs.updatedAtMs, nowMs + leaseMs)));
    },

    releaseAll: async (): Promise<void> => {
      await database.queries.update(jobs).set({ state: 'waiting', ...free }).where(eq(jobs.state, 'running'));
    },

    revive: async (kind: string, key: string): Promise<boolean> => {
      const nowMs = clock();
      const rows = await database.queries
        .update(jobs)
        .set({ state: 'waiting', attempts: 0, runAtMs: nowMs, updatedAtMs: nowMs })
        .where(and(eq(jobs.kind, kind), eq(jobs.key, key), eq(jobs.state, 'dead')))
        .returning({ id: jobs.id });
      return rows.length > 0;
    },

    views: async (where: SQL | undefined, limit: number): Promise<JobView[]> =>
      database.queries
        .select({
          kind: jobs.kind, key: jobs.key, payload: jobs.payload, state: jobs.state, attempts: jobs.attempts, runAtMs: jobs.runAtMs,
          lastError: jobs.lastError, createdAtMs: jobs.createdAtMs, updatedAtMs: jobs.updatedAtMs,
        })
        .from(jobs)
        .where(where)
        .orderBy(asc(jobs.id))
        .limit(limit),
  };
}
