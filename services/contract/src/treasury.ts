import { buildTransaction, readAccount, readNonce } from '@medveil/agreements';
import { type Clock, CodedError, digest, type Id } from '@medveil/encoding';
import type { SigningKeyPair } from '@medveil/identity';
import type { AppliedBlock, Ledger } from '@medveil/ledger';
import type { Database } from '@medveil/database';
import { bigint, pgSchema, text } from 'drizzle-orm/pg-core';
import { eq, isNull } from 'drizzle-orm';
import type { ServiceLog } from '@medveil/service-kit';
import type { Submissions } from './submissions.js';

const schema = pgSchema('contract');
const deposits = schema.table('deposits', {
  reference: text('reference').primaryKey(),
  account: text('account').notNull(),
  amount: bigint('amount', { mode: 'number' }).notNull(),
  transactionId: text('transaction_id'),
  validUntilMs: bigint('valid_until_ms', { mode: 'number' }),
  /** `recorded`, or the code of the ledger's refusal */
  outcome: text('outcome'),
});

const RECORDED = 'recorded';
const LIFETIME_MS = 60_000;
/** Block time may be behind this clock: so much later a mint can no longer come into a block. */
const CLOCK_MARGIN_MS = 30_000;

/**
 * Credits against deposits made outside. A deposit is written down first and minted once: its reference is its
 * name, here and on the ledger, and the treasury's mints go one after another.
 */
export class Treasury {
  #underway: { transactionId: Id<'txn'>; reference: string } | undefined;
  #working: Promise<void> = Promise.resolve();

  constructor(
    private readonly key: SigningKeyPair,
    private readonly ledger: Ledger,
    private readonly database: Database,
    private readonly submissions: Submissions,
    private readonly clock: Clock,
    private readonly log: ServiceLog,
  ) {}

  /** @throws CodedError `contract/deposit-conflict` where the reference stands for another deposit, `contract/unknown-account` */
  async deposit(account: Id<'acc'>, amount: number, reference: string): Promise<void> {
    if (readAccount(this.ledger.view(), account) === null) throw new CodedError('contract/unknown-account', 'the ledger knows no such account');
    await this.database.queries.insert(deposits).values({ reference, account, amount }).onConflictDoNothing();
    const [kept] = await this.database.queries.select().from(deposits).where(eq(deposits.reference, reference));
    if (kept?.account !== account || kept.amount !== amount) {
      throw new CodedError('contract/deposit-conflict', 'this reference stands for another deposit');
    }
    this.wake();
  }

  /** `unknown`, `waiting`, `recorded`, or the code of the ledger's refusal. */
  async status(reference: string): Promise<string> {
    const [kept] = await this.database.queries.select().from(deposits).where(eq(deposits.reference, reference));
    return kept === undefined ? 'unknown' : (kept.outcome ?? 'waiting');
  }

  afterBlock({ transactionIds, receipts }: AppliedBlock): void {
    const underway = this.#underway;
    const index = underway === undefined ? -1 : transactionIds.indexOf(underway.transactionId);
    if (underway === undefined || index < 0) return;
    this.#underway = undefined;
    const receipt = receipts[index + 1];
    this.#enqueue(() => this.#end(underway.reference, receipt?.ok === true ? RECORDED : (receipt?.code ?? 'unknown')));
    this.wake();
  }

  wake(): void {
    this.#enqueue(() => this.#next());
  }

  async idle(): Promise<void> {
    await this.#working;
  }

  #enqueue(work: () => Promise<void>): void {
    this.#working = this.#working.then(work).catch((error: unknown) => this.log.error('deposit-not-minted', error));
  }

  async #end(reference: string, outcome: string): Promise<void> {
    await this.database.queries.update(deposits).set({ outcome }).where(eq(deposits.reference, reference));
  }

  async #next(): Promise<void> {
    if (this.#underway !== undefined) return;
    const [open] = await this.database.queries.select().from(deposits).where(isNull(deposits.outcome)).orderBy(deposits.reference).limit(1);
    if (open === undefined) return;
    if (open.transactionId !== null && (await this.#isStillPossible(open.transactionId as Id<'txn'>, open.reference, open.validUntilMs ?? 0))) return;
    const validUntilMs = this.clock() + LIFETIME_MS;
    const { transactionId, bytes } = buildTransaction({
      chainId: this.ledger.chainId,
      account: this.key,
      nonce: readNonce(this.ledger.view(), this.key.publicKey),
      validUntilMs,
      body: { type: 'mint', account: open.account as Id<'acc'>, amount: open.amount, reference: digest('medveil/deposit/1', open.reference) },
    });
    // Written down before it is sent, so that after a crash no second mint is made while this one can still be recorded.
    await this.database.queries.update(deposits).set({ transactionId, validUntilMs }).where(eq(deposits.reference, open.reference));
    this.#underway = { transactionId, reference: open.reference };
    await this.submissions.submit(bytes);
  }

  /** Sent before a restart: recorded meanwhile, or perhaps still on its way. */
  async #isStillPossible(transactionId: Id<'txn'>, reference: string, validUntilMs: number): Promise<boolean> {
    const [location] = await this.ledger.store.transactions([transactionId]);
    if (location?.ok === true) {
      await this.#end(reference, RECORDED);
      this.wake();
      return true;
    }
    return this.clock() <= validUntilMs + CLOCK_MARGIN_MS;
  }
}
