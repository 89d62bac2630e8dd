import { digest } from '@medveil/encoding';
import { ensure } from '../errors.js';
import { type ClaimEntry, claimTable, type RecordEntry, recordTable } from '../state.js';
import type { BodyOf } from '../transactions.js';
import type { ClaimId, RecordId } from '../vocabulary.js';
import { type Call, claimOf, requirementOf, requireStatus, type SenderCall } from './call.js';
import { giveBack, moveDeadline, settle } from './settlement.js';

/** Until when a claim waits is decided by block time, whether or not the deadline has been worked off. */
export function requireInTime(call: Call, claim: ClaimEntry): void {
  ensure(claim.deadlineMs !== null && call.block.timeMs < claim.deadlineMs, 'agreements/too-late', 'the time for this is over', { deadlineMs: claim.deadlineMs });
}

/** Phase 8 on the ledger: every part asked for, re-encrypted for the institution, with proofs that anybody can check. */
export function recordDelivery(call: SenderCall, body: BodyOf<'record-delivery'>): void {
  const { state, block, parameters, sender } = call;
  const claim = claimOf(state, body.claimId);
  ensure(sender.id === claim.patient || sender.role === 'proxy', 'agreements/not-permitted', 'neither a proxy nor the patient of this claim');
  requireStatus(claim, 'accepted');
  requireInTime(call, claim);
  checkDelivery(call, body, claim);
  const deadlineMs = block.timeMs + parameters.confirmWithinMs;
  moveDeadline(state, body.claimId, claim, deadlineMs);
  const parts = body.parts.map(({ part, transformed }) => ({ part, transformed }));
  claimTable.write(state, {
    ...claim, status: 'delivered', deadlineMs,
    delivery: { by: sender.id, atMs: block.timeMs, transformedDigest: transformedDigest(parts) },
  }, body.claimId);
  call.emit('delivery-recorded', {
    claimId: body.claimId, requirementId: claim.requirementId, by: sender.id, institution: claim.institution, patient: claim.patient,
    parts, settleByMs: deadlineMs,
  });
}

/** What the claim keeps of a delivery; the capsules themselves stand in the transaction and in the event. */
export const transformedDigest = (parts: readonly { readonly part: string; readonly transformed: Uint8Array }[]): Uint8Array =>
  digest('medveil/transformed/1', parts.map(({ part, transformed }) => ({ part, transformed })));

function recordOf(call: Call, recordId: RecordId): RecordEntry {
  const record = recordTable.read(call.state, recordId);
  ensure(record !== null, 'agreements/unknown-record', 'the record is not registered', { recordId });
  return record;
}

function checkDelivery(call: SenderCall, body: BodyOf<'record-delivery'>, claim: ClaimEntry): void {
  const { terms } = requirementOf(call.state, claim.requirementId);
  ensure(
    body.parts.length === terms.parts.length && body.parts.every(({ part }, index) => part === terms.parts[index]),
    'agreements/wrong-parts', 'not exactly the parts that were asked for, in their order',
  );
  const record = recordOf(call, claim.recordId);
  for (const delivered of body.parts) {
    const registered = record.parts.find(({ part }) => part === delivered.part);
    const proved = registered !== undefined && call.verifiers.verifyReEncryption({
      chainId: call.chain.chainId,
      record: record.record,
      part: delivered.part,
      version: registered.version,
      claimId: body.claimId,
      ownerKey: record.ownerKey,
      delegateeKey: claim.delegateeKey,
      capsule: registered.capsule,
      transformed: delivered.transformed,
      proof: delivered.proof,
    });
    ensure(proved, 'agreements/bad-reencryption-proof', 'a part is not shown to be re-encrypted as it should be', { part: delivered.part });
  }
}

/** Phase 10: the institution signs for what it decrypted. */
export function confirmDelivery(call: SenderCall, body: BodyOf<'confirm-delivery'>): void {
  const claim = claimOf(call.state, body.claimId);
  ensure(claim.institution === call.sender.id, 'agreements/not-permitted', 'the claim is of another institution');
  requireStatus(claim, 'delivered');
  settle(call, body.claimId, claim, 'confirmed');
}

/** Deadline T1: nothing was delivered. */
export function lapse(call: Call, claimId: ClaimId, claim: ClaimEntry): void {
  const retryable = giveBack(call, claimId, claim, 'lapsed', true);
  call.emit('claim-lapsed', { claimId, requirementId: claim.requirementId, retryable });
}

/** Phase around the others: the institution states that it deleted what it received. */
export function recordDeletion(call: SenderCall, body: BodyOf<'record-deletion'>): void {
  const { state, block, sender } = call;
  const claim = claimOf(state, body.claimId);
  ensure(claim.institution === sender.id, 'agreements/not-permitted', 'the claim is of another institution');
  ensure(claim.delivery !== null, 'agreements/wrong-claim-state', 'nothing was delivered under this claim', { status: claim.status });
  ensure(claim.deletion === null, 'agreements/already-recorded', 'a deletion is on record');
  claimTable.write(state, { ...claim, deletion: { statementHash: body.statementHash, atMs: block.timeMs } }, body.claimId);
  call.emit('deletion-recorded', { claimId: body.claimId, institution: sender.id, statementHash: body.statementHash });
}
