/** What verified blocks say about disputes, written down in one transaction for each block. */
import { type EventData, eventSchema, type EventType } from '@medveil/agreements';
import type { VerifiedBlock } from '@medveil/client';
import type { TransactionQueries } from '@medveil/database';
import type { Id } from '@medveil/encoding';
import type { AuditorContext } from './context.js';
import type { CertificateStore } from './openings/certificate-store.js';
import { EXAMINE } from './disputes/examine.js';

interface BlockParts {
  readonly context: AuditorContext;
  readonly tx: TransactionQueries;
  readonly timeMs: number;
}

type Handlers = { readonly [Type in EventType]?: (parts: BlockParts, data: EventData<Type>) => Promise<void> };

const HANDLERS: Handlers = {
  disputed,
  'ruling-voted': async ({ context, tx, timeMs }, { claimId, auditor }) => {
    if (auditor === context.accountId) await context.disputes.move(tx, claimId, ['open', 'found', 'abstains'], { status: 'voted', code: null, updatedAtMs: timeMs });
  },
  ruled: (parts, { claimId, outcome }) => end(parts, claimId, { ruled: outcome }),
  settled: async (parts, { claimId, how }) => {
    if (how === 'unruled') await end(parts, claimId, {});
  },
};

/** @returns what the follower calls for each block, at least once: everything here may happen twice */
export function ledgerEventHandler(context: () => AuditorContext, certificates: CertificateStore): (block: VerifiedBlock) => Promise<void> {
  return async ({ transactions, receipts, timeMs }) => {
    await certificates.keep(context().database.queries, { transactions, receipts });
    const events = receipts.filter(({ ok }) => ok).flatMap((receipt) => receipt.events).flatMap((event) => {
      const parsed = eventSchema.safeParse(event);
      return parsed.success && HANDLERS[parsed.data.type] !== undefined ? [parsed.data] : [];
    });
    if (events.length === 0) return;
    await context().database.transaction(async (tx) => {
      for (const event of events) await apply({ context: context(), tx, timeMs }, event);
    });
    context().jobs.notify();
  };
}

async function apply<Type extends EventType>(parts: BlockParts, { type, data }: { readonly type: Type; readonly data: EventData<Type> }): Promise<void> {
  await HANDLERS[type]?.(parts, data);
}

async function disputed({ context, tx, timeMs }: BlockParts, { claimId, requirementId, institution, ruleByMs }: EventData<'disputed'>): Promise<void> {
  await context.disputes.insert(tx, {
    claimId, requirementId, institution, status: 'open', openedAtMs: timeMs, ruleByMs, outcome: null, reason: null, part: null, checks: [], code: null, approvedAtMs: null, ruled: null,
    updatedAtMs: timeMs,
  });
  await context.jobs.enqueue(tx, EXAMINE, { key: claimId, payload: { claimId } });
}

async function end({ context, tx, timeMs }: BlockParts, claimId: Id<'clm'>, change: { readonly ruled?: EventData<'ruled'>['outcome'] }): Promise<void> {
  await context.disputes.move(tx, claimId, ['open', 'found', 'voted', 'abstains'], { status: 'ended', code: null, updatedAtMs: timeMs, ...change });
}
