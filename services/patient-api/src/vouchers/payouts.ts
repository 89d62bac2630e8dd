import { type BodyOf, VOUCHERS_MAX } from '@medveil/agreements';
import { KeyedQueue, LedgerRejection } from '@medveil/client';
import type { Jobs, RunningJob, TransactionQueries } from '@medveil/database';
import { fromHex, type Id, isCodedError, makeId } from '@medveil/encoding';
import { and, asc, eq, gt, isNull } from 'drizzle-orm';
import type { AgentContext } from '../agent.js';
import { PatientApiError } from '../errors.js';
import type { Transactions } from '../exchanges/transactions.js';
import type { Patients } from '../parties/patients.js';
import type { Pseudonym, Pseudonyms } from '../parties/pseudonyms.js';
import { type PayoutRow, payouts, type VoucherRow, vouchers } from '../tables.js';
import { drawDelayMs } from './delay.js';
import { choose, totalOf } from './denominations.js';
import { PAYOUT } from './job.js';
import { openPurse } from './voucher-events.js';
import type { VoucherMaker } from './voucher-maker.js';

/** Vouchers of one payout: so many fit a few transactions of 32. */
const VOUCHERS_OF_PAYOUT_MAX = 512;
/** The pseudonym's certificate ended before it had sent anything: another is drawn. */
const BAD_CERTIFICATE = 'agreements/bad-certificate';
/** No payout will be made of these vouchers. */
const OF_VOUCHERS = new Set(['agreements/voucher-spent', 'agreements/bad-voucher', 'agreements/unknown-voucher-key']);

export interface PayoutRequest {
  readonly patientId: Id<'pat'>;
  /** default: everything available */
  readonly amount?: number | undefined;
  /** 32 bytes in hexadecimal */
  readonly reference: string;
  readonly by: string;
}

type Spent = BodyOf<'spend-vouchers'>['vouchers'];

/** Vouchers become credits of a pseudonym that was never used before, and these are redeemed. */
export class Payouts {
  readonly #queue = new KeyedQueue();

  constructor(
    private readonly context: AgentContext,
    private readonly parts: {
      readonly patients: Pick<Patients, 'get'>;
      readonly pseudonyms: Pick<Pseudonyms, 'load' | 'standing'>;
      readonly transactions: Transactions;
      readonly maker: VoucherMaker;
    },
    private readonly jobs: Jobs,
  ) {
    jobs.handle(PAYOUT, (job) => this.#run(job));
  }

  /**
   * Sets vouchers aside and writes the payout down; nothing is sent before its time. A reference names one payout.
   * @throws PatientApiError `patient-api/unknown-patient`, `/restoring`, `/payout-conflict`, `/amount-not-payable`
   */
  async start(request: PayoutRequest): Promise<PayoutRow> {
    const { patientId } = request;
    if ((await this.parts.patients.get(patientId)).isRestoring) throw new PatientApiError('patient-api/restoring', 'the patient’s pseudonyms are being recovered from the ledger; try again');
    return this.#queue.run(patientId, async () => {
      const row = await this.context.database.transaction(async (tx) => (await known(tx, request)) ?? this.#write(tx, request));
      this.jobs.notify();
      return row;
    });
  }

