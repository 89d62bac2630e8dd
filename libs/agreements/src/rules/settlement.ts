import { toHex } from '@medveil/encoding';
import { addDeadline, removeDeadline } from '../deadlines.js';
import type { EventData } from '../events.js';
import { type ClaimEntry, claimTable, nullifierTable, requirementTable } from '../state.js';
import type { ClaimId } from '../vocabulary.js';
import { type Call, requirementOf, type State } from './call.js';
import { credit } from './credits.js';
import { releaseDomains } from './licences.js';

/** Takes the claim's present deadline off the index and puts the next one on it. */
export function moveDeadline(state: State, claimId: ClaimId, claim: ClaimEntry, nextMs: number | null): void {
  if (claim.deadlineMs !== null) removeDeadline(state, claim.deadlineMs, { kind: 'claim', claimId });
  if (nextMs !== null) addDeadline(state, nextMs, { kind: 'claim', claimId });
}

/** The hold is paid: to the patient, less the fee agreed at release, and to the consortium. The licence stays in force. */
export function settle(call: Call, claimId: ClaimId, claim: ClaimEntry, how: EventData<'settled'>['how']): void {
  const { state, block, chain } = call;
  const requirement = requirementOf(state, claim.requirementId);
  const fee = requirement.feePerRecord;
  const paid = claim.hold - fee;
  moveDeadline(state, claimId, claim, null);
  claimTable.write(state, { ...claim, status: 'settled', hold: 0, deadlineMs: null, endedAtMs: block.timeMs }, claimId);
  requirementTable.write(state, { ...requirement, settled: requirement.settled + 1 }, claim.requirementId);
  credit(state, claim.patient, paid);
  credit(state, chain.feeAccount, fee);
  call.emit('settled', { claimId, requirementId: claim.requirementId, how, patient: claim.patient, institution: claim.institution, paid, fee });
}

/**
 * The claim came to nothing: the hold goes back, the place is open again, the domains are free.
 * @param mayRetry false where the patient was found at fault
 * @returns whether the person may claim again
 */
export function giveBack(call: Call, claimId: ClaimId, claim: ClaimEntry, status: 'lapsed' | 'withdrawn' | 'refunded', mayRetry: boolean): boolean {
  const { state, block } = call;
  const requirement = requirementOf(state, claim.requirementId);
  const reopen = requirement.status === 'open';
  moveDeadline(state, claimId, claim, null);
  releaseDomains(call, claimId, claim, requirement);
  const retryable = freeNullifier(call, claim, mayRetry);
  claimTable.write(state, { ...claim, status, hold: 0, deadlineMs: null, endedAtMs: block.timeMs }, claimId);
  requirementTable.write(state, { ...requirement, taken: requirement.taken - 1, escrow: requirement.escrow + (reopen ? claim.hold : 0) }, claim.requirementId);
  if (!reopen) credit(state, claim.institution, claim.hold);
  call.emit('refunded', { claimId, requirementId: claim.requirementId, amount: claim.hold, to: reopen ? 'escrow' : 'institution' });
  return retryable;
}

function freeNullifier(call: Call, claim: ClaimEntry, mayRetry: boolean): boolean {
  const nullifier = toHex(claim.claimNullifier);
  const spent = nullifierTable.read(call.state, claim.requirementId, nullifier);
  if (spent === null || !mayRetry) return false;
  nullifierTable.write(call.state, { ...spent, free: true }, claim.requirementId, nullifier);
  return spent.attempts < call.parameters.claimAttempts;
}
