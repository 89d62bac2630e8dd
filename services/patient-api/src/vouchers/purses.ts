import { type BodyOf, pseudonymBalance, voucherRequestIdOf, VOUCHERS_MAX } from '@medveil/agreements';
import { KeyedQueue, LedgerRejection } from '@medveil/client';
import type { Jobs, RunningJob } from '@medveil/database';
import { fromHex, type Id, isCodedError } from '@medveil/encoding';
import type { TrailStore } from '@medveil/host';
import { and, asc, eq } from 'drizzle-orm';
import type { AgentContext } from '../agent.js';
import { PatientApiError } from '../errors.js';
import type { Transactions } from '../exchanges/transactions.js';
import type { Pseudonyms } from '../parties/pseudonyms.js';
import { purses, type PurseRow, type VoucherKeyRow, type VoucherRow, vouchers } from '../tables.js';
import { decompose } from './denominations.js';
import { PURSE } from './job.js';
import type { VoucherMaker } from './voucher-maker.js';

/** Of events that change a pseudonym's balance. */
const OF_BALANCE = ['credits-minted', 'credits-redeemed', 'vouchers-requested', 'voucher-request-lapsed', 'vouchers-spent', 'settled', 'disputed'] as const;
/** The request as it was is of no use: the keys were changed by a vote meanwhile. Another is made. */
const TO_BE_PLANNED_ANEW = new Set(['agreements/vouchers-not-issued', 'agreements/unknown-voucher-key', 'agreements/insufficient-funds']);

/**
 * What a pseudonym was paid becomes vouchers: one request at a time for each account, each with a round of its own. The account's
 * balance and the treasury's answers come from the followed ledger, so that this goes on from wherever it was stopped.
 */
export class Purses {
  readonly #queue = new KeyedQueue();

  constructor(
    private readonly context: AgentContext,
    private readonly parts: {
      readonly pseudonyms: Pick<Pseudonyms, 'load'>;
      readonly transactions: Transactions;
      readonly maker: VoucherMaker;
      readonly trail: Pick<TrailStore, 'ofTypes'>;
    },
    jobs: Jobs,
  ) {
    jobs.handle(PURSE, (job) => this.#queue.run(job.payload.account, () => this.#run(job)));
  }

  /** Credits of the account that are no vouchers. */
  async balance({ patientId, account }: Pick<PurseRow, 'patientId' | 'account'>): Promise<number> {
    const entries = await this.parts.trail.ofTypes(patientId, OF_BALANCE);
    return pseudonymBalance(account, entries.map(({ event }) => event));
  }

  /** What the next request would ask for. */
  async #planned(purse: PurseRow): Promise<VoucherKeyRow[]> {
    const issuing = (await this.parts.maker.keys()).filter((key) => key.issuing);
    return decompose(await this.balance(purse), issuing, VOUCHERS_MAX);
  }

  async isPending(purse: PurseRow): Promise<boolean> {
    return (await this.#planned(purse)).length > 0;
  }

  /** A job that died before it could say so itself. */
  async buried(account: Id<'acc'>): Promise<void> {
    await this.#note(account, { code: 'patient-api/gave-up' });
  }

  async #run({ payload, signal }: RunningJob<{ readonly account: Id<'acc'> }>): Promise<void | { readonly againAtMs: number }> {
    const { account } = payload;
    const purse = await this.#get(account);
    try {
      return await this.#advance(purse, signal);
    } catch (error) {
      if (signal.aborted) throw error;
      const code = isCodedError(error) ? error.code : 'patient-api/unexpected';
      this.context.log.warn('purse-stopped', { accountId: account, code });
      if (error instanceof LedgerRejection && !TO_BE_PLANNED_ANEW.has(code)) return this.#note(account, { code });
      await this.#note(account, { lastError: code });
      throw error;
    }
  }

