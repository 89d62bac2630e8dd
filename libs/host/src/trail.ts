import { type AgreementEvent, type Concern, concernOf, eventSchema, type EventType } from '@medveil/agreements';
import { type PlacedEvent, placedEvents, type VerifiedBlock } from '@medveil/client';
import { bytea, type Database, millis, type TransactionQueries } from '@medveil/database';
import { decodeCanonical, encodeCanonical, type Id } from '@medveil/encoding';
import { encodeReceiptProof } from '@medveil/ledger';
import { and, asc, eq, gt, inArray, or, type SQL } from 'drizzle-orm';
import { integer, pgSchema, text } from 'drizzle-orm/pg-core';

/** Whose of the agent's own an account is. */
export type TrailOwners = (tx: TransactionQueries, accounts: readonly Id<'acc'>[]) => Promise<ReadonlyMap<Id<'acc'>, string>>;

export type TrailPosition = Pick<PlacedEvent, 'height' | 'receiptIndex' | 'eventIndex'>;

/** An event that was kept, and whom it concerns. */
export interface KeptEntry extends Concern {
  readonly ownerId: string;
  readonly placed: PlacedEvent;
}

export interface TrailEntry extends PlacedEvent {
  readonly account: Id<'acc'>;
  readonly claimId: Id<'clm'> | null;
  /** canonical `ReceiptProof` of @medveil/ledger */
  readonly proof: Uint8Array;
}

const MAX_ENTRIES = 10_000;

/**
 * What on the ledger concerns an agent's own, kept as its blocks are handled, each entry with the proof of its receipt: nobody
 * need be asked for it later, which would tell whom it concerns. Tables `trail` and `trail_proofs` of the service's own schema.
 */
export class TrailStore {
  readonly #trail;
  readonly #proofs;

  constructor(
    private readonly database: Database,
    private readonly owners: TrailOwners,
  ) {
    const schema = pgSchema(database.schema);
    this.#trail = schema.table('trail', {
      ownerId: text('owner_id').notNull(),
      height: millis('height').notNull(),
      receiptIndex: integer('receipt_index').notNull(),
      eventIndex: integer('event_index').notNull(),
      account: text('account').$type<Id<'acc'>>().notNull(),
      transactionId: text('transaction_id').$type<Id<'txn'>>(),
      claimId: text('claim_id').$type<Id<'clm'>>(),
      requirementId: text('requirement_id').$type<Id<'req'>>(),
      type: text('type').$type<EventType>().notNull(),
      data: bytea('data').notNull(),
      atMs: millis('at_ms').notNull(),
    });
    this.#proofs = schema.table('trail_proofs', {
      height: millis('height').notNull(),
      receiptIndex: integer('receipt_index').notNull(),
      proof: bytea('proof').notNull(),
    });
  }

  /** Idempotent. @param owners instead of the store's own, to recover what was lost. @returns what the block holds for them */
  async keep(tx: TransactionQueries, block: VerifiedBlock, owners = this.owners): Promise<KeptEntry[]> {
    const events = [...placedEvents(block)].filter((placed) => placed !== null);
    const named = [...new Set(events.flatMap(({ event }) => concernOf(event).accounts))];
    const known = named.length === 0 ? new Map<Id<'acc'>, string>() : await owners(tx, named);
    const kept: KeptEntry[] = [];
    for (const placed of events) {
      const whom = await this.#whom(tx, placed.event, known);
      for (const [ownerId, account] of whom) {
        await this.#insert(tx, ownerId, account, placed);
        kept.push({ ownerId, placed, ...concernOf(placed.event) });
      }
      if (whom.size > 0) await this.#prove(tx, block, placed.receiptIndex);
    }
    return kept;
  }

  /** In the order of the ledger, after a position. */
  async page(ownerId: string, after: TrailPosition | null, limit: number): Promise<TrailEntry[]> {
    return this.#read(and(eq(this.#trail.ownerId, ownerId), after === null ? undefined : this.#beyond(after)), limit);
  }

  /** Entries of some types about some claims. */
  async ofClaims(ownerId: string, claimIds: readonly Id<'clm'>[], types: readonly EventType[]): Promise<TrailEntry[]> {
    if (claimIds.length === 0) return [];
    return this.#read(and(eq(this.#trail.ownerId, ownerId), inArray(this.#trail.claimId, [...claimIds]), inArray(this.#trail.type, [...types])), MAX_ENTRIES);
  }

  /** All entries of some types, in the order of the ledger; at most 10,000. */
  async ofTypes(ownerId: string, types: readonly EventType[]): Promise<TrailEntry[]> {
    return this.#read(and(eq(this.#trail.ownerId, ownerId), inArray(this.#trail.type, [...types])), MAX_ENTRIES);
  }

  /** Owner and account through which it concerns them. */
  async #whom(tx: TransactionQueries, event: AgreementEvent, known: ReadonlyMap<Id<'acc'>, string>): Promise<Map<string, Id<'acc'>>> {
    const { accounts, claimId, requirementId } = concernOf(event);
    const whom = new Map<string, Id<'acc'>>();
    for (const account of accounts) {
      const ownerId = known.get(account);
      if (ownerId !== undefined) whom.set(ownerId, account);
    }
    if (whom.size > 0 || (claimId === null && requirementId === null)) return whom;
    const { ownerId, account } = this.#trail;
    const which = claimId === null ? and(eq(this.#trail.requirementId, requirementId as Id<'req'>), eq(this.#trail.type, 'requirement-released')) : eq(this.#trail.claimId, claimId);
    for (const row of await tx.selectDistinct({ ownerId, account }).from(this.#trail).where(which)) whom.set(row.ownerId, row.account);
    return whom;
  }

  async #insert(tx: TransactionQueries, ownerId: string, account: Id<'acc'>, { event, ...place }: PlacedEvent): Promise<void> {
    const { claimId, requirementId } = concernOf(event);
    await tx.insert(this.#trail).values({ ownerId, account, ...place, claimId, requirementId, type: event.type, data: encodeCanonical(event.data) }).onConflictDoNothing();
  }

  async #prove(tx: TransactionQueries, block: VerifiedBlock, receiptIndex: number): Promise<void> {
    const proof = encodeReceiptProof(block.proveReceipt(receiptIndex));
    await tx.insert(this.#proofs).values({ height: block.height, receiptIndex, proof }).onConflictDoNothing();
  }

  #beyond({ height, receiptIndex, eventIndex }: TrailPosition): SQL | undefined {
    const { height: h, receiptIndex: r, eventIndex: e } = this.#trail;
    return or(gt(h, height), and(eq(h, height), or(gt(r, receiptIndex), and(eq(r, receiptIndex), gt(e, eventIndex)))));
  }

  async #read(where: SQL | undefined, limit: number): Promise<TrailEntry[]> {
    const [t, p] = [this.#trail, this.#proofs];
    const rows = await this.database.queries
      .select({ entry: t, proof: p.proof })
      .from(t)
      .innerJoin(p, and(eq(p.height, t.height), eq(p.receiptIndex, t.receiptIndex)))
      .where(where)
      .orderBy(asc(t.height), asc(t.receiptIndex), asc(t.eventIndex))
      .limit(limit);
    return rows.map(({ entry: { type, data, height, atMs, receiptIndex, eventIndex, transactionId, account, claimId }, proof }) => ({
      height, atMs, receiptIndex, eventIndex, transactionId, account, claimId, proof, event: eventSchema.parse({ type, data: decodeCanonical(data) }),
    }));
  }
}
