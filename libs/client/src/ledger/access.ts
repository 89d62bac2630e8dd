import { type Body, buildTransaction, stateKeys, accountTable } from '@medveil/agreements';
import { type CborValue, type Clock, CodedError, fromBase64Url, type Id, toBase64Url } from '@medveil/encoding';
import { accountId, type SigningKeyPair } from '@medveil/identity';
import { decodeReceiptProof, decodeStateProof, type Receipt } from '@medveil/ledger';
import type { ContractClient } from '../clients.js';
import { ApiError } from '../errors.js';
import { clientError, delay } from '../http.js';
import type { LedgerFollower } from './follower.js';

/** A signed transaction, kept by its author until its receipt is there: it is sent again byte for byte. */
export interface PreparedTransaction {
  readonly transactionId: Id<'txn'>;
  readonly bytes: Uint8Array;
  readonly validUntilMs: number;
}

export interface TransactionAuthor {
  readonly account: SigningKeyPair;
  /** the T-Cert, with an account's first transaction */
  readonly certificate?: Uint8Array | null;
}

/** The ledger refused a transaction; `code` stands in a receipt that a certified header proves. */
export class LedgerRejection extends CodedError {
  constructor(readonly receipt: Receipt) {
    super(receipt.code ?? 'client/rejected', receipt.reason ?? 'rejected', { height: receipt.height });
    this.name = 'LedgerRejection';
  }
}

const TRANSACTION_LIFETIME_MS = 10 * 60_000;
const RESEND_AFTER_MS = 5_000;
const POLL_MS = 4_000;

/** Submits transactions and reads state through a front that is not believed: receipts and state entries come with proofs. */
export class LedgerAccess {
  readonly #queues = new Map<string, Promise<unknown>>();

  constructor(
    private readonly follower: LedgerFollower,
    private readonly contract: ContractClient,
    private readonly clock: Clock,
  ) {}

  /** The value under `key` of libs/agreements' `stateKeys`, or undefined: absent. Not older than what was followed. */
  async readState(key: string): Promise<CborValue | undefined> {
    const { proof } = await this.contract.state(key);
    const bundle = decodeStateProof(fromBase64Url(proof));
    if (bundle.key !== key) throw clientError('client/unverified', 'a proof of another key', { key });
    return this.follower.lightClient.verifyState(bundle, { notBelowHeight: this.follower.height }).value;
  }

  /** The nonce that the account's next transaction has to carry. */
  async nonceOf(account: string): Promise<number> {
    const value = await this.readState(stateKeys.account(account));
    return value === undefined ? 0 : accountTable.decode(value).nonce;
  }

  prepare(author: TransactionAuthor, nonce: number, body: Body): PreparedTransaction {
    const validUntilMs = this.clock() + TRANSACTION_LIFETIME_MS;
    const { transactionId, bytes } = buildTransaction({
      chainId: this.follower.chainId,
      account: author.account,
      certificate: author.certificate ?? null,
      nonce,
      validUntilMs,
      body,
    });
    return { transactionId, bytes, validUntilMs };
  }

  /**
   * Hands the transaction in, again if need be, until a verified receipt is there.
   * @param contract the front under another credential, for example the pseudonym's own
   * @throws LedgerRejection with the ledger's code; CodedError `client/gave-up` once it can no longer be accepted
   */
  async submit(transaction: PreparedTransaction, contract = this.contract, signal?: AbortSignal): Promise<Receipt> {
    const encoded = toBase64Url(transaction.bytes);
    let sentAtMs = Number.NEGATIVE_INFINITY;
    for (;;) {
      const status = await contract.transaction(transaction.transactionId, sentAtMs < 0 ? 0 : POLL_MS);
      if (status.receiptProof !== null) return this.#accepted(transaction, fromBase64Url(status.receiptProof));
      const nowMs = this.clock();
      if (status.status !== 'committed' && nowMs > transaction.validUntilMs) {
        throw clientError('client/gave-up', 'the transaction is in no block and its time is over', { transactionId: transaction.transactionId });
      }
      if (status.status === 'unknown' && nowMs - sentAtMs > RESEND_AFTER_MS) {
        await contract.submit(encoded);
        sentAtMs = nowMs;
      }
      if (status.status === 'committed') await delay(50, signal);
      signal?.throwIfAborted();
    }
  }

  /**
   * Reads the nonce, prepares and submits, one after another for each account: for accounts of services, whose
   * transactions need not survive a restart half sent.
   */
  execute(author: TransactionAuthor, body: Body, signal?: AbortSignal): Promise<Receipt> {
    const id = accountId(author.account.publicKey);
    const before = this.#queues.get(id) ?? Promise.resolve();
    const mine = before.then(async () => {
      const receipt = await this.submit(this.prepare(author, await this.nonceOf(id), body), this.contract, signal);
      await this.follower.reached(receipt.height, signal);
      return receipt;
    });
    const tail = mine.catch(() => undefined);
    this.#queues.set(id, tail);
    void tail.then(() => {
      if (this.#queues.get(id) === tail) this.#queues.delete(id);
    });
    return mine;
  }

  #accepted(transaction: PreparedTransaction, proof: Uint8Array): Receipt {
    const receipt = this.follower.lightClient.verifyReceipt(decodeReceiptProof(proof));
    if (receipt.transactionId !== transaction.transactionId) throw clientError('client/unverified', 'a receipt of another transaction');
    if (!receipt.ok) throw new LedgerRejection(receipt);
    return receipt;
  }
}

/** The front's own refusal of a transaction before it reached a replica (it may be wrong or lying; nothing is recorded). */
export const isEarlyRefusal = (error: unknown): error is ApiError => error instanceof ApiError && error.status === 422;
