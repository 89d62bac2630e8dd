import type { patientApi } from '@medveil/client';
import { type Id, toHex } from '@medveil/encoding';
import { asc, count, eq } from 'drizzle-orm';
import type { AgentContext } from '../agent.js';
import type { Patients } from '../parties/patients.js';
import type { Pseudonyms } from '../parties/pseudonyms.js';
import { type PayoutRow, purses, type PurseRow, type VoucherRow, vouchers } from '../tables.js';
import { totalOf } from './denominations.js';
import type { Purses } from './purses.js';

const PAYOUT_STEPS: Readonly<Record<patientApi.PayoutStatus, string | null>> = {
  waiting: 'wait for its time, then spend the vouchers under a pseudonym of their own',
  spending: 'spend the vouchers',
  redeeming: 'redeem the credits',
  redeemed: null,
  failed: 'see to what the code names, then order another payout: what was not spent is available again',
};

/** What a patient has earned, and where it is. */
export class FundsView {
  constructor(
    private readonly context: Pick<AgentContext, 'database'>,
    private readonly parts: { readonly patients: Pick<Patients, 'get'>; readonly pseudonyms: Pick<Pseudonyms, 'load'>; readonly purses: Pick<Purses, 'balance' | 'isPending'> },
  ) {}

  /** @throws PatientApiError `patient-api/unknown-patient` */
  async of(patientId: Id<'pat'>): Promise<patientApi.Funds> {
    await this.parts.patients.get(patientId);
    const { queries } = this.context.database;
    const held = await queries.select().from(vouchers).where(eq(vouchers.patientId, patientId));
    const paid = await queries.select().from(purses).where(eq(purses.patientId, patientId)).orderBy(asc(purses.account));
    return {
      patientId,
      available: totalOf(held.filter(isAvailable)),
      purses: await Promise.all(paid.map((purse) => this.#purse(purse, held.filter(({ account }) => account === purse.account)))),
      vouchers: byDenomination(held),
    };
  }

  async payout(row: PayoutRow): Promise<patientApi.Payout> {
    const { payoutId, patientId, pseudonymIndex, status, code, lastError } = row;
    const { queries } = this.context.database;
    const [counted] = await queries.select({ number: count() }).from(vouchers).where(eq(vouchers.payoutId, payoutId));
    const { amount, dueAtMs, createdAtMs, updatedAtMs } = row;
    return {
      payoutId, patientId, amount, status, code, dueAtMs, createdAtMs, updatedAtMs,
      reference: toHex(row.reference),
      nextStep: withRetry(PAYOUT_STEPS[status], lastError),
      account: pseudonymIndex === null ? null : (await this.parts.pseudonyms.load(patientId, pseudonymIndex)).account,
      vouchers: counted?.number ?? 0,
    };
  }

  async #purse(purse: PurseRow, own: readonly VoucherRow[]): Promise<patientApi.Funds['purses'][number]> {
    const { account, dueAtMs, code, lastError } = purse;
    const balance = await this.parts.purses.balance(purse);
    if (code !== null) return { account, balance, state: 'stopped', dueAtMs, code, nextStep: 'see to what the code names' };
    if (own.some(({ status }) => status === 'asked' || status === 'signed')) {
      const nextStep = 'wait for the treasury; where it does not answer in time, the credits come back and are asked for again';
      return { account, balance, state: 'asked', dueAtMs, code, nextStep: withRetry(nextStep, lastError) };
    }
    return (await this.parts.purses.isPending(purse))
      ? { account, balance, state: 'waiting', dueAtMs, code, nextStep: withRetry('ask the treasury for vouchers', lastError) }
      : { account, balance, state: 'done', dueAtMs, code, nextStep: null };
  }
}

const isAvailable = ({ status, payoutId }: VoucherRow): boolean => status === 'made' && payoutId === null;

function byDenomination(held: readonly VoucherRow[]): patientApi.Funds['vouchers'] {
  const denominations = [...new Set(held.map(({ denomination }) => denomination))].toSorted((a, b) => a - b);
  return denominations.map((denomination) => {
    const these = held.filter((voucher) => voucher.denomination === denomination);
    const number = (wanted: (voucher: VoucherRow) => boolean): number => these.filter(wanted).length;
    return {
      denomination,
      asked: number(({ status }) => status === 'asked' || status === 'signed'),
      available: number(isAvailable),
      reserved: number(({ status, payoutId }) => status === 'made' && payoutId !== null),
      spent: number(({ status }) => status === 'spent'),
    };
  });
}

const withRetry = (step: string | null, lastError: string | null): string | null => (step === null || lastError === null ? step : `${step} (trying again after ${lastError})`);
