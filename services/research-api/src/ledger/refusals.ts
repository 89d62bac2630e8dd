import { isAway as isServiceAway, isEarlyRefusal, LedgerRejection } from '@medveil/client';
import { isCodedError } from '@medveil/encoding';

/** The ledger's own word on a transaction, or the front's beforehand; undefined where it is neither, or only came at a wrong moment. */
export function refusalOf(error: unknown): { readonly code: string; readonly reason: string } | undefined {
  if (!(error instanceof LedgerRejection) && !isEarlyRefusal(error)) return undefined;
  // Another transaction of the account was on its way, perhaps the same one before a restart: the next attempt sees.
  if (error.code === 'agreements/wrong-nonce' || error.code === 'agreements/expired-transaction') return undefined;
  return { code: error.code, reason: error.message };
}

/** Whether the ledger's front is away or late: to be tried again, as often as it takes. */
export const isAway = (error: unknown): boolean => isServiceAway(error) || (isCodedError(error) && error.code === 'research-api/not-connected');
