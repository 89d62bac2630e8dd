import type { Id } from '@medveil/encoding';
import { LEDGER_LIMITS } from './limits.js';
import { transactionIdOf } from './receipt.js';
import type { LedgerStore } from './store.js';

/** Room that an encoded block needs beside its transactions, and beside each of them. */
const HEADER_ROOM_BYTES = 1_024;
const TRANSACTION_ROOM_BYTES = 5;

export interface ChosenTransactions {
  readonly transactions: readonly Uint8Array[];
  /** Those that no later block can take either: too large, or accepted already. */
  readonly unusable: readonly Id<'txn'>[];
}

/**
 * Takes transactions in the given order while they fit, leaving out repetitions and what cannot be used.
 * @param maxBytes of the encoded block
 * @param acceptedBefore by blocks that are not in the store yet; should those be dropped, the transactions can be used again
 */
export async function chooseTransactions(
  store: LedgerStore,
  candidates: readonly Uint8Array[],
  maxBytes: number,
  acceptedBefore: ReadonlySet<string>,
): Promise<ChosenTransactions> {
  const ids = candidates.map((transaction) => transactionIdOf(transaction));
  const locations = await store.transactions(ids);
  const seen = new Set<string>();
  const transactions: Uint8Array[] = [];
  const unusable: Id<'txn'>[] = [];
  let roomBytes = Math.min(maxBytes, LEDGER_LIMITS.blockBytes) - HEADER_ROOM_BYTES;
  for (const [index, transaction] of candidates.entries()) {
    const id = ids[index] as Id<'txn'>;
    if (locations[index]?.ok === true || transaction.length > LEDGER_LIMITS.transactionBytes) {
      unusable.push(id);
    } else if (!seen.has(id) && !acceptedBefore.has(id)) {
      roomBytes -= transaction.length + TRANSACTION_ROOM_BYTES;
      if (roomBytes < 0 || transactions.length === LEDGER_LIMITS.transactionsPerBlock) break;
      seen.add(id);
      transactions.push(transaction);
    }
  }
  return { transactions, unusable };
}
