import type { StateReader } from '@medveil/ledger';
import { creditsAt } from './draft.js';
import { AgreementsFault } from './errors.js';
import { accountTable, claimTable, replicaBondTable, requirementTable, supplyTable, voucherKeyTable, voucherRequestTable } from './state.js';

export interface CreditTotals {
  readonly minted: number;
  readonly redeemed: number;
  /** In accounts. */
  readonly balances: bigint;
  /** In escrows, holds and bonds. */
  readonly held: bigint;
  /** Asked for, or out. */
  readonly vouchers: bigint;
}

/** Between two of them whoever counts may do something else: some milliseconds of work. */
const ENTRIES_IN_A_SLICE = 256;

/** Counts every credit of the state, entry by entry; yields after each slice. */
function* counting(view: StateReader): Generator<void, CreditTotals> {
  const supply = supplyTable.read(view);
  if (supply === null) throw new AgreementsFault('agreements/not-initialised', 'the state was not begun by genesis');
  const balances = yield* creditsUnder(view, [accountTable.prefix]);
  const held = yield* creditsUnder(view, [requirementTable.prefix, claimTable.prefix, replicaBondTable.prefix]);
  const vouchers = yield* creditsUnder(view, [voucherRequestTable.prefix, voucherKeyTable.prefix]);
  return { ...supply, balances, held, vouchers };
}

function* creditsUnder(view: StateReader, prefixes: readonly string[]): Generator<void, bigint> {
  let sum = 0n;
  let inSlice = 0;
  for (const prefix of prefixes) {
    for (const [key, value] of view.entries(`${prefix}/`)) {
      sum += BigInt(creditsAt({ get: () => value }, key));
      inSlice += 1;
      if (inSlice % ENTRIES_IN_A_SLICE === 0) yield;
    }
  }
  return sum;
}

/** Counts every credit of the state. Reads all of it at once. */
function countCredits(view: StateReader): CreditTotals {
  const steps = counting(view);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** The same a slice at a time, `pause` in between. @param view must not change meanwhile: a ledger's view does not */
export async function countCreditsInSlices(view: StateReader, pause: () => Promise<unknown>): Promise<CreditTotals> {
  const steps = counting(view);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    await pause();
  }
}

/** Whether what there is equals what was minted and not redeemed. */
export const areConserved = ({ minted, redeemed, balances, held, vouchers }: CreditTotals): boolean => balances + held + vouchers === BigInt(minted) - BigInt(redeemed);

/** Credits in existence: every balance, escrow, hold, bond and voucher. Reads the whole state. */
export function totalCredits(view: StateReader): bigint {
  const { balances, held, vouchers } = countCredits(view);
  return balances + held + vouchers;
}

/**
 * The full audit: what there is equals what was minted and not redeemed. The state machine checks the same of every
 * transaction's changes by itself; this is for auditors and for replicas after a state transfer.
 * @throws AgreementsFault `agreements/credits-not-conserved`
 */
export function checkConservation(view: StateReader): CreditTotals {
  const totals = countCredits(view);
  if (!areConserved(totals)) {
    throw new AgreementsFault('agreements/credits-not-conserved', 'the credits held are not those minted and not redeemed', {
      balances: totals.balances.toString(), held: totals.held.toString(), vouchers: totals.vouchers.toString(), minted: totals.minted, redeemed: totals.redeemed,
    });
  }
  return totals;
}
