import { inSpan } from '@medveil/correlation';
import { CodedError, makeId } from '@medveil/encoding';
import { count, eq, and, lt, type SQL, sql } from 'drizzle-orm';
import { databaseError, errorCode } from './errors.js';
import { createJobStore, type JobRow, type JobStore, type JobsOptions } from './job-store.js';
import type { JobHandler, JobKind, Jobs, JobState, JobView, JsonObject, NewJob } from './jobs-port.js';
import { backoffMs, Loop } from './loop.js';
import type { Queries } from './port.js';

/** Thrown by a handler for which trying again is pointless: the job is dead at once, with `reason` as its last error. */
export class PermanentJobError extends CodedError<'jobs/permanent'> {
  constructor(readonly reason: string, options?: ErrorOptions) {
    super('jobs/permanent', 'the job cannot be done', { reason }, options);
  }
}

const DEFAULT_MAX_ATTEMPTS = 10;
const DEFAULT_BACKOFF = { first: 500, longest: 60_000 };

interface Registered {
  readonly kind: JobKind;
  readonly handler: JobHandler<JsonObject>;
}

export const createJobs = (options: JobsOptions): Jobs => new DatabaseJobs(options);

class DatabaseJobs implements Jobs {
  readonly #options: JobsOptions;
  readonly #store: JobStore;
  readonly #handlers = new Map<string, Registered>();
  readonly #loop: Loop;
  readonly #running = new Map<number, { readonly abort: AbortController; readonly done: Promise<void> }>();
  readonly #concurrency: number;
  #heartbeat: NodeJS.Timeout | undefined;
  #stopping = false;
  #isRecovered = false;

  constructor(options: JobsOptions) {
    this.#options = options;
    this.#concurrency = options.concurrency ?? 4;
    this.#store = createJobStore(options, makeId('job', options.random(16)));
    this.#loop = new Loop(async () => this.#step());
  }

  async enqueue<P extends JsonObject>(on: Queries, kind: JobKind<P>, { key, payload, runAtMs }: NewJob<P>): Promise<'enqueued' | 'exists'> {
    const checked = kind.payload.safeParse(payload);
    if (!checked.success) throw databaseError('jobs/bad-payload', 'payload does not fit its kind of job', { kind: kind.name });
    return this.#store.insert(on, { kind: kind.name, key, payload: checked.data, runAtMs: runAtMs ?? this.#options.clock() });
  }

