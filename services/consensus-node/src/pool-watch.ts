import type { Clock } from '@medveil/encoding';
import type { AppliedBlock, Ledger } from '@medveil/ledger';
import type { PoolRequest } from '@medveil/pbft';

const MAX_WATCHED = 40_000;
/** Every so many blocks all watched requests are looked at, since a transaction's time may be over. */
const SWEEP_BLOCKS = 32;

/**
 * Remembers what was given to the protocol's pool, and tells after each block which of it can no longer be executed
 * (its nonce is used, its time is over), so that a leader is not suspected for leaving it out.
 */
export class PoolWatch {
  readonly #watched = new Map<string, PoolRequest>();
  #blocksUntilSweep = SWEEP_BLOCKS;

  constructor(
    private readonly ledger: Pick<Ledger, 'checkTransaction'>,
    private readonly clock: Clock,
  ) {}

  watch(requests: readonly PoolRequest[]): void {
    for (const request of requests) {
      if (this.#watched.size >= MAX_WATCHED) this.#forgetOldest();
      this.#watched.set(request.id, request);
    }
  }

  /** @returns the identifiers of requests that are no longer executable */
  afterBlock(applied: AppliedBlock): string[] {
    const senders = new Set<string>();
    for (const id of applied.transactionIds) {
      const sender = this.#watched.get(id)?.sender;
      if (sender !== undefined) senders.add(sender);
      this.#watched.delete(id);
    }
    this.#blocksUntilSweep -= 1;
    const sweep = this.#blocksUntilSweep === 0;
    if (sweep) this.#blocksUntilSweep = SWEEP_BLOCKS;
    const dropped: string[] = [];
    for (const request of this.#watched.values()) {
      if (!sweep && !senders.has(request.sender)) continue;
      if (!this.ledger.checkTransaction(request.bytes, this.clock()).ok) dropped.push(request.id);
    }
    for (const id of dropped) this.#watched.delete(id);
    return dropped;
  }

  #forgetOldest(): void {
    const oldest = this.#watched.keys().next();
    if (oldest.done !== true) this.#watched.delete(oldest.value);
  }
}
