import type { z } from 'zod';
import type { Queries } from './port.js';

/**
 * Durable steps: what must happen, if need be after a restart, with bounded retries. A job is named by its kind and key:
 * enqueuing the same twice is one job, so a handler's work must be idempotent under its key. Payloads are stored in clear:
 * they name things (ids), never hold secrets or medical values.
 */
export interface Jobs {
  /**
   * @param on `tx` to enqueue together with a state change; otherwise `database.queries`
   * @returns `exists` where a job of this kind and key is known, in whatever state
   * @throws CodedError `jobs/bad-payload`
   */
  enqueue<P extends JsonObject>(on: Queries, kind: JobKind<P>, job: NewJob<P>): Promise<'enqueued' | 'exists'>;
  /** Registers what does the work; before `start`. */
  handle<P extends JsonObject>(kind: JobKind<P>, handler: JobHandler<P>): void;
  start(): void;
  /** Looks now, not at the next poll; call it after a transaction that enqueued. */
  notify(): void;
  /** Runs everything that is due now, and what becomes due by it; for tests. @returns how many attempts were made */
  runDue(): Promise<number>;
  /** Takes no more jobs, aborts the handlers' signal, waits for them; unfinished jobs are handed back. Idempotent. */
  stop(): Promise<void>;
  find(kind: string, key: string): Promise<JobView | undefined>;
  list(filter: { readonly kind?: string; readonly state?: JobState; readonly limit: number }): Promise<JobView[]>;
  /** Gives a dead job another round of attempts. @returns false where there is no such dead job */
  revive(kind: string, key: string): Promise<boolean>;
  /** Forgets jobs that were done before `beforeMs`. @returns how many */
  prune(beforeMs: number): Promise<number>;
  /** By state, and how many of those waiting are `due`. */
  counts(): Promise<Record<JobState | 'due', number>>;
}

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;

export type JsonObject = { readonly [key: string]: JsonValue };

export interface JobKind<P extends JsonObject = JsonObject> {
  /** For example `deliver-claim`. */
  readonly name: string;
  readonly payload: z.ZodType<P>;
  /** Attempts before the job is dead; default 10. */
  readonly maxAttempts?: number;
  /** First and longest wait after a failure; default 500 and 60,000 ms, doubling. */
  readonly backoffMs?: { readonly first: number; readonly longest: number };
}

export const defineJob = <P extends JsonObject>(kind: JobKind<P>): JobKind<P> => Object.freeze(kind);

export interface NewJob<P extends JsonObject> {
  readonly key: string;
  readonly payload: P;
  /** Not before; default now. */
  readonly runAtMs?: number;
}

/**
 * Resolves when the step is done, or with a later time at which to look again (that is no failure and uses up no attempt).
 * Throwing counts as a failed attempt; `PermanentJobError` makes the job dead at once.
 */
export type JobHandler<P extends JsonObject> = (job: RunningJob<P>) => Promise<void | { readonly againAtMs: number }>;

export interface RunningJob<P extends JsonObject> {
  readonly kind: string;
  readonly key: string;
  readonly payload: P;
  /** 1 for the first */
  readonly attempt: number;
  /** Aborted when the worker stops or has lost the job. */
  readonly signal: AbortSignal;
}

export type JobState = 'waiting' | 'running' | 'done' | 'dead';

export interface JobView {
  readonly kind: string;
  readonly key: string;
  readonly payload: JsonObject;
  readonly state: JobState;
  readonly attempts: number;
  readonly runAtMs: number;
  /** Code of the last error: never its message, which may quote data. */
  readonly lastError: string | null;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}
