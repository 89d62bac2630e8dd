import { ensure } from '../errors.js';
import { claimTable } from '../state.js';
import type { BodyOf } from '../transactions.js';
import { claimOf, type SenderCall } from './call.js';
import { giveBack } from './settlement.js';

/**
 * The patient withdraws. Before delivery the claim ends here; afterwards the institution may have read what was
 * granted, what is owed stays owed, and the proxy is bound to destroy the re-encryption keys it still has.
 */
export function revokeGrant(call: SenderCall, body: BodyOf<'revoke-grant'>): void {
  const { state, block, sender } = call;
  const claim = claimOf(state, body.claimId);
  const { claimId } = body;
  ensure(claim.patient === sender.id, 'agreements/not-permitted', 'the claim is of another account');
  ensure(claim.grantRevokedAtMs === null, 'agreements/already-revoked', 'the grant is revoked');
  const revoked = { ...claim, grantRevokedAtMs: block.timeMs };
  claimTable.write(state, revoked, claimId);
  call.emit('grant-revoked', { claimId, requirementId: claim.requirementId, recordId: claim.recordId, patient: sender.id });
  if (claim.status === 'accepted') {
    const retryable = giveBack(call, claimId, revoked, 'withdrawn', true);
    call.emit('claim-withdrawn', { claimId, requirementId: claim.requirementId, retryable });
  }
}

/** A proxy's statement, not a proof: that a key was destroyed cannot be proved (docs/scheme.md, section 5). */
export function recordRevocationReceipt(call: SenderCall, body: BodyOf<'record-revocation-receipt'>): void {
  const { state, block, sender } = call;
  const claim = claimOf(state, body.claimId);
  ensure(claim.grantRevokedAtMs !== null, 'agreements/not-revoked', 'the grant is not revoked');
  ensure(claim.revocationReceipts.every(({ proxy }) => proxy !== sender.id), 'agreements/already-recorded', 'this proxy has given its receipt');
  const receipt = { proxy: sender.id, statementHash: body.statementHash, atMs: block.timeMs };
  claimTable.write(state, { ...claim, revocationReceipts: [...claim.revocationReceipts, receipt] }, body.claimId);
  call.emit('revocation-recorded', { claimId: body.claimId, proxy: sender.id, statementHash: body.statementHash });
}
