import { type Database, defineJob, type Jobs } from '@medveil/database';
import type { Clock } from '@medveil/encoding';
import { z } from 'zod';
import type { EnrolmentTokens } from './enrolment-tokens.js';
import type { TCerts } from './t-certs.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** A token that is over is still told apart from one that never was. */
const KEEP_TOKENS_MS = 30 * DAY_MS;
const KEEP_JOBS_MS = 30 * DAY_MS;

const HOUSEKEEPING = defineJob({ name: 'housekeeping', payload: z.strictObject({}), maxAttempts: 1_000_000 });

/** Forgets, every hour, what nobody can ask for any more. */
export async function keepHouse(parts: {
  readonly database: Database;
  readonly jobs: Jobs;
  readonly tokens: EnrolmentTokens;
  readonly tCerts: TCerts;
  readonly clock: Clock;
}): Promise<void> {
  const { database, jobs, tokens, tCerts, clock } = parts;
  jobs.handle(HOUSEKEEPING, async () => {
    const nowMs = clock();
    await tokens.prune(nowMs - KEEP_TOKENS_MS);
    await tCerts.prune(nowMs);
    await jobs.prune(nowMs - KEEP_JOBS_MS);
    return { againAtMs: nowMs + HOUR_MS };
  });
  await jobs.enqueue(database.queries, HOUSEKEEPING, { key: 'hourly', payload: {} });
}