  handle<P extends JsonObject>(kind: JobKind<P>, handler: JobHandler<P>): void {
    const { maxAttempts, backoffMs: backoff } = kind;
    const untyped: JobKind = {
      name: kind.name,
      payload: kind.payload,
      ...(maxAttempts === undefined ? {} : { maxAttempts }),
      ...(backoff === undefined ? {} : { backoffMs: backoff }),
    };
    this.#handlers.set(kind.name, {
      kind: untyped,
      handler: async (job) => handler({ ...job, payload: kind.payload.parse(job.payload) }),
    });
  }

  start(): void {
    const leaseMs = this.#store.leaseMs;
    this.#heartbeat ??= setInterval(() => { void this.#renew(); }, leaseMs / 3);
    this.#loop.start();
  }

  notify(): void {
    this.#loop.notify();
  }

  async runDue(): Promise<number> {
    let attempts = 0;
    for (;;) {
      const started = await this.#claimAndStart();
      if (started.length === 0 && this.#running.size === 0) return attempts;
      attempts += started.length;
      await Promise.all([...this.#running.values()].map(async ({ done }) => done));
    }
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    clearInterval(this.#heartbeat);
    for (const { abort } of this.#running.values()) abort.abort();
    await this.#loop.stop();
    await Promise.all([...this.#running.values()].map(async ({ done }) => done));
  }

  async find(kind: string, key: string): Promise<JobView | undefined> {
    const { jobs } = this.#store;
    const [view] = await this.#store.views(and(eq(jobs.kind, kind), eq(jobs.key, key)), 1);
    return view;
  }

  async list(filter: { readonly kind?: string; readonly state?: JobState; readonly limit: number }): Promise<JobView[]> {
    const { jobs } = this.#store;
    const conditions: SQL[] = [];
    if (filter.kind !== undefined) conditions.push(eq(jobs.kind, filter.kind));
    if (filter.state !== undefined) conditions.push(eq(jobs.state, filter.state));
    return this.#store.views(and(...conditions), filter.limit);
  }

  async revive(kind: string, key: string): Promise<boolean> {
    return this.#store.revive(kind, key);
  }

  async prune(beforeMs: number): Promise<number> {
    const { jobs } = this.#store;
    const done = and(eq(jobs.state, 'done'), lt(jobs.updatedAtMs, beforeMs));
    return (await this.#options.database.queries.delete(jobs).where(done).returning({ id: jobs.id })).length;
  }

  async counts(): Promise<Record<JobState | 'due', number>> {
    const { jobs } = this.#store;
    const { database, clock } = this.#options;
    const due = sql<number>`count(*) filter (where ${jobs.state} = 'waiting' and ${jobs.runAtMs} <= ${clock()})`.mapWith(Number);
    const rows = await database.queries.select({ state: jobs.state, number: count(), due }).from(jobs).groupBy(jobs.state);
    const byState = Object.fromEntries(rows.map(({ state, number }) => [state, number]));
    return { waiting: 0, running: 0, done: 0, dead: 0, ...byState, due: rows.find(({ state }) => state === 'waiting')?.due ?? 0 };
  }

  /** Never throws: a database that is away is looked at again after a while. */
  async #step(): Promise<number> {
    const pollMs = this.#options.pollMs ?? 500;
    try {
      const started = await this.#claimAndStart();
      return started.length > 0 && this.#running.size < this.#concurrency ? 0 : pollMs;
    } catch {
      return pollMs * 4;
    }
  }

  async #claimAndStart(): Promise<JobRow[]> {
    if (!this.#isRecovered) {
      // Nobody but an earlier, dead process can have left jobs running in a database that this process has for itself.
      if (this.#options.database.exclusive) await this.#store.releaseAll();
      await this.#store.takeBackFromFuture();
      this.#isRecovered = true;
    }
    const room = this.#concurrency - this.#running.size;
    if (room <= 0 || this.#stopping) return [];
    const rows = await this.#store.claim([...this.#handlers.keys()], room);
    for (const row of rows) {
      const abort = new AbortController();
      const done = this.#attempt(row, abort.signal).finally(() => {
        this.#running.delete(row.id);
        this.#loop.notify();
      });
      this.#running.set(row.id, { abort, done });
    }
    return rows;
  }

  /** One attempt and its bookkeeping. Never throws: what cannot be written down is found again when the lease is over. */
  async #attempt(row: JobRow, signal: AbortSignal): Promise<void> {
    const registered = this.#handlers.get(row.kind);
    if (registered === undefined) return;
    const { maxAttempts = DEFAULT_MAX_ATTEMPTS, backoffMs: backoff = DEFAULT_BACKOFF } = registered.kind;
    const startedMs = this.#options.clock();
    const report = (outcome: 'done' | 'again' | 'retry' | 'dead' | 'handed-back', code?: string) =>
      this.#options.onAttempt?.({ kind: row.kind, key: row.key, outcome, durationMs: this.#options.clock() - startedMs, ...(code === undefined ? {} : { code }) });
    try {
      if (row.attempts > maxAttempts) throw new PermanentJobError('jobs/worker-died');
      const job = { kind: row.kind, key: row.key, payload: row.payload, attempt: row.attempts, signal };
      const result = await inSpan(`job ${row.kind}`, { role: 'internal', attributes: { 'medveil.job.kind': row.kind } }, async () => registered.handler(job));
      report(result === undefined ? 'done' : 'again');
      await this.#store.finish(row, result === undefined ? { state: 'done' } : { state: 'waiting', runAtMs: result.againAtMs, attempts: 0 });
    } catch (error) {
      const lastError = error instanceof PermanentJobError ? error.reason : errorCode(error, 'jobs/handler-failed');
      const outcome = failureOutcome(error, signal.aborted && this.#stopping, row.attempts >= maxAttempts);
      report(outcome, lastError);
      const nowMs = this.#options.clock();
      const change = {
        'handed-back': { state: 'waiting' as const, runAtMs: nowMs, attempts: row.attempts - 1 },
        dead: { state: 'dead' as const, lastError },
        retry: { state: 'waiting' as const, runAtMs: nowMs + backoffMs(backoff, row.attempts), lastError },
      }[outcome];
      await this.#store.finish(row, change).catch(() => undefined);
    }
  }

  /** Keeps the leases of running jobs; a job that another worker has taken meanwhile is told to stop. */
  async #renew(): Promise<void> {
    try {
      await this.#store.takeBackFromFuture();
      if (this.#running.size === 0) return;
      const kept = await this.#store.renew([...this.#running.keys()]);
      for (const [id, { abort }] of this.#running) if (!kept.has(id)) abort.abort();
    } catch {
      // The database is away; the leases may run out, and then the jobs are found again.
    }
  }
}

function failureOutcome(error: unknown, isStopping: boolean, isLast: boolean): 'dead' | 'handed-back' | 'retry' {
  if (error instanceof PermanentJobError) return 'dead';
  if (isStopping) return 'handed-back';
  return isLast ? 'dead' : 'retry';
}
