import { type Clock, makeId, type RandomBytes } from '@medveil/encoding';
import { and, asc, count, eq, gt, inArray, isNull, lt, or, sql } from 'drizzle-orm';
import { databaseError, errorCode } from './errors.js';
import { backoffMs, Loop } from './loop.js';
import type { Outbox, OutboxMessage, OutboxRelay, OutboxRelayOptions } from './outbox-port.js';
import type { Database, TransactionQueries } from './port.js';
import { infrastructureTables } from './tables.js';

export const MAX_OUTBOX_MESSAGE_BYTES = 1024 * 1024;
const LEASE_MS = 15_000;
const DEFAULT_BACKOFF = { first: 100, longest: 10_000 };

export function createOutbox(database: Database, clock: Clock): Outbox {
  const { outbox } = infrastructureTables(database.schema);
  return {
    async add(tx: TransactionQueries, { id, topic, key, envelope }: OutboxMessage) {
      if (envelope.length > MAX_OUTBOX_MESSAGE_BYTES) {
        throw databaseError('outbox/message-too-large', 'message above the limit', { topic, bytes: envelope.length, maxBytes: MAX_OUTBOX_MESSAGE_BYTES });
      }
      await tx.insert(outbox).values({ messageId: id, topic, key, envelope, createdAtMs: clock() }).onConflictDoNothing();
    },
    async counts() {
      const rows = await database.queries
        .select({ dead: sql<boolean>`${outbox.deadReason} is not null`, number: count() })
        .from(outbox)
        .groupBy(sql`1`);
      const numberOf = (dead: boolean) => rows.find((row) => row.dead === dead)?.number ?? 0;
      return { waiting: numberOf(false), dead: numberOf(true) };
    },
  };
}

export interface RelayDependencies extends OutboxRelayOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly random: RandomBytes;
}

export const createOutboxRelay = (dependencies: RelayDependencies): OutboxRelay => new DatabaseOutboxRelay(dependencies);

interface Row {
  readonly sequence: number;
  readonly messageId: string;
  readonly topic: string;
  readonly key: string;
  readonly envelope: Uint8Array;
}

class DatabaseOutboxRelay implements OutboxRelay {
  readonly #options: RelayDependencies;
  readonly #tables;
  readonly #holder: string;
  readonly #loop: Loop;
  #failures = 0;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: RelayDependencies) {
    this.#options = options;
    this.#tables = infrastructureTables(options.database.schema);
    this.#holder = makeId('job', options.random(16));
    this.#loop = new Loop(async () => this.#step());
  }

  start(): void {
    this.#loop.start();
  }

  notify(): void {
    this.#loop.notify();
  }

  async stop(): Promise<void> {
    await this.#loop.stop();
    await this.#turn;
  }

  async drain(): Promise<number> {
    let published = 0;
    for (;;) {
      const batch = await this.#batch();
      published += batch.published;
      if (batch.published === 0) return published;
    }
  }

  async #step(): Promise<number> {
    const { pollMs = 1_000, backoffMs: backoff = DEFAULT_BACKOFF } = this.#options;
    const { published, failed } = await this.#batch();
    this.#failures = failed > 0 ? this.#failures + 1 : 0;
    if (this.#failures > 0) return backoffMs(backoff, this.#failures);
    return published > 0 ? 0 : pollMs;
  }

  /** One batch at a time, also where `drain` is called while the loop runs. */
  async #batch(): Promise<{ published: number; failed: number }> {
    const batch = this.#turn.then(async () => this.#publishBatch());
    this.#turn = batch;
    return batch;
  }

  /** Never throws: a database that is away is a failed batch. */
  async #publishBatch(): Promise<{ published: number; failed: number }> {
    try {
      if (!(await this.#holdLease())) return { published: 0, failed: 0 };
      const rows = await this.#waiting();
      const lanes = new Map<string, Row[]>();
      for (const row of rows) {
        const lane = `${row.topic}\u0000${row.key}`;
        lanes.set(lane, [...(lanes.get(lane) ?? []), row]);
      }
      const counts = await Promise.all([...lanes.values()].map(async (lane) => this.#publishLane(lane)));
      const published = counts.reduce((sum, each) => sum + each, 0);
      return { published, failed: rows.length - published };
    } catch {
      return { published: 0, failed: 1 };
    }
  }

  /** In order; ends at the first message that must be tried again. @returns how many are through */
  async #publishLane(lane: readonly Row[]): Promise<number> {
    const { outbox } = this.#tables;
    const { database, publish, isPermanent } = this.#options;
    let through = 0;
    for (const { sequence, messageId, topic, key, envelope } of lane) {
      try {
        await publish({ id: messageId, topic, key, envelope });
        await database.queries.delete(outbox).where(eq(outbox.sequence, sequence));
      } catch (error) {
        const dead = isPermanent?.(error) === true ? errorCode(error, 'outbox/refused') : null;
        await database.queries
          .update(outbox)
          .set({ attempts: sql`${outbox.attempts} + 1`, deadReason: dead })
          .where(eq(outbox.sequence, sequence));
        if (dead === null) return through;
      }
      through += 1;
    }
    return through;
  }

  async #waiting(): Promise<Row[]> {
    const { outbox } = this.#tables;
    return this.#options.database.queries
      .select({ sequence: outbox.sequence, messageId: outbox.messageId, topic: outbox.topic, key: outbox.key, envelope: outbox.envelope })
      .from(outbox)
      .where(isNull(outbox.deadReason))
      .orderBy(asc(outbox.sequence))
      .limit(this.#options.batchSize ?? 64);
  }

  /** One relay per schema at a time. A lease that runs out too early costs a repeated message, nothing else. */
  async #holdLease(): Promise<boolean> {
    const { leases } = this.#tables;
    const { database, clock } = this.#options;
    const nowMs = clock();
    const mine = { holder: this.#holder, expiresAtMs: nowMs + LEASE_MS };
    // One that lasts longer than leases do was written by a clock that was ahead.
    const free = database.exclusive ? undefined : or(eq(leases.holder, this.#holder), lt(leases.expiresAtMs, nowMs), gt(leases.expiresAtMs, nowMs + 2 * LEASE_MS));
    const rows = await database.queries
      .insert(leases)
      .values({ name: 'outbox-relay', ...mine })
      .onConflictDoUpdate({ target: leases.name, set: mine, ...(free === undefined ? {} : { setWhere: and(inArray(leases.name, ['outbox-relay']), free) }) })
      .returning({ name: leases.name });
    return rows.length > 0;
  }
}
