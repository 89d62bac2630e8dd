import { decodeTransaction } from '@medveil/agreements';
import type { Clock } from '@medveil/encoding';
import { accountId } from '@medveil/identity';
import type { Ledger } from '@medveil/ledger';
import type { PoolRequest } from '@medveil/pbft';

const MAX_WATCHED = 40_000;

/**
 * Remembers what was given to the protocol's pool, and tells which of it can no longer be executed (its nonce is used, its
 * time is over), so that a leader is not suspected for leaving it out.
 */
export class PoolWatch {
  readonly #watched = new Map<string, Watched>();

  constructor(
    private readonly ledger: Pick<Ledger, 'checkTransaction'>,
    private readonly clock: Clock,
  ) {}

  /** @param nonces of the requests, in their order */
  watch(requests: readonly PoolRequest[], nonces: readonly number[]): void {
    for (const [index, request] of requests.entries()) {
      if (this.#watched.size >= MAX_WATCHED) this.#forgetOldest();
      this.#watched.set(request.id, { request, nonce: nonces[index] ?? 0 });
    }
  }

  /** They are not in the pool after all. */
  forget(ids: readonly string[]): void {
    for (const id of ids) this.#watched.delete(id);
  }

  /**
   * The same requests, each account's by its nonces: they may have come in another order, and a transaction whose turn it is
   * not is refused for good.
   */
  inTurn(requests: readonly PoolRequest[]): PoolRequest[] {
    const lines = new Map<string, PoolRequest[]>();
    for (const request of requests) {
      const line = lines.get(request.sender);
      if (line === undefined) lines.set(request.sender, [request]);
      else line.push(request);
    }
    const sorted = new Map([...lines].map(([sender, line]) => [sender, (line.length === 1 ? line : this.#byNonce(line)).values()]));
    return requests.map((request) => sorted.get(request.sender)?.next().value ?? request);
  }

  #byNonce(line: readonly PoolRequest[]): PoolRequest[] {
    return line.toSorted((a, b) => this.#nonceOf(a) - this.#nonceOf(b));
  }

  #nonceOf({ id }: PoolRequest): number {
    return this.#watched.get(id)?.nonce ?? 0;
  }

  /**
   * @param transactions of the block, as their identifiers stand: their senders' nonces have moved, whoever brought them
   * @returns the identifiers of watched requests that are no longer executable
   */
  afterBlock(transactionIds: readonly string[], transactions: readonly Uint8Array[]): string[] {
    const lastNonces = new Map<string | null, number>();
    for (const [index, transaction] of transactions.entries()) {
      const id = transactionIds[index] ?? '';
      const watched = this.#watched.get(id);
      const { sender, nonce } = watched === undefined ? readSender(transaction) : { sender: watched.request.sender, nonce: watched.nonce };
      lastNonces.set(sender, Math.max(nonce, lastNonces.get(sender) ?? 0));
      this.#watched.delete(id);
    }
    // Those that come after what the block holds are looked at by the next sweep.
    return this.#dropped(({ request, nonce }) => nonce <= (lastNonces.get(request.sender) ?? -1));
  }

  /** Looks at all of them, since a transaction's time may be over. */
  sweep(): string[] {
    return this.#dropped(() => true);
  }

  #dropped(isConcerned: (watched: Watched) => boolean): string[] {
    const dropped: string[] = [];
    for (const watched of this.#watched.values()) {
      const { request } = watched;
      if (isConcerned(watched) && !this.ledger.checkTransaction(request.bytes, this.clock()).ok) dropped.push(request.id);
    }
    this.forget(dropped);
    return dropped;
  }

  #forgetOldest(): void {
    const oldest = this.#watched.keys().next();
    if (oldest.done !== true) this.#watched.delete(oldest.value);
  }
}

interface Watched {
  readonly request: PoolRequest;
  readonly nonce: number;
}

/** What is no transaction has no sender: it may be in a block all the same, and was rejected. */
function readSender(transaction: Uint8Array): { sender: string | null; nonce: number } {
  try {
    const { sender, nonce } = decodeTransaction(transaction);
    return { sender: accountId(sender), nonce };
  } catch {
    return { sender: null, nonce: 0 };
  }
}
