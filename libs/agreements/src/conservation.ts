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

/** Counts every credit of the state, entry by entry. */
export function countCredits(view: StateReader): CreditTotals {
  const supply = supplyTable.read(view);
  if (supply === null) throw new AgreementsFault('agreements/not-initialised', 'the state was not begun by genesis');
  const held = creditsUnder(view, requirementTable.prefix) + creditsUnder(view, claimTable.prefix) + creditsUnder(view, replicaBondTable.prefix);
  const vouchers = creditsUnder(view, voucherRequestTable.prefix) + creditsUnder(view, voucherKeyTable.prefix);
  return { ...supply, balances: creditsUnder(view, accountTable.prefix), held, vouchers };
}

function creditsUnder(view: StateReader, prefix: string): bigint {
  let sum = 0n;
  for (const [key, value] of view.entries(`${prefix}/`)) sum += BigInt(creditsAt({ get: () => value }, key));
  return sum;
}

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
  if (totals.balances + totals.held + totals.vouchers !== BigInt(totals.minted) - BigInt(totals.redeemed)) {
    throw new AgreementsFault('agreements/credits-not-conserved', 'the credits held are not those minted and not redeemed', {
      balances: totals.balances.toString(), held: totals.held.toString(), vouchers: totals.vouchers.toString(), minted: totals.minted, redeemed: totals.redeemed,
    });
  }
  return totals;
}
