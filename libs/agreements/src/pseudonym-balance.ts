import type { AgreementEvent, EventType } from './events.js';
import type { AccountId } from './vocabulary.js';

/**
 * What the account of a patient's pseudonym holds, by the events that concern it: whoever has followed the ledger need not ask
 * for the account's state, which would tell that it is theirs.
 * @param events in the order of the ledger, from the account's first; those that concern others are left out
 */
export function pseudonymBalance(account: AccountId, events: Iterable<AgreementEvent>): number {
  /** What each dispute's loser stands to lose. */
  const bonds = new Map<string, number>();
  let balance = 0;
  for (const event of events) {
    if (event.type === 'disputed') bonds.set(event.data.claimId, event.data.bond);
    else if (event.type === 'settled' && event.data.patient === account) {
      balance += event.data.paid + (event.data.how === 'ruled' ? (bonds.get(event.data.claimId) ?? 0) : 0);
    } else if ('account' in event.data && event.data.account === account) balance += gained(event);
  }
  return balance;
}

const GAINED: ReadonlySet<EventType> = new Set(['credits-minted', 'voucher-request-lapsed', 'vouchers-spent']);
const GIVEN_UP: ReadonlySet<EventType> = new Set(['credits-redeemed', 'vouchers-requested']);

function gained({ type, data }: AgreementEvent): number {
  if (!('amount' in data)) return 0;
  return (GAINED.has(type) ? data.amount : 0) - (GIVEN_UP.has(type) ? data.amount : 0);
}
