import { type AgreementEvent, type EventData, memberTable, membersTable } from '@medveil/agreements';
import { type CborValue, encodeCanonical, fromBase64Url, type Id } from '@medveil/encoding';
import { type CursorStore, placedEvents, type VerifiedBlock } from '@medveil/client';
import type { Jobs, TransactionQueries } from '@medveil/database';
import { LedgerCursor, type TrailStore } from '@medveil/host';
import { loadGenesis } from '@medveil/ledger';
import { eq, sql } from 'drizzle-orm';
import type { AgentContext } from '../agent.js';
import type { Changes } from '../exchanges/changes.js';
import { members, requirements } from '../tables.js';
import { applyVoucherEvent, keepGenesisVoucherKeys } from '../vouchers/voucher-events.js';
import { applyExchangeEvent } from './exchange-events.js';

/**
 * What this agent has read out of the verified blocks: open requirements, pinned members, its own claims and vouchers. A block's effects and
 * the cursor are one transaction, so that each counts once.
 */
export class LedgerView {
  readonly #cursor: LedgerCursor;

  constructor(
    private readonly context: AgentContext,
    private readonly changes: Changes,
    private readonly jobs: Pick<Jobs, 'enqueue' | 'notify'>,
    private readonly trail: TrailStore,
    private readonly onRequirement: () => void,
  ) {
    this.#cursor = new LedgerCursor(context.database);
  }

  /** For the follower: `handle` has moved it already. */
  readonly cursor: CursorStore = { load: () => this.#cursor.load(), save: async () => undefined };

  get chainId(): string {
    return this.context.chainId;
  }

  /** Members pinned from the start stand in the genesis document, which this agent pins. */
  async begin(): Promise<void> {
    const { network, database } = this.context;
    const entries = new Map<string, CborValue>(loadGenesis(fromBase64Url(network.genesis)).document.state.map(({ key, value }) => [key, value]));
    const state = { get: (key: string) => entries.get(key) };
    await keepGenesisVoucherKeys(database.queries, state);
    for (const role of ['institution', 'proxy'] as const) {
      for (const account of membersTable.read(state, role) ?? []) {
        const entry = memberTable.read(state, account);
        if (entry === null) continue;
        const { delegateeKey, sealKey } = entry;
        await database.queries.insert(members).values({ account, role, delegateeKey, sealKey }).onConflictDoNothing();
      }
    }
  }

  async handle(block: VerifiedBlock): Promise<void> {
    const { database, log } = this.context;
    const touched = new Set<Id<'exc'>>();
    let hasNewRequirement = false;
    let hasVouchersToSeeTo = false;
    await database.transaction(async (tx) => {
      const at = await this.#cursor.load(tx, true);
      if (at !== null && at.height >= block.height) return;
      await this.trail.keep(tx, block);
      for (const placed of placedEvents(block)) {
        if (placed === null) {
          log.warn('event-not-understood', { height: block.height });
          continue;
        }
        const { event } = placed;
        hasNewRequirement ||= event.type === 'requirement-released';
        await this.#apply(tx, event);
        const exchangeId = await applyExchangeEvent({ tx, clock: this.context.clock, jobs: this.jobs }, event);
        if (exchangeId !== null) touched.add(exchangeId);
        if (await applyVoucherEvent({ tx, context: this.context, jobs: this.jobs }, event)) hasVouchersToSeeTo = true;
      }
      await this.#cursor.save(block, tx);
    });
    for (const exchangeId of touched) this.changes.notify(exchangeId);
    if (touched.size > 0 || hasVouchersToSeeTo) this.jobs.notify();
    if (hasNewRequirement) this.onRequirement();
  }

  async #apply(tx: TransactionQueries, event: AgreementEvent): Promise<void> {
    if (event.type === 'requirement-released') return released(tx, event.data);
    if (event.type === 'claim-accepted') return this.#count(tx, event.data.requirementId, 1);
    if (event.type === 'refunded') return this.#count(tx, event.data.requirementId, -1);
    if (event.type === 'member-pinned') return pinned(tx, event.data);
    if (event.type === 'requirement-closed') {
      await tx.update(requirements).set({ status: event.data.how }).where(eq(requirements.requirementId, event.data.requirementId));
    } else if (event.type === 'member-unpinned') {
      await tx.delete(members).where(eq(members.account, event.data.account));
    }
  }

  /** A place that came to nothing is refunded, and free again. */
  async #count(tx: TransactionQueries, requirementId: Id<'req'>, change: 1 | -1): Promise<void> {
    await tx.update(requirements).set({ taken: sql`${requirements.taken} + ${change}` }).where(eq(requirements.requirementId, requirementId));
  }
}

async function released(tx: TransactionQueries, { requirementId, institution, terms, domains }: EventData<'requirement-released'>): Promise<void> {
  await tx.insert(requirements).values({ requirementId, institution, terms: encodeCanonical(terms), domains, status: 'open' }).onConflictDoNothing();
}

async function pinned(tx: TransactionQueries, { account, member }: EventData<'member-pinned'>): Promise<void> {
  const delegateeKey = member.role === 'institution' ? member.delegateeKey : null;
  const row = { account, role: member.role, delegateeKey, sealKey: 'sealKey' in member ? member.sealKey : null };
  await tx.insert(members).values(row).onConflictDoUpdate({ target: members.account, set: row });
}
