import type { contractApi } from '@medveil/client';
import { toWire } from '@medveil/client';
import { type Clock, CodedError, type Id, isCodedError, toBase64Url, toHex } from '@medveil/encoding';
import { encodeReceiptProof, encodeReplicaSetChange, encodeStateProof, type Ledger } from '@medveil/ledger';
import { HeadSignal } from './head-signal.js';

/** Bytes of blocks and receipts in one answer, at the most (one block is always given). */
const MAX_ANSWER_BYTES = 8 * 1024 * 1024;
const MAX_CHANGES = 50;

/**
 * Answers questions about one ledger in the form of the public API: everything with what is needed to check it, so that
 * whoever asks need not believe the node that answers.
 */
export class LedgerReader {
  constructor(
    readonly ledger: Ledger,
    private readonly clock: Clock,
    readonly signal = new HeadSignal(),
  ) {}

  /** Ends all waits: part of shutdown. */
  stop(): void {
    this.signal.stop();
  }

  genesis(): { genesis: string; genesisHash: string } {
    const { bytes, hash } = this.ledger.genesis;
    return { genesis: toBase64Url(bytes), genesisHash: toHex(hash) };
  }

  /** Certified blocks from a height on; waits until the chain has reached `reach`, at most `waitMs`. */
  async blocks(query: { from: number; limit: number; reach: number; waitMs: number }): Promise<contractApi.CertifiedBlocks> {
    await this.#until(() => this.#height() >= query.reach, query.waitMs);
    const items: contractApi.CertifiedBlocks['items'] = [];
    let bytes = 0;
    const last = Math.min(query.from + query.limit - 1, this.#height());
    for (let height = query.from; height <= last; height += 1) {
      const stored = await this.ledger.store.block(height);
      if (stored?.certificate == null) break;
      const item = toWire({ block: stored.block, certificate: stored.certificate, receipts: stored.receipts });
      bytes += item.block.length + item.receipts.length;
      if (bytes > MAX_ANSWER_BYTES && items.length > 0) break;
      items.push(item);
    }
    return { items, height: this.#height() };
  }

  /** One certified block, by its height or its hash. @throws CodedError `ledger/not-found`; genesis has no certificate and is read as such */
  async block(place: number | Uint8Array): Promise<contractApi.CertifiedBlocks['items'][number]> {
    const height = typeof place === 'number' ? place : await this.ledger.store.heightOf(place);
    const stored = height === undefined ? undefined : await this.ledger.store.block(height);
    if (stored?.certificate == null) throw new CodedError('ledger/not-found', 'there is no such certified block here', height === undefined ? {} : { height });
    return toWire({ block: stored.block, certificate: stored.certificate, receipts: stored.receipts });
  }

  /** Where a transaction stands; waits until it can be proved, at most `waitMs`. */
  async transaction(transactionId: Id<'txn'>, waitMs: number, isPending: (id: Id<'txn'>) => boolean): Promise<contractApi.TransactionStatus> {
    let status = await this.#transactionNow(transactionId, isPending);
    await this.#until(async () => {
      status = await this.#transactionNow(transactionId, isPending);
      return status.receiptProof !== null;
    }, waitMs);
    return status;
  }

  /** The state entry under `key`, or its absence, as of the last state that a certified header proves. */
  async state(key: string): Promise<{ proof: string }> {
    return { proof: toBase64Url(encodeStateProof(await this.ledger.proofs.state(key))) };
  }

  /** Changes of the replica set by headers above a height, oldest first. */
  async replicaSetChanges(after: number): Promise<{ items: string[] }> {
    const changes = await this.ledger.proofs.replicaSetChanges(after);
    return { items: changes.slice(0, MAX_CHANGES).map((change) => toBase64Url(encodeReplicaSetChange(change))) };
  }

  async #transactionNow(transactionId: Id<'txn'>, isPending: (id: Id<'txn'>) => boolean): Promise<contractApi.TransactionStatus> {
    const [location] = await this.ledger.store.transactions([transactionId]);
    if (location === undefined) {
      return { transactionId, status: isPending(transactionId) ? 'pending' : 'unknown', height: null, transaction: null, receiptProof: null };
    }
    const stored = await this.ledger.store.block(location.height);
    const transaction = stored?.block.transactions[location.index];
    return {
      transactionId,
      status: 'committed',
      height: location.height,
      transaction: transaction === undefined ? null : toBase64Url(transaction),
      receiptProof: await this.#receiptProof(transactionId),
    };
  }

  /** Null as long as the block after it, which proves the receipt, is not there. */
  async #receiptProof(transactionId: Id<'txn'>): Promise<string | null> {
    try {
      return toBase64Url(encodeReceiptProof(await this.ledger.proofs.receipt(transactionId)));
    } catch (error) {
      if (isCodedError(error) && error.code === 'ledger/not-proven-yet') return null;
      throw error;
    }
  }

  async #until(done: () => boolean | Promise<boolean>, waitMs: number): Promise<void> {
    const deadlineMs = this.clock() + waitMs;
    while (!(await done())) {
      const leftMs = deadlineMs - this.clock();
      if (leftMs <= 0 || !(await this.signal.next(leftMs))) return;
    }
  }

  #height(): number {
    return this.ledger.head.header.height;
  }
}
