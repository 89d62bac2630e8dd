/** What verified blocks say about this agent's institutions, written down in one transaction for each block. */
import { type EventData, eventSchema, type EventType } from '@medveil/agreements';
import type { VerifiedBlock } from '@medveil/client';
import type { TransactionQueries } from '@medveil/database';
import { encodeCanonical, type Id } from '@medveil/encoding';
import type { TrailStore } from '@medveil/host';
import type { ResearchContext } from '../context.js';
import { PUBLISH_EVIDENCE } from '../deliveries/evidence.js';
import { RECEIVE } from '../deliveries/receive.js';
import type { DeliveryStore } from '../deliveries/delivery-store.js';
import type { InstitutionStore } from '../institutions/institution-store.js';
import type { RequirementStore } from '../requirements/requirement-store.js';
import type { DeliveryStatus } from '../tables.js';
import type { Webhooks } from '../webhooks/webhooks.js';

export interface LedgerEventsParts {
  readonly context: ResearchContext;
  readonly institutions: InstitutionStore;
  readonly requirements: RequirementStore;
  readonly deliveries: DeliveryStore;
  readonly trail: TrailStore;
  readonly webhooks: Webhooks;
}

const UNDER_WAY: readonly DeliveryStatus[] = ['accepted', 'delivered', 'verified', 'failed', 'disputed'];

/** @returns what the follower calls for each block, at least once: everything here may happen twice */
export function ledgerEventHandler(parts: LedgerEventsParts): (block: VerifiedBlock) => Promise<void> {
  const { context } = parts;
  return async (block) => {
    const events = block.receipts.filter(({ ok }) => ok).flatMap((receipt) => receipt.events).flatMap((event) => {
      const parsed = eventSchema.safeParse(event);
      return parsed.success ? [parsed.data] : [];
    });
    if (events.length === 0) return;
    await context.database.transaction(async (tx) => {
      for (const event of events) await apply({ ...parts, tx, timeMs: block.timeMs }, event);
      await parts.webhooks.announce(tx, await parts.trail.keep(tx, block));
    });
    context.jobs.notify();
    context.changes.happened();
  };
}

interface BlockParts extends LedgerEventsParts {
  readonly tx: TransactionQueries;
  readonly timeMs: number;
}

type Handlers = { readonly [Type in EventType]?: (parts: BlockParts, data: EventData<Type>) => Promise<void> };

/** Events that are not here say nothing about an institution's own. */
const HANDLERS: Handlers = {
  'member-pinned': (parts, { account }) => setStatus(parts, account, 'pinned'),
  'member-unpinned': (parts, { account }) => setStatus(parts, account, 'unpinned'),
  'requirement-closed': ({ requirements, tx, timeMs }, { requirementId, how }) => requirements.updateOpen(tx, requirementId, { status: how, updatedAtMs: timeMs }),
  'claim-accepted': accepted,
  'delivery-recorded': delivered,
  disputed,
  settled: ({ deliveries, tx, timeMs }, { claimId, paid, fee }) => deliveries.move(tx, claimId, UNDER_WAY, { status: 'settled', paid, fee, updatedAtMs: timeMs }).then(() => undefined),
  refunded: (parts, { claimId }) => move(parts, claimId, UNDER_WAY, 'refunded'),
  // The refund's own event comes with these, and says less.
  'claim-lapsed': (parts, { claimId }) => move(parts, claimId, [...UNDER_WAY, 'refunded'], 'lapsed'),
  'claim-withdrawn': (parts, { claimId }) => move(parts, claimId, [...UNDER_WAY, 'refunded'], 'withdrawn'),
};

async function apply<Type extends EventType>(parts: BlockParts, { type, data }: { readonly type: Type; readonly data: EventData<Type> }): Promise<void> {
  await HANDLERS[type]?.(parts, data);
}

async function move({ deliveries, tx, timeMs }: BlockParts, claimId: Id<'clm'>, from: readonly DeliveryStatus[], status: DeliveryStatus): Promise<void> {
  await deliveries.move(tx, claimId, from, { status, updatedAtMs: timeMs });
}

async function setStatus({ institutions, tx }: BlockParts, account: Id<'acc'>, status: 'pinned' | 'unpinned'): Promise<void> {
  const own = (await institutions.byAccount(tx, [account])).get(account);
  if (own !== undefined) await institutions.update(tx, own, { status });
}

async function accepted({ institutions, deliveries, tx, timeMs }: BlockParts, data: EventData<'claim-accepted'>): Promise<void> {
  const institutionId = (await institutions.byAccount(tx, [data.institution])).get(data.institution);
  if (institutionId === undefined) return;
  const { claimId, requirementId, recordId, record } = data;
  await deliveries.insert(tx, {
    claimId, institutionId, requirementId, recordId, record, status: 'accepted', transformed: null, deliveredAtMs: null, settleByMs: null, checks: [], parts: [], code: null,
    disputeCode: null, evidenceKey: null, acceptedAtMs: timeMs, updatedAtMs: timeMs, verifiedAtMs: null, paid: null, fee: null,
  });
}

async function disputed(parts: BlockParts, { claimId }: EventData<'disputed'>): Promise<void> {
  const own = await parts.deliveries.move(parts.tx, claimId, ['delivered', 'verified', 'failed'], { status: 'disputed', updatedAtMs: parts.timeMs });
  if (own) await parts.context.jobs.enqueue(parts.tx, PUBLISH_EVIDENCE, { key: claimId, payload: { claimId } });
}

async function delivered({ context, deliveries, tx, timeMs }: BlockParts, data: EventData<'delivery-recorded'>): Promise<void> {
  const { claimId, parts, settleByMs } = data;
  const change = { status: 'delivered', transformed: encodeCanonical(parts), deliveredAtMs: timeMs, settleByMs, updatedAtMs: timeMs } as const;
  if (await deliveries.move(tx, claimId, ['accepted'], change)) await context.jobs.enqueue(tx, RECEIVE, { key: claimId, payload: { claimId } });
}
