import type { Clock, RandomBytes } from '@medveil/encoding';
import { createIdempotencyStore } from './idempotency.js';
import { createInbox } from './inbox.js';
import { createJobs } from './jobs.js';
import { Loop } from './loop.js';
import type { Database } from './port.js';

/** Keeps the tables of finished work from growing for ever. */
export interface Pruner {
  start(): void;
  pruneNow(): Promise<void>;
  stop(): Promise<void>;
}

export interface PrunerOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly random: RandomBytes;
  /** How long a processed message's id is kept: longer than any broker could hold a message back; default 30 days. */
  readonly inboxKeepMs?: number;
  /** How long a finished job is kept, and with it the certainty that enqueuing it again does nothing; default 30 days. */
  readonly jobsKeepMs?: number;
  /** Default one hour. */
  readonly everyMs?: number;
}

const DAY_MS = 24 * 3_600_000;

export function createPruner(options: PrunerOptions): Pruner {
  const { database, clock, random, inboxKeepMs = 30 * DAY_MS, jobsKeepMs = 30 * DAY_MS, everyMs = 3_600_000 } = options;
  const inbox = createInbox(database, clock);
  const jobs = createJobs({ database, clock, random });
  const idempotency = createIdempotencyStore({ database, clock, random });
  const pruneNow = async (): Promise<void> => {
    await inbox.prune(clock() - inboxKeepMs);
    await jobs.prune(clock() - jobsKeepMs);
    await idempotency.prune();
  };
  // A database that is away is pruned another time.
  const loop = new Loop(async () => pruneNow().then(() => everyMs, () => everyMs));
  return { start: () => loop.start(), pruneNow, stop: async () => loop.stop() };
}
