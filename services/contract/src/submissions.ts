import { decodeTransaction } from '@medveil/agreements';
import { type Clock, CodedError, type Id } from '@medveil/encoding';
import { accountId } from '@medveil/identity';
import { LEDGER_LIMITS, type LedgerStore, transactionIdOf } from '@medveil/ledger';
import { type MessagePublisher, TRANSACTION_SUBMITTED } from '@medveil/messaging';
import type { EarlyCheck } from './early-check.js';

/** A transaction that is in no block after that is no longer called pending: its author sends it again. */
const PENDING_MS = 20_000;

/** Hands transactions to the replicas, once for each attempt of their authors. */
export class Submissions {
  readonly #pending = new Map<Id<'txn'>, number>();

  constructor(
    private readonly store: Pick<LedgerStore, 'transactions'>,
    private readonly check: EarlyCheck,
    private readonly publisher: MessagePublisher,
    private readonly clock: Clock,
    private readonly maxPending: number,
    /** A transaction that was handed in here stands in a block. */
    private readonly onCommitted: (waitedMs: number) => void = () => undefined,
  ) {}

  /** @throws CodedError `contract/too-large`, `contract/busy`, or the contract's own code of a hopeless transaction */
  async submit(transaction: Uint8Array): Promise<Id<'txn'>> {
    if (transaction.length > LEDGER_LIMITS.transactionBytes) {
      throw new CodedError('contract/too-large', 'the transaction is too large', { bytes: transaction.length, max: LEDGER_LIMITS.transactionBytes });
    }
    const transactionId = transactionIdOf(transaction);
    if (this.isPending(transactionId) || (await this.#isAccepted(transactionId))) return transactionId;
    this.#forgetLost();
    if (this.#pending.size >= this.maxPending) throw new CodedError('contract/busy', 'too many transactions wait for a block; try again later');
    this.check.refuseHopeless(transaction);
    this.#pending.set(transactionId, this.clock());
    try {
      // By sender, so that the bus keeps the order of one account's transactions.
      await this.publisher.publish(TRANSACTION_SUBMITTED, { transaction }, { key: accountId(decodeTransaction(transaction).sender) });
    } catch (error) {
      this.#pending.delete(transactionId);
      throw error;
    }
    return transactionId;
  }

  async #isAccepted(transactionId: Id<'txn'>): Promise<boolean> {
    const [location] = await this.store.transactions([transactionId]);
    return location?.ok === true;
  }

  /** In the order in which they came. */
  #forgetLost(): void {
    for (const [transactionId, sinceMs] of this.#pending) {
      if (this.clock() - sinceMs < PENDING_MS) return;
      this.#pending.delete(transactionId);
    }
  }

  isPending(transactionId: Id<'txn'>): boolean {
    const sinceMs = this.#pending.get(transactionId);
    if (sinceMs === undefined) return false;
    if (this.clock() - sinceMs < PENDING_MS) return true;
    this.#pending.delete(transactionId);
    return false;
  }

  get pending(): number {
    return this.#pending.size;
  }

  committed(transactionIds: readonly Id<'txn'>[]): void {
    for (const id of transactionIds) {
      const sinceMs = this.#pending.get(id);
      if (sinceMs === undefined) continue;
      this.#pending.delete(id);
      this.onCommitted(this.clock() - sinceMs);
    }
  }
}
