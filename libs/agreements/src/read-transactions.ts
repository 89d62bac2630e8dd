import { transactionIdOf } from '@medveil/ledger';
import { decodeTransaction, signingPayload, TRANSACTION_DOMAIN, type Transaction } from './envelope.js';
import type { Verifiers } from './verifiers.js';

export interface ReadTransaction {
  readonly transaction: Transaction;
  /** Whether the signature is the sender's: checked when it is first asked for. */
  readonly isSigned: () => boolean;
}

const MOST_KEPT = 16_384;
const MOST_BYTES = 32 * 1024 * 1024;

/**
 * Transactions as decoded, and whether they are signed: both follow from the bytes alone. A replica meets a transaction when it comes into
 * the pool and when it is executed, often also in between; the last ones met are remembered, so that each is decoded and its
 * signature checked once.
 */
export class ReadTransactions {
  readonly #known = new Map<string, ReadTransaction & { readonly bytes: number }>();
  #bytes = 0;

  constructor(private readonly verifiers: Pick<Verifiers, 'verifySignature'>) {}

  /** @throws Rejection as `decodeTransaction`; what is malformed is not remembered */
  read(bytes: Uint8Array): ReadTransaction {
    const name = transactionIdOf(bytes);
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const transaction = decodeTransaction(bytes);
    let verdict: boolean | undefined;
    const read = { transaction, bytes: bytes.length, isSigned: () => (verdict ??= this.#verify(transaction)) };
    this.#known.set(name, read);
    this.#bytes += bytes.length;
    this.#forget();
    return read;
  }

  #verify({ signature, ...envelope }: Transaction): boolean {
    return this.verifiers.verifySignature(envelope.sender, TRANSACTION_DOMAIN, signingPayload(envelope), signature);
  }

  #forget(): void {
    for (const [name, { bytes }] of this.#known) {
      if (this.#known.size <= MOST_KEPT && this.#bytes <= MOST_BYTES) return;
      this.#known.delete(name);
      this.#bytes -= bytes;
    }
  }
}
