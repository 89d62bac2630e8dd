import { type Body, buildTransaction, stateKeys, accountTable } from '@medveil/agreements';
import { type CborValue, type Clock, CodedError, fromBase64Url, type Id, isCodedError, toBase64Url } from '@medveil/encoding';
import { accountId, type SigningKeyPair } from '@medveil/identity';
import { decodeReceiptProof, decodeStateProof, type LightClient, type Receipt, type VerifiedState } from '@medveil/ledger';
import type { ContractClient } from '../clients.js';
import { ApiError } from '../errors.js';
import { clientError, delay } from '../http.js';
import { KeyedQueue } from '../keyed-queue.js';
import { type LedgerFollower, mayBeOfAnotherSet } from './follower.js';

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
/** Between two questions about one transaction, should the front not wait as asked. */
const PAUSE_MS = 100;
/** Block time may be behind this clock: so much later a transaction can no longer come into a block. */
const CLOCK_MARGIN_MS = 30_000;
/** Where another process uses the same account, a nonce may be taken in between. */
const MAX_NONCES = 4;
const READ_TRIES = 5;
const FIRST_READ_PAUSE_MS = 50;

/** May end a submission whose transaction can no longer be accepted. */
type Look = () => Promise<Receipt | undefined>;

/** Submits transactions and reads state through a front that is not believed: receipts and state entries come with proofs. */
export class LedgerAccess {
  readonly #queue = new KeyedQueue();

  constructor(
    private readonly follower: LedgerFollower,
    private readonly contract: ContractClient,
    private readonly clock: Clock,
  ) {}

  /**
   * The value under `key` of libs/agreements' `stateKeys`, or undefined: absent. Never older than what was followed: the
   * state after block `follower.height`, or a later one.
   * @throws LedgerError of a false proof, `ledger/stale-proof` where the front stays behind; ApiError
   */
  async readState(key: string): Promise<CborValue | undefined> {
    return (await this.#state(key)).value;
  }

  /** The nonce that the account's next transaction has to carry. */
  async nonceOf(account: string): Promise<number> {
    return nonceIn(await this.readState(stateKeys.account(account)));
  }

  async #state(key: string): Promise<VerifiedState> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#stateOnce(key);
      } catch (error) {
        if (attempt === READ_TRIES || !isBehind(error)) throw error;
        await delay(FIRST_READ_PAUSE_MS * 2 ** attempt);
      }
    }
  }

  async #stateOnce(key: string): Promise<VerifiedState> {
    const notBelowHeight = this.follower.certifiedHeight;
    const { proof } = await this.contract.state(key);
    const bundle = decodeStateProof(fromBase64Url(proof));
    if (bundle.key !== key) throw clientError('client/unverified', 'a proof of another key', { key });
    return this.#verified((client) => client.verifyState(bundle, { notBelowHeight }));
  }

  /** With the replica sets that the follower knows, and if that does not do, with those that it can learn of. */
  async #verified<T>(verify: (client: LightClient) => T): Promise<T> {
    try {
      return verify(this.follower.lightClient);
    } catch (error) {
      if (!mayBeOfAnotherSet(error) || !(await this.follower.followReplicaSets())) throw error;
      return verify(this.follower.lightClient);
    }
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
    return accepted(await this.#receiptOf(transaction, contract, signal, async () => undefined));
  }

  /**
   * Reads the nonce, prepares and submits, one after another for each account: for accounts of services, whose
   * transactions need not survive a restart half sent. A nonce that another process used is replaced, a few times at most.
   * Not from within a follower's `handle`: it waits until the transaction's block is handled.
   * @throws LedgerRejection; CodedError `client/gave-up`, `client/nonce-used`
   */
  execute(author: TransactionAuthor, body: Body, signal?: AbortSignal): Promise<Receipt> {
    return this.#queue.run(accountId(author.account.publicKey), () => this.#executeNow(author, body, signal));
  }

  async #executeNow(author: TransactionAuthor, body: Body, signal?: AbortSignal): Promise<Receipt> {
    for (let attempt = 1; ; attempt += 1) {
      signal?.throwIfAborted();
      try {
        const receipt = await this.#executeOnce(author, body, signal);
        await this.follower.reached(receipt.height, signal);
        return accepted(receipt);
      } catch (error) {
        if (attempt === MAX_NONCES || !isNonceUsed(error)) throw error;
      }
    }
  }

  async #executeOnce(author: TransactionAuthor, body: Body, signal?: AbortSignal): Promise<Receipt> {
    const account = stateKeys.account(accountId(author.account.publicKey));
    const nonce = nonceIn(await this.readState(account));
    const prepared = this.prepare(author, nonce, body);
    const watch = this.follower.watch(prepared.transactionId);
    try {
      return await this.#receiptOf(prepared, this.contract, signal, async () => {
        const state = await this.#state(account);
        if (nonceIn(state.value) <= nonce) return undefined;
        // The nonce is used: by this very transaction, or by another; the verified blocks up to there tell which.
        await this.follower.reached(state.height, signal);
        if (watch.receipt === undefined) throw clientError('client/nonce-used', 'another transaction of this account took the nonce', { nonce });
        return watch.receipt;
      });
    } finally {
      watch.end();
    }
  }

  async #receiptOf(transaction: PreparedTransaction, contract: ContractClient, signal: AbortSignal | undefined, look: Look): Promise<Receipt> {
    const { transactionId, validUntilMs } = transaction;
    const encoded = toBase64Url(transaction.bytes);
    let sentAtMs: number | null = null;
    for (;;) {
      signal?.throwIfAborted();
      const { status, receiptProof } = await contract.transaction(transactionId, sentAtMs === null ? 0 : POLL_MS, signal);
      if (receiptProof !== null) return this.#proved(transactionId, fromBase64Url(receiptProof));
      const nowMs = this.clock();
      if (status !== 'committed' && nowMs > validUntilMs + CLOCK_MARGIN_MS) {
        throw clientError('client/gave-up', 'the transaction is in no block and its time is over', { transactionId });
      }
      const isDue = status === 'unknown' && nowMs <= validUntilMs && (sentAtMs === null || nowMs - sentAtMs > RESEND_AFTER_MS);
      if (isDue) {
        const found = sentAtMs === null ? undefined : await look();
        if (found !== undefined) return found;
        await contract.submit(encoded);
        sentAtMs = nowMs;
      } else {
        await delay(PAUSE_MS, signal);
      }
    }
  }

  async #proved(transactionId: Id<'txn'>, proof: Uint8Array): Promise<Receipt> {
    const bundle = decodeReceiptProof(proof);
    const receipt = await this.#verified((client) => client.verifyReceipt(bundle));
    if (receipt.transactionId !== transactionId) throw clientError('client/unverified', 'a receipt of another transaction');
    return receipt;
  }
}

function accepted(receipt: Receipt): Receipt {
  if (!receipt.ok) throw new LedgerRejection(receipt);
  return receipt;
}

const nonceIn = (account: CborValue | undefined): number => (account === undefined ? 0 : accountTable.decode(account).nonce);

/** The front is late, not false. */
const isBehind = (error: unknown): boolean => isCodedError(error) && (error.code === 'ledger/stale-proof' || error.code === 'ledger/not-proven-yet');

const isNonceUsed = (error: unknown): boolean =>
  (error instanceof LedgerRejection && error.code === 'agreements/wrong-nonce') || (isCodedError(error) && error.code === 'client/nonce-used');

/** The front's own refusal of a transaction before it reached a replica (it may be wrong or lying; nothing is recorded). */
export const isEarlyRefusal = (error: unknown): error is ApiError => error instanceof ApiError && error.status === 422;
