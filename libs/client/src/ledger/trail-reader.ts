import { type AgreementEvent, concernOf, eventSchema } from '@medveil/agreements';
import type { Id } from '@medveil/encoding';
import type { VerifiedBlock } from './verified-block.js';

/** An event with its place on the ledger; `VerifiedBlock.proveReceipt(receiptIndex)` proves it. */
export interface PlacedEvent {
  readonly height: number;
  readonly atMs: number;
  /** -1 for the block's own receipt */
  readonly receiptIndex: number;
  readonly eventIndex: number;
  readonly transactionId: Id<'txn'> | null;
  readonly event: AgreementEvent;
}

/** The events of a block's accepted transactions and of the block itself, in order; null for one that this program does not know. */
export function* placedEvents(block: VerifiedBlock): IterableIterator<PlacedEvent | null> {
  const { height, timeMs: atMs } = block;
  for (const receipt of block.receipts) {
    if (!receipt.ok) continue;
    for (const [eventIndex, { type, data }] of receipt.events.entries()) {
      const parsed = eventSchema.safeParse({ type, data });
      yield parsed.success ? { height, atMs, receiptIndex: receipt.index, eventIndex, transactionId: receipt.transactionId, event: parsed.data } : null;
    }
  }
}

/**
 * Picks out of the whole chain what concerns some accounts: events that name one of them, and those of their claims and
 * requirements. Whoever has the accounts (`openView` of @medveil/identity) needs nothing else but the blocks.
 */
export class TrailReader {
  readonly #own: ReadonlySet<string>;
  readonly #through = new Set<string>();

  constructor(accounts: Iterable<Id<'acc'>>) {
    this.#own = new Set(accounts);
  }

  /** Blocks in order, from the first. */
  read(block: VerifiedBlock): PlacedEvent[] {
    return [...placedEvents(block)].filter((placed): placed is PlacedEvent => placed !== null && this.#concerns(placed.event));
  }

  #concerns(event: AgreementEvent): boolean {
    const { accounts, claimId, requirementId } = concernOf(event);
    if (accounts.some((account) => this.#own.has(account))) {
      if (claimId !== null) this.#through.add(claimId);
      else if (requirementId !== null) this.#through.add(requirementId);
      return true;
    }
    return claimId === null ? requirementId !== null && this.#through.has(requirementId) : this.#through.has(claimId);
  }
}