  async #write(tx: TransactionQueries, { patientId, amount, reference, by }: PayoutRequest): Promise<PayoutRow> {
    const { clock, random, settings } = this.context;
    const held = await tx
      .select()
      .from(vouchers)
      .where(and(eq(vouchers.patientId, patientId), eq(vouchers.status, 'made'), isNull(vouchers.payoutId)))
      .for('update');
    const chosen = amount === undefined ? held : choose(amount, held);
    requirePayable(amount, held, chosen);
    const nowMs = clock();
    const payoutId = makeId('pay', random(16));
    const dueAtMs = nowMs + drawDelayMs(random, settings.payoutDelayMs);
    const [row] = await tx
      .insert(payouts)
      .values({ payoutId, patientId, amount: totalOf(chosen), reference: fromHex(reference), status: 'waiting', dueAtMs, requestedBy: by, createdAtMs: nowMs, updatedAtMs: nowMs })
      .returning();
    for (const voucher of chosen) await tx.update(vouchers).set({ payoutId }).where(at(voucher));
    await this.jobs.enqueue(tx, PAYOUT, { key: payoutId, payload: { payoutId }, runAtMs: dueAtMs });
    if (row === undefined) throw new PatientApiError('patient-api/unknown-payout', 'the payout could not be written down');
    return row;
  }

  /** @throws PatientApiError `patient-api/unknown-payout` */
  async get(payoutId: Id<'pay'>): Promise<PayoutRow> {
    const [row] = await this.context.database.queries.select().from(payouts).where(eq(payouts.payoutId, payoutId));
    if (row === undefined) throw new PatientApiError('patient-api/unknown-payout', 'this agent knows no such payout');
    return row;
  }

  async list(patientId: Id<'pat'>, afterSequence: number, limit: number): Promise<PayoutRow[]> {
    await this.parts.patients.get(patientId);
    const which = and(eq(payouts.patientId, patientId), gt(payouts.sequence, afterSequence));
    return this.context.database.queries.select().from(payouts).where(which).orderBy(asc(payouts.sequence)).limit(limit);
  }

  /** A job that died before it could say so itself. */
  async buried(payoutId: Id<'pay'>): Promise<void> {
    await this.#note(payoutId, { status: 'failed', code: 'patient-api/gave-up' });
  }

  async #run({ payload, signal }: RunningJob<{ readonly payoutId: Id<'pay'> }>): Promise<void | { readonly againAtMs: number }> {
    const payout = await this.get(payload.payoutId);
    if (payout.status === 'redeemed' || payout.status === 'failed') return undefined;
    if (this.context.clock() < payout.dueAtMs) return { againAtMs: payout.dueAtMs };
    try {
      await this.#carryOut(payout, signal);
    } catch (error) {
      if (signal.aborted) throw error;
      const code = isCodedError(error) ? error.code : 'patient-api/unexpected';
      this.context.log.warn('payout-stopped', { jobKind: PAYOUT.name, code });
      if (!(error instanceof LedgerRejection)) {
        await this.#note(payout.payoutId, { lastError: code });
        throw error;
      }
      if (await this.#drawAnother(payout, code)) throw error;
      await this.#fail(payout, code);
    }
    return undefined;
  }

  async #carryOut(payout: PayoutRow, signal: AbortSignal): Promise<void> {
    const { payoutId, amount, reference } = payout;
    const { transactions } = this.parts;
    const pseudonym = await this.#pseudonym(payout);
    await this.#note(payoutId, { status: 'spending' });
    for (const [round, chunk] of (await this.#chunks(payoutId)).entries()) {
      await transactions.submit(pseudonym, { type: 'spend-vouchers', vouchers: chunk.map(({ spent }) => spent) }, signal, { round });
      for (const { row } of chunk) await this.context.database.queries.update(vouchers).set({ status: 'spent' }).where(at(row));
    }
    await this.#note(payoutId, { status: 'redeeming' });
    await transactions.submit(pseudonym, { type: 'redeem', amount, reference }, signal);
    await this.#note(payoutId, { status: 'redeemed', lastError: null });
  }

  /** Drawn for this payout alone. */
  async #pseudonym({ payoutId, patientId, pseudonymIndex }: PayoutRow): Promise<Pseudonym> {
    if (pseudonymIndex !== null) return this.parts.pseudonyms.load(patientId, pseudonymIndex);
    const drawn = await this.parts.pseudonyms.standing(patientId, payoutId);
    await this.#note(payoutId, { pseudonymIndex: drawn.index });
    return drawn;
  }

  /** In the order of their serials, which says nothing of where they come from; the same after each restart. */
  async #chunks(payoutId: Id<'pay'>): Promise<{ readonly row: VoucherRow; readonly spent: Spent[number] }[][]> {
    const rows = await this.context.database.queries.select().from(vouchers).where(eq(vouchers.payoutId, payoutId));
    const made: { readonly row: VoucherRow; readonly spent: Spent[number] }[] = [];
    for (const row of rows) made.push({ row, spent: { keyId: fromHex(row.keyId), ...(await this.parts.maker.finish(row, row.blindSignature)) } });
    const sorted = made.toSorted((a, b) => Buffer.compare(a.spent.serial, b.spent.serial));
    return Array.from({ length: Math.ceil(sorted.length / VOUCHERS_MAX) }, (_, chunk) => sorted.slice(chunk * VOUCHERS_MAX, (chunk + 1) * VOUCHERS_MAX));
  }

  /** @returns whether the payout goes on with another pseudonym: the one it had was never admitted to the ledger */
  async #drawAnother({ payoutId, patientId, pseudonymIndex }: PayoutRow, code: string): Promise<boolean> {
    if (code !== BAD_CERTIFICATE || pseudonymIndex === null) return false;
    const { account, notAfterMs } = await this.parts.pseudonyms.load(patientId, pseudonymIndex);
    if (this.context.clock() < notAfterMs) return false;
    await this.context.database.transaction(async (tx) => {
      await this.parts.transactions.discard(tx, { account, kind: 'spend-vouchers', round: 0 });
      await tx.update(payouts).set({ pseudonymIndex: null, lastError: code }).where(eq(payouts.payoutId, payoutId));
    });
    return true;
  }

  /** Nothing is lost with it: what was not spent is free again, what was becomes vouchers anew. */
  async #fail(payout: PayoutRow, code: string): Promise<void> {
    const { payoutId, patientId } = payout;
    const { pseudonymIndex } = await this.get(payoutId);
    const { database, clock } = this.context;
    const drawn = pseudonymIndex === null ? null : await this.parts.pseudonyms.load(patientId, pseudonymIndex);
    await database.transaction(async (tx) => {
      const own = eq(vouchers.payoutId, payoutId);
      const spent = await tx.select().from(vouchers).where(and(own, eq(vouchers.status, 'spent'))).limit(1);
      if (!OF_VOUCHERS.has(code)) await tx.update(vouchers).set({ payoutId: null }).where(and(own, eq(vouchers.status, 'made')));
      if (spent.length > 0 && drawn !== null) {
        await openPurse({ tx, context: this.context, jobs: this.jobs }, { account: drawn.account, patientId, pseudonymIndex: drawn.index }, payoutId);
      }
      await tx.update(payouts).set({ status: 'failed', code, updatedAtMs: clock() }).where(eq(payouts.payoutId, payoutId));
    });
  }

  async #note(payoutId: Id<'pay'>, change: Partial<Pick<PayoutRow, 'status' | 'code' | 'lastError' | 'pseudonymIndex'>>): Promise<void> {
    await this.context.database.queries.update(payouts).set({ ...change, updatedAtMs: this.context.clock() }).where(eq(payouts.payoutId, payoutId));
  }
}

