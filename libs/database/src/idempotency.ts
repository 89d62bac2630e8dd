import { type Clock, equalBytes, type RandomBytes, toBase64Url } from '@medveil/encoding';
import { and, eq, isNotNull, isNull, lt } from 'drizzle-orm';
import type { IdempotencyState, IdempotencyStore } from './idempotency-port.js';
import type { Database } from './port.js';
import { infrastructureTables } from './tables.js';

export interface IdempotencyOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly random: RandomBytes;
  /** How long a response is kept; default 24 h. */
  readonly keepMs?: number;
  /** After so long a request that never completed (its process died) may be tried again; default 2 min. */
  readonly leaseMs?: number;
}

const DAY_MS = 24 * 3_600_000;

export function createIdempotencyStore(options: IdempotencyOptions): IdempotencyStore {
  const { database, clock, random, keepMs = DAY_MS, leaseMs = 120_000 } = options;
  const { idempotencyKeys: keys } = infrastructureTables(database.schema);

  const begin: IdempotencyStore['begin'] = async ({ scope, key, digest }) => {
    const ticket = toBase64Url(random(16));
    const nowMs = clock();
    return database.transaction(async (tx): Promise<IdempotencyState> => {
      const held = and(eq(keys.scope, scope), eq(keys.key, key));
      // A key whose time is over is free again: kept long enough, or begun by a process that is gone.
      await tx.delete(keys).where(and(held, lt(keys.expiresAtMs, nowMs)));
      const begun = await tx
        .insert(keys)
        .values({ scope, key, digest, ticket, expiresAtMs: nowMs + leaseMs })
        .onConflictDoNothing()
        .returning({ ticket: keys.ticket });
      if (begun.length > 0) return { kind: 'begun', ticket };
      const [row] = await tx.select().from(keys).where(held);
      if (row === undefined) return { kind: 'in-progress' };
      if (!equalBytes(row.digest, digest)) return { kind: 'mismatch' };
      if (row.status === null || row.body === null) return { kind: 'in-progress' };
      return { kind: 'done', response: { status: row.status, body: row.body } };
    });
  };

  return {
    begin,
    complete: async (ticket, response) => {
      await database.queries
        .update(keys)
        .set({ ...response, expiresAtMs: clock() + keepMs })
        .where(and(eq(keys.ticket, ticket), isNull(keys.status)));
    },
    abandon: async (ticket) => {
      await database.queries.delete(keys).where(and(eq(keys.ticket, ticket), isNull(keys.status)));
    },
    prune: async () => {
      const rows = await database.queries
        .delete(keys)
        .where(and(lt(keys.expiresAtMs, clock()), isNotNull(keys.status)))
        .returning({ key: keys.key });
      return rows.length;
    },
  };
}
