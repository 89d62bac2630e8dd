import { ensure } from '../errors.js';
import { type ClaimEntry, claimTable } from '../state.js';
import type { BodyOf } from '../transactions.js';
import type { ClaimId, DisputeOutcome } from '../vocabulary.js';
import { type Call, claimOf, requireStatus, type SenderCall } from './call.js';
import { credit, debit } from './credits.js';
import { requireInTime } from './delivery.js';
import { membersOf } from './governance.js';
import { giveBack, moveDeadline, settle } from './settlement.js';

/** The institution says that what was delivered is not what was proved, and puts up a bond for saying so. */
export function openDispute(call: SenderCall, body: BodyOf<'open-dispute'>): void {
  const { state, block, parameters, sender } = call;
  const claim = claimOf(state, body.claimId);
  ensure(claim.institution === sender.id, 'agreements/not-permitted', 'the claim is of another institution');
  requireStatus(claim, 'delivered');
  requireInTime(call, claim);
  const bond = parameters.disputeBond;
  debit(state, sender.id, bond);
  const deadlineMs = block.timeMs + parameters.ruleWithinMs;
  moveDeadline(state, body.claimId, claim, deadlineMs);
  claimTable.write(state, {
    ...claim, status: 'disputed', deadlineMs,
    dispute: { openedAtMs: block.timeMs, bond, evidenceHash: body.evidenceHash, votes: [], outcome: null },
  }, body.claimId);
  call.emit('disputed', { claimId: body.claimId, requirementId: claim.requirementId, institution: sender.id, evidenceHash: body.evidenceHash, bond, ruleByMs: deadlineMs });
}

/** An auditor's vote. More than half of the auditors pinned now decide; votes of those unpinned since do not count. */
export function ruleDispute(call: SenderCall, body: BodyOf<'rule-dispute'>): void {
  const { state, sender } = call;
  const claim = claimOf(state, body.claimId);
  requireStatus(claim, 'disputed');
  requireInTime(call, claim);
  const { dispute } = claim;
  ensure(dispute !== null, 'agreements/wrong-claim-state', 'the claim is not disputed');
  ensure(dispute.votes.every(({ auditor }) => auditor !== sender.id), 'agreements/already-ruled', 'the auditor has ruled on this claim');
  const votes = [...dispute.votes, { auditor: sender.id, outcome: body.outcome }];
  const voted: ClaimEntry = { ...claim, dispute: { ...dispute, votes } };
  claimTable.write(state, voted, body.claimId);
  call.emit('ruling-voted', { claimId: body.claimId, auditor: sender.id, outcome: body.outcome });
  const auditors = membersOf(state, 'auditor');
  const agreeing = votes.filter(({ auditor, outcome }) => outcome === body.outcome && auditors.includes(auditor)).length;
  if (agreeing * 2 > auditors.length) execute(call, body.claimId, voted, body.outcome);
}

function execute(call: Call, claimId: ClaimId, claim: ClaimEntry, outcome: DisputeOutcome): void {
  call.emit('ruled', { claimId, requirementId: claim.requirementId, outcome });
  const ruled = withoutBond(claim, outcome);
  const bond = claim.dispute?.bond ?? 0;
  switch (outcome) {
    case 'institution-at-fault':
      // The bond makes up to the patient that auditors had to see the part.
      credit(call.state, claim.patient, bond);
      return settle(call, claimId, ruled, 'ruled');
    case 'patient-at-fault':
    case 'body-unavailable':
      credit(call.state, claim.institution, bond);
      giveBack(call, claimId, ruled, 'refunded', outcome === 'body-unavailable');
  }
}

/**
 * Deadline T3: the auditors did not decide. The delivery was shown to be right as far as the ledger can check it, so
 * the patient is paid; the institution was not shown to be wrong, so it has its bond back.
 */
export function closeUnruled(call: Call, claimId: ClaimId, claim: ClaimEntry): void {
  credit(call.state, claim.institution, claim.dispute?.bond ?? 0);
  settle(call, claimId, withoutBond(claim, null), 'unruled');
}

const withoutBond = (claim: ClaimEntry, outcome: DisputeOutcome | null): ClaimEntry => ({
  ...claim,
  dispute: claim.dispute === null ? null : { ...claim.dispute, bond: 0, outcome },
});
