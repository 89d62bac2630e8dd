import type { AgreementEvent, EventData } from '@medveil/agreements';
import type { TransactionQueries } from '@medveil/database';
import type { Clock, Id } from '@medveil/encoding';
import { eq } from 'drizzle-orm';
import { type ExchangeChange, moveTo } from '../exchanges/exchange-store.js';
import type { Phase } from '../exchanges/phases.js';
import { exchanges, type ExchangeRow, members } from '../tables.js';

/**
 * What the ledger says of this agent's own claims. All blocks are followed, so that nobody learns which claims these are.
 * @returns the exchange that the event is about
 */
export async function applyExchangeEvent(tx: TransactionQueries, clock: Clock, event: AgreementEvent): Promise<Id<'exc'> | null> {
  const claimId = 'claimId' in event.data ? event.data.claimId : null;
  if (claimId === null) return null;
  const [exchange] = await tx.select().from(exchanges).where(eq(exchanges.claimId, claimId)).for('update');
  if (exchange === undefined) return null;
  await apply(tx, clock, exchange, event);
  return exchange.exchangeId;
}

async function apply(tx: TransactionQueries, clock: Clock, exchange: ExchangeRow, event: AgreementEvent): Promise<void> {
  const change = changeBy(event, exchange);
  if (change !== null) await moveTo(tx, clock, exchange, change.phase, change);
  else if (event.type === 'claim-accepted') await accepted(tx, clock, exchange, event.data);
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

/** The institution's key as it is pinned at this block: the one that the claim is accepted for. */
async function accepted(tx: TransactionQueries, clock: Clock, exchange: ExchangeRow, { institution, deliverByMs }: EventData<'claim-accepted'>): Promise<void> {
  const [member] = await tx.select().from(members).where(eq(members.account, institution));
  await moveTo(tx, clock, exchange, 'claimed', { deliverByMs, delegateeKey: member?.delegateeKey ?? null });
}

const SETTLED: Readonly<Record<EventData<'settled'>['how'], string>> = {
  confirmed: 'confirmed by the institution',
  silence: 'the institution did not object in time',
  ruled: 'the auditors ruled for the patient',
  unruled: 'the auditors did not rule in time',
};
