import { openingIdOf } from '../envelope.js';
import { ensure } from '../errors.js';
import { accountTable, type OpeningEntry, openingTable } from '../state.js';
import type { BodyOf } from '../transactions.js';
import type { OpeningId } from '../vocabulary.js';
import { claimOf, type SenderCall } from './call.js';
import { membersOf } from './governance.js';

/** Ordered first: nobody gives a share for what does not stand here, for all to see (docs/identity.md). */
export function requestOpening(call: SenderCall, body: BodyOf<'request-opening'>): void {
  const { state, block, parameters, sender } = call;
  const { account, reason, claimId, evidenceHash } = body;
  ensure(accountTable.read(state, account)?.certificate != null, 'agreements/not-a-pseudonym', 'there is no pseudonym with this account', { account });
  ensure(claimId === null || claimOf(state, claimId).patient === account, 'agreements/not-permitted', 'the claim is of another pseudonym');
  const openingId = openingIdOf(sender.id, sender.nonce);
  const approveUntilMs = block.timeMs + parameters.ruleWithinMs;
  call.emit('opening-requested', { openingId, account, reason, claimId, evidenceHash, auditor: sender.id, approveUntilMs });
  approve(call, openingId, {
    account, reason, claimId, evidenceHash, requestedBy: sender.id, requestedAtMs: block.timeMs, approveUntilMs, approvals: [], approvedAtMs: null,
  });
}

/** An auditor's approval. Those of auditors unpinned since do not count. */
export function approveOpening(call: SenderCall, body: BodyOf<'approve-opening'>): void {
  const opening = openingTable.read(call.state, body.openingId);
  ensure(opening !== null, 'agreements/unknown-opening', 'nobody has asked for this opening', { openingId: body.openingId });
  ensure(call.block.timeMs < opening.approveUntilMs, 'agreements/too-late', 'the time to approve is over', { deadlineMs: opening.approveUntilMs });
  ensure(!opening.approvals.includes(call.sender.id), 'agreements/already-approved', 'the auditor has approved this opening');
  approve(call, body.openingId, opening);
}

function approve(call: SenderCall, openingId: OpeningId, opening: OpeningEntry): void {
  const { state, block, sender } = call;
  const approvals = [...opening.approvals, sender.id];
  const auditors = membersOf(state, 'auditor');
  const approved = approvals.filter((auditor) => auditors.includes(auditor)).length * 2 > auditors.length;
  openingTable.write(state, { ...opening, approvals, approvedAtMs: opening.approvedAtMs ?? (approved ? block.timeMs : null) }, openingId);
  call.emit('opening-approved', { openingId, account: opening.account, auditor: sender.id, approvals: approvals.length, approved });
}
