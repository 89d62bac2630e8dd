import type { Body, BodyType } from '@medveil/agreements';
import { ApiError, KeyedQueue, type LedgerAccess, type LedgerFollower, LedgerRejection } from '@medveil/client';
import type { Queries, TransactionQueries } from '@medveil/database';
import { type Id, isCodedError } from '@medveil/encoding';
import { and, count, eq, isNotNull } from 'drizzle-orm';
import type { AgentContext } from '../agent.js';
import type { Connections } from '../ledger/connections.js';
import type { Pseudonym } from '../parties/pseudonyms.js';
import { transactions } from '../tables.js';

type StoredTransaction = typeof transactions.$inferSelect;

export interface SubmitOptions {
  /** which of an account's transactions of this type */
  readonly round?: number;
  readonly together?: (tx: TransactionQueries, nonce: number) => Promise<void>;
}

/** Times a transaction is signed anew because its nonce was taken or its time was over. */
const MAX_ATTEMPTS = 3;
/** Block time may be behind this clock: so much later an old transaction can no longer come into a block. */
const CLOCK_MARGIN_MS = 60_000;
/** It never took effect and never will: another may be made in its place. */
const VOID = new Set(['agreements/wrong-nonce', 'agreements/expired-transaction']);

/**
 * A pseudonym's transactions, one after another. Each is written down before it is sent, so that after a restart the same bytes
 * are sent again; whether it was accepted is read from its verified receipt, and nonces are counted here: nobody is asked for
 * the state of the pseudonym's account.
 */
export class Transactions {
  readonly #queue = new KeyedQueue();

  constructor(
    private readonly context: AgentContext,
    private readonly ledger: LedgerAccess,
    private readonly follower: LedgerFollower,
    private readonly connections: Connections,
  ) {}

  /**
   * Resolves when the transaction is accepted and its block has been followed. Idempotent for an account, a type and a round.
   * @param options.together written down with the transaction, whose nonce is known from then on
   * @throws LedgerRejection; ApiError where the front refuses to pass it on
   */
  async submit(pseudonym: Pseudonym, body: Body, signal: AbortSignal, { round = 0, together }: SubmitOptions = {}): Promise<void> {
    await this.#queue.run(pseudonym.account, async () => {
      for (let attempt = 1; ; attempt += 1) {
        const stored = (await this.stored(pseudonym.account, body.type, round)) ?? (await this.#write(pseudonym, body, round, together));
        try {
          return await this.#send(stored, pseudonym, signal);
        } catch (error) {
          if (attempt === MAX_ATTEMPTS || !this.#isVoid(stored, error)) throw error;
          await this.discard(this.context.database.queries, stored);
        }
      }
    });
  }

  async stored(account: Id<'acc'>, kind: BodyType, round = 0): Promise<StoredTransaction | undefined> {
    const [row] = await this.context.database.queries
      .select()
      .from(transactions)
      .where(same({ account, kind, round }));
    return row;
  }

  /** Only of one that is not accepted and never will be. */
  async discard(on: Queries, transaction: Pick<StoredTransaction, 'account' | 'kind' | 'round'>): Promise<void> {
    await on.delete(transactions).where(same(transaction));
  }

  async #write(pseudonym: Pseudonym, body: Body, round: number, together: SubmitOptions['together']): Promise<StoredTransaction> {
    const { account } = pseudonym;
    return this.context.database.transaction(async (tx) => {
      const accepted = and(eq(transactions.account, account), isNotNull(transactions.acceptedHeight));
      const [counted] = await tx.select({ number: count() }).from(transactions).where(accepted);
      const nonce = counted?.number ?? 0;
      // The T-Cert registers the account with its first transaction.
      const author = { account: pseudonym.key, certificate: nonce === 0 ? pseudonym.certificate : null };
      const { transactionId, bytes, validUntilMs } = this.ledger.prepare(author, nonce, body);
      const row = { account, kind: body.type, round, nonce, transactionId, bytes, validUntilMs, acceptedHeight: null };
      await tx.insert(transactions).values(row);
      await together?.(tx, nonce);
      return row;
    });
  }

  async #send(stored: StoredTransaction, pseudonym: Pseudonym, signal: AbortSignal): Promise<void> {
    let height = stored.acceptedHeight;
    if (height === null) {
      const receipt = await this.ledger.submit(stored, this.connections.as(pseudonym).contract, signal);
      height = receipt.height;
      await this.context.database.queries.update(transactions).set({ acceptedHeight: height }).where(same(stored));
    }
    await this.follower.reached(height, signal);
    signal.throwIfAborted();
  }

  #isVoid({ validUntilMs }: StoredTransaction, error: unknown): boolean {
    if (error instanceof LedgerRejection || error instanceof ApiError) return VOID.has(error.code);
    return isCodedError(error) && error.code === 'client/gave-up' && this.context.clock() > validUntilMs + CLOCK_MARGIN_MS;
  }
}

const same = ({ account, kind, round }: Pick<StoredTransaction, 'account' | 'kind' | 'round'>) =>
  and(eq(transactions.account, account), eq(transactions.kind, kind), eq(transactions.round, round));
