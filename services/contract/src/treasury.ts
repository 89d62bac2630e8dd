import { buildTransaction, readAccount, readNonce } from '@medveil/agreements';
import { type Clock, CodedError, digest, type Id, isCodedError } from '@medveil/encoding';
import type { SigningKeyPair } from '@medveil/identity';
import { type AppliedBlock, decodeReceipt, type Ledger } from '@medveil/ledger';
import type { ServiceLog } from '@medveil/service-kit';
import type { Attempt, Deposit, DepositStore } from './deposit-store.js';
import type { Submissions } from './submissions.js';
import type { VoucherDesk } from './voucher-desk.js';

const RECORDED = 'recorded';
const LIFETIME_MS = 60_000;

/** What says nothing about the deposit itself: it is minted by another transaction. */
const OF_THE_ATTEMPT: ReadonlySet<string> = new Set(['agreements/wrong-nonce', 'agreements/expired-transaction']);

/**
 * Credits against deposits made outside, and blind signatures for vouchers. A deposit is written down first and minted once, also across restarts: every mint
 * is written down before it is sent, and another is made for the same deposit only with the same nonce, or once that nonce is
 * used by something else; the ledger accepts one of them at most. The treasury's mints go one after another.
 */
export class Treasury {
  #working: Promise<void> = Promise.resolve();
  #isWoken = false;
  /** The answer to a request for vouchers that was sent last: the same again as long as it can be accepted. */
  #answer: { readonly requestId: string; readonly nonce: number; readonly validUntilMs: number; readonly bytes: Uint8Array } | undefined;

  constructor(
    private readonly key: SigningKeyPair,
    private readonly ledger: Ledger,
    private readonly deposits: DepositStore,
    private readonly vouchers: Pick<VoucherDesk, 'nextRequest'>,
    private readonly submissions: Pick<Submissions, 'submit'>,
    private readonly clock: Clock,
    private readonly log: ServiceLog,
  ) {}

  /** @throws CodedError `contract/deposit-conflict` where the reference stands for another deposit, `contract/unknown-account` */
  async deposit(account: Id<'acc'>, amount: number, reference: string): Promise<void> {
    if (readAccount(this.ledger.view(), account) === null) throw new CodedError('contract/unknown-account', 'the ledger knows no such account');
    const kept = await this.deposits.add(reference, account, amount);
    if (kept?.account !== account || kept.amount !== amount) {
      throw new CodedError('contract/deposit-conflict', 'this reference stands for another deposit');
    }
    this.wake();
  }

  /** `unknown`, `waiting`, `recorded`, or the code of the ledger's refusal. */
  async status(reference: string): Promise<string> {
    const kept = await this.deposits.find(reference);
    return kept === undefined ? 'unknown' : (kept.outcome ?? 'waiting');
  }

  /** A block in which a mint may have come to its end. */
  afterBlock({ transactionIds }: Pick<AppliedBlock, 'transactionIds'>): void {
    if (transactionIds.length > 0) this.wake();
  }

  /** Goes on with what is open, if it does not already. */
  wake(): void {
    if (this.#isWoken) return;
    this.#isWoken = true;
    this.#working = this.#working
      .then(async () => {
        this.#isWoken = false;
        while (await this.#step());
      })
      .catch((error: unknown) => this.log.error('deposit-not-minted', error));
  }

  async idle(): Promise<void> {
    await this.#working;
  }

  /** @returns whether a deposit came to its end, so that the next one can be begun */
  async #step(): Promise<boolean> {
    const open = await this.deposits.nextOpen();
    if (open === undefined) return this.#answerRequest();
    // Read before it is asked what became of the attempts: a nonce that is used here, is used by what is found then.
    const nonce = readNonce(this.ledger.view(), this.key.publicKey);
    const attempts = await this.deposits.attemptsOf(open.reference);
    const outcome = await this.#outcomeOf(attempts);
    if (outcome !== null) {
      await this.deposits.end(open.reference, outcome);
      return true;
    }
    return this.#send(open, await this.#currentAttempt(open, nonce, attempts.at(-1)));
  }

  /** Vouchers wait for no deposit. A lost or late answer does no harm: the ledger takes the first, and the credits go back without one. */
  async #answerRequest(): Promise<false> {
    const request = await this.vouchers.nextRequest();
    if (request === undefined) return false;
    const { requestId } = request;
    const nonce = readNonce(this.ledger.view(), this.key.publicKey);
    if (this.#answer?.requestId !== requestId || this.#answer.nonce !== nonce || this.clock() > this.#answer.validUntilMs) {
      const validUntilMs = this.clock() + LIFETIME_MS;
      const body = { type: 'issue-vouchers', requestId, signatures: request.sign() } as const;
      const { bytes } = buildTransaction({ chainId: this.ledger.chainId, account: this.key, nonce, validUntilMs, body });
      this.#answer = { requestId, nonce, validUntilMs, bytes };
    }
    await this.submissions.submit(this.#answer.bytes);
    return false;
  }

  /** Null as long as another transaction may still be needed. */
  async #outcomeOf(attempts: readonly Attempt[]): Promise<string | null> {
    const locations = await this.ledger.store.transactions(attempts.map(({ transactionId }) => transactionId));
    if (locations.some((location) => location?.ok === true)) return RECORDED;
    for (const location of locations) {
      if (location === undefined) continue;
      const stored = await this.ledger.store.block(location.height);
      const receipt = stored?.receipts[location.index + 1];
      const code = receipt === undefined ? null : decodeReceipt(receipt).code;
      if (code !== null && !OF_THE_ATTEMPT.has(code)) return code;
    }
    return null;
  }

  /** The last attempt while it can be accepted; else one that cannot be accepted beside it. */
  async #currentAttempt(open: Deposit, nonce: number, last: Attempt | undefined): Promise<Attempt> {
    if (last !== undefined && last.nonce === nonce && this.clock() <= last.validUntilMs) return last;
    const attempt = { reference: open.reference, nonce, validUntilMs: this.clock() + LIFETIME_MS };
    const { transactionId } = this.#build(open, attempt);
    await this.deposits.begin({ ...attempt, transactionId }, this.clock());
    return { ...attempt, transactionId };
  }

  async #send(open: Deposit, attempt: Attempt): Promise<boolean> {
    try {
      await this.submissions.submit(this.#build(open, attempt).bytes);
      return false;
    } catch (error) {
      // The front itself sees that the ledger can never accept it.
      if (!isCodedError(error) || !error.code.startsWith('agreements/') || OF_THE_ATTEMPT.has(error.code)) throw error;
      await this.deposits.end(open.reference, error.code);
      return true;
    }
  }

  /** The same bytes for the same attempt. */
  #build({ account, amount, reference }: Deposit, { nonce, validUntilMs }: Pick<Attempt, 'nonce' | 'validUntilMs'>) {
    const body = { type: 'mint', account, amount, reference: digest('medveil/deposit/1', reference) } as const;
    return buildTransaction({ chainId: this.ledger.chainId, account: this.key, nonce, validUntilMs, body });
  }
}
