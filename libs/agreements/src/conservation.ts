import type { StateReader } from '@medveil/ledger';
import { creditsHeld } from './draft.js';
import { AgreementsFault } from './errors.js';
import { accountTable, claimTable, requirementTable, supplyTable } from './state.js';

/** Credits in existence, counted entry by entry: every balance, escrow, hold and bond. Reads the whole state. */
export function totalCredits(view: StateReader): bigint {
  let total = 0n;
  for (const { prefix } of [accountTable, requirementTable, claimTable]) {
    for (const [key, value] of view.entries(`${prefix}/`)) total += BigInt(creditsHeld(key, value));
  }
  return total;
}

/**
 * The full audit: what there is equals what was minted and not redeemed. The state machine checks the same of every
 * transaction's changes by itself; this is for auditors and for replicas after a state transfer.
 * @throws AgreementsFault `agreements/credits-not-conserved`
 */
export function checkConservation(view: StateReader): { minted: number; redeemed: number; total: bigint } {
  const supply = supplyTable.read(view);
  if (supply === null) throw new AgreementsFault('agreements/not-initialised', 'the state was not begun by genesis');
  const total = totalCredits(view);
  if (total !== BigInt(supply.minted) - BigInt(supply.redeemed)) {
    throw new AgreementsFault('agreements/credits-not-conserved', 'the credits held are not those minted and not redeemed', {
      total: total.toString(), minted: supply.minted, redeemed: supply.redeemed,
    });
  }
  return { ...supply, total };
}