  async #advance(purse: PurseRow, signal: AbortSignal): Promise<void | { readonly againAtMs: number }> {
    await this.#finishSigned(purse);
    const all = await this.#vouchers(purse);
    const asked = all.filter(({ status }) => status === 'asked');
    if (asked.length > 0) return this.#request(purse, asked, signal);
    const planned = await this.#planned(purse);
    if (planned.length === 0) return this.#note(purse.account, { code: null, lastError: null });
    if (this.context.clock() < purse.dueAtMs) return { againAtMs: purse.dueAtMs };
    const round = Math.max(-1, ...all.map((voucher) => voucher.round)) + 1;
    return this.#request(purse, planned.map((key, position) => newVoucher(purse, round, position, key)), signal);
  }

  async #finishSigned({ account }: PurseRow): Promise<void> {
    const { queries } = this.context.database;
    for (const voucher of await queries.select().from(vouchers).where(and(eq(vouchers.account, account), eq(vouchers.status, 'signed')))) {
      await this.parts.maker.finish(voucher, voucher.blindSignature);
      const here = and(eq(vouchers.account, account), eq(vouchers.round, voucher.round), eq(vouchers.position, voucher.position));
      await queries.update(vouchers).set({ status: 'made' }).where(here);
    }
  }

  /** Written down with its transaction, so that after a restart the same request is sent again. */
  async #request(purse: PurseRow, asked: readonly VoucherRow[], signal: AbortSignal): Promise<void> {
    const { account } = purse;
    const round = asked[0]?.round ?? 0;
    const body = await this.#bodyOf(asked);
    const pseudonym = await this.parts.pseudonyms.load(purse.patientId, purse.pseudonymIndex);
    const here = and(eq(vouchers.account, account), eq(vouchers.round, round));
    try {
      await this.parts.transactions.submit(pseudonym, body, signal, {
        round,
        together: async (tx, nonce) => {
          const requestId = voucherRequestIdOf(account, nonce);
          await tx.delete(vouchers).where(here);
          await tx.insert(vouchers).values(asked.map((voucher) => ({ ...voucher, requestId })));
        },
      });
      await this.#note(account, { code: null, lastError: null });
    } catch (error) {
      if (error instanceof LedgerRejection && TO_BE_PLANNED_ANEW.has(error.code)) {
        await this.context.database.transaction(async (tx) => {
          await tx.delete(vouchers).where(here);
          await this.parts.transactions.discard(tx, { account, kind: body.type, round });
        });
      }
      throw error;
    }
  }

  async #bodyOf(asked: readonly VoucherRow[]): Promise<BodyOf<'request-vouchers'>> {
    const wanted: BodyOf<'request-vouchers'>['vouchers'] = [];
    for (const voucher of asked) wanted.push({ keyId: fromHex(voucher.keyId), blinded: (await this.parts.maker.blind(voucher)).blinded });
    return { type: 'request-vouchers', vouchers: wanted };
  }

  async #vouchers({ account }: PurseRow): Promise<VoucherRow[]> {
    return this.context.database.queries.select().from(vouchers).where(eq(vouchers.account, account)).orderBy(asc(vouchers.round), asc(vouchers.position));
  }

  async #get(account: Id<'acc'>): Promise<PurseRow> {
    const [row] = await this.context.database.queries.select().from(purses).where(eq(purses.account, account));
    if (row === undefined) throw new PatientApiError('patient-api/unknown-voucher', 'the account was not paid');
    return row;
  }

  async #note(account: Id<'acc'>, change: Partial<Pick<PurseRow, 'code' | 'lastError'>>): Promise<void> {
    await this.context.database.queries.update(purses).set({ ...change, updatedAtMs: this.context.clock() }).where(eq(purses.account, account));
  }
}

const newVoucher = ({ account, patientId, pseudonymIndex }: PurseRow, round: number, position: number, { keyId, denomination }: VoucherKeyRow): VoucherRow => ({
  account, round, position, patientId, pseudonymIndex, keyId, denomination, requestId: null, status: 'asked', blindSignature: null, payoutId: null,
});
