import type { AgreementEvent, EventData } from '@medveil/agreements';
import type { Jobs, TransactionQueries } from '@medveil/database';
import type { Clock, Id } from '@medveil/encoding';
import { eq } from 'drizzle-orm';
import { type ExchangeChange, moveTo } from '../exchanges/exchange-store.js';
import { EXCHANGE } from '../exchanges/job.js';
import { isOwnVerdict, overrules, type Phase } from '../exchanges/phases.js';
import { exchanges, type ExchangeRow, members } from '../tables.js';

/** What an event needs besides itself. */
export interface EventContext {
  readonly tx: TransactionQueries;
  readonly clock: Clock;
  readonly jobs: Pick<Jobs, 'enqueue'>;
}

/**
 * What the ledger says of this agent's own claims. All blocks are followed, so that nobody learns which claims these are.
 * @returns the exchange that the event is about
 */
export async function applyExchangeEvent(context: EventContext, event: AgreementEvent): Promise<Id<'exc'> | null> {
  const claimId = 'claimId' in event.data ? event.data.claimId : null;
  if (claimId === null) return null;
  const [exchange] = await context.tx.select().from(exchanges).where(eq(exchanges.claimId, claimId)).for('update');
  if (exchange === undefined) return null;
  await apply(context, exchange, event);
  return exchange.exchangeId;
}

async function apply(context: EventContext, exchange: ExchangeRow, event: AgreementEvent): Promise<void> {
  const { tx, clock } = context;
  const change = changeBy(event, exchange);
  if (change !== null) await moveTo(tx, clock, exchange, change.phase, { ...NO_VERDICT, ...change }, overrules);
  else if (event.type === 'claim-accepted') await accepted(context, exchange, event.data);
  else if (event.type === 'grant-revoked') {
    await tx.update(exchanges).set({ revokedAtMs: clock(), updatedAtMs: clock() }).where(eq(exchanges.exchangeId, exchange.exchangeId));
  }
}

type Change = { readonly phase: Phase } & Pick<ExchangeChange, 'paid' | 'reason' | 'retryable'>;

/** Events that only move the exchange on. */
function changeBy(event: AgreementEvent, exchange: ExchangeRow): Change | null {
  if (event.type === 'delivery-recorded') return { phase: 'delivered' };
  if (event.type === 'disputed') return { phase: 'disputed' };
  if (event.type === 'settled') return { phase: 'settled', paid: event.data.paid, reason: SETTLED[event.data.how] };
  if (event.type === 'claim-lapsed') return { phase: 'lapsed', retryable: event.data.retryable, reason: 'nothing was delivered in time' };
  if (event.type === 'claim-withdrawn') return { phase: 'withdrawn', retryable: event.data.retryable, reason: 'withdrawn before the delivery' };
  // Lapsed and withdrawn claims are refunded too; only a dispute ends with it.
  if (event.type === 'refunded' && exchange.phase === 'disputed') return { phase: 'refunded', retryable: false, reason: 'the auditors ruled that the hold goes back' };
  return null;
}

const NO_VERDICT = { code: null, reason: null } satisfies ExchangeChange;

/** The institution's key as it is pinned at this block: the one that the claim is accepted for. */
async function accepted({ tx, clock, jobs }: EventContext, exchange: ExchangeRow, { institution, deliverByMs, claimId }: EventData<'claim-accepted'>): Promise<void> {
  const [member] = await tx.select().from(members).where(eq(members.account, institution));
  await moveTo(tx, clock, exchange, 'claimed', { ...NO_VERDICT, deliverByMs, delegateeKey: member?.delegateeKey ?? null }, overrules);
  // The job ended with the exchange's own verdict: another one goes on.
  const { exchangeId, phase } = exchange;
  if (isOwnVerdict(phase)) await jobs.enqueue(tx, EXCHANGE, { key: `${exchangeId}/${claimId}`, payload: { exchangeId } });
}

const SETTLED: Readonly<Record<EventData<'settled'>['how'], string>> = {
  confirmed: 'confirmed by the institution',
  silence: 'the institution did not object in time',
  ruled: 'the auditors ruled for the patient',
  unruled: 'the auditors did not rule in time',
};