async function known(tx: TransactionQueries, { patientId, amount, reference }: PayoutRequest): Promise<PayoutRow | undefined> {
  const [row] = await tx.select().from(payouts).where(eq(payouts.reference, fromHex(reference)));
  if (row === undefined) return undefined;
  if (row.patientId !== patientId || (amount !== undefined && amount !== row.amount)) throw new PatientApiError('patient-api/payout-conflict', 'this reference stands for another payout');
  return row;
}

function requirePayable(amount: number | undefined, held: readonly VoucherRow[], chosen: readonly VoucherRow[]): void {
  const [available, nearest] = [totalOf(held), totalOf(chosen)];
  if (chosen.length === 0 || (amount !== undefined && nearest !== amount)) {
    throw new PatientApiError('patient-api/amount-not-payable', 'the vouchers held do not add up to that amount', { available, nearestBelow: nearest });
  }
  if (chosen.length > VOUCHERS_OF_PAYOUT_MAX) {
    throw new PatientApiError('patient-api/amount-not-payable', 'too many vouchers for one payout', { vouchers: chosen.length, max: VOUCHERS_OF_PAYOUT_MAX });
  }
}

const at = ({ account, round, position }: VoucherRow) => and(eq(vouchers.account, account), eq(vouchers.round, round), eq(vouchers.position, position));
