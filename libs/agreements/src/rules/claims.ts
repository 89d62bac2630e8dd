import { equalBytes, toHex } from '@medveil/encoding';
import { addDeadline } from '../deadlines.js';
import { claimIdOf, recordIdOf } from '../envelope.js';
import { ensure } from '../errors.js';
import { claimTable, memberTable, nullifierTable, type RecordEntry, recordTable, type RequirementEntry, requirementTable } from '../state.js';
import type { BodyOf } from '../transactions.js';
import type { ClaimId, RecordId } from '../vocabulary.js';
import { requirementOf, type SenderCall } from './call.js';
import { acceptsIssuerRoot } from './issuers.js';
import { reserveDomains } from './licences.js';

type SubmitClaim = BodyOf<'submit-claim'>;

/**
 * Phase 7, in the order of docs/scheme.md: σ (checked with the envelope), then π over what the transaction says,
 * then whether that is what was asked for; last, what others have taken already.
 */
export function submitClaim(call: SenderCall, body: SubmitClaim): void {
  const { state, block, parameters, sender } = call;
  const requirement = openRequirement(call, body);
  const recordId = recordIdOf(body.record);
  const record = ownRecord(call, recordId);
  const parts = partsAskedFor(requirement, record);
  checkProof(call, body, requirement);
  ensure(body.result === requirement.terms.expectedResult, 'agreements/result-mismatch', 'the result is not the one that is paid for', {
    given: body.result, expected: requirement.terms.expectedResult,
  });
  ensure(equalBytes(body.policyHash, requirement.terms.policyHash), 'agreements/policy-mismatch', 'the proof is for another policy');
  const delegateeKey = pinnedDelegateeKey(call, requirement, record);

  const claimId = claimIdOf(sender.id, sender.nonce);
  spendNullifier(call, body, claimId);
  reserveDomains(call, claimId, requirement, body.domainNullifiers);
  ensure(requirement.taken < requirement.terms.quantity, 'agreements/quantity-reached', 'all records wanted are taken', { quantity: requirement.terms.quantity });

  const reward = requirement.terms.rewardPerRecord;
  const deadlineMs = block.timeMs + parameters.deliverWithinMs;
  requirementTable.write(state, { ...requirement, taken: requirement.taken + 1, escrow: requirement.escrow - reward }, body.requirementId);
  claimTable.write(state, {
    requirementId: body.requirementId, recordId, patient: sender.id, institution: requirement.institution, status: 'accepted',
    claimNullifier: body.claimNullifier, domainNullifiers: body.domainNullifiers, delegateeKey, hold: reward, acceptedAtMs: block.timeMs, height: block.height, deadlineMs,
    delivery: null, dispute: null, endedAtMs: null, grantRevokedAtMs: null, revocationReceipts: [], deletion: null,
  }, claimId);
  addDeadline(state, deadlineMs, { kind: 'claim', claimId });
  call.emit('claim-accepted', {
    claimId, requirementId: body.requirementId, recordId, record: body.record, patient: sender.id, institution: requirement.institution,
    parts, reward, deliverByMs: deadlineMs,
  });
}

function openRequirement(call: SenderCall, body: SubmitClaim): RequirementEntry {
  const requirement = requirementOf(call.state, body.requirementId);
  const { expiresAtMs } = requirement.terms;
  // The deadline index is worked off in bounded steps: block time decides, not whether it has been reached.
  ensure(requirement.status !== 'expired' && call.block.timeMs < expiresAtMs, 'agreements/requirement-expired', 'the requirement has expired', { expiresAtMs });
  ensure(requirement.status === 'open', 'agreements/requirement-closed', 'the institution closed the requirement');
  return requirement;
}

function ownRecord(call: SenderCall, recordId: RecordId): RecordEntry {
  const record = recordTable.read(call.state, recordId);
  ensure(record !== null, 'agreements/unknown-record', 'the record is not registered', { recordId });
  ensure(record.account === call.sender.id, 'agreements/not-the-record-owner', 'the record was registered by another account', { recordId });
  return record;
}

function partsAskedFor(requirement: RequirementEntry, record: RecordEntry): { part: (typeof record.parts)[number]['part']; version: number }[] {
  return requirement.terms.parts.map((wanted) => {
    const registered = record.parts.find(({ part }) => part === wanted);
    ensure(registered !== undefined, 'agreements/missing-part', 'the record has no ciphertext of a part that is asked for', { part: wanted });
    const { maxBodyBytes = Infinity } = requirement.terms;
    ensure(registered.bodyBytes <= maxBodyBytes, 'agreements/body-too-large', 'a ciphertext is larger than the institution takes', { part: wanted, bytes: registered.bodyBytes, max: maxBodyBytes });
    return { part: wanted, version: registered.version };
  });
}

function checkProof(call: SenderCall, body: SubmitClaim, requirement: RequirementEntry): void {
  const { verifiers, chain, sender } = call;
  ensure(acceptsIssuerRoot(call, body.issuerRoot), 'agreements/unknown-issuer-root', 'not a root of accredited issuers in force');
  const proved = body.domainNullifiers.length === requirement.domains.length && verifiers.verifyEligibility(requirement.terms.verificationKeyHash, {
    h: body.record,
    policyHash: body.policyHash,
    result: body.result,
    requirementId: body.requirementId,
    claimNullifier: body.claimNullifier,
    domains: requirement.domains,
    domainNullifiers: body.domainNullifiers,
    issuerRoot: body.issuerRoot,
    pseudonym: sender.publicKey,
    chainId: chain.chainId,
  }, body.proof);
  ensure(proved, 'agreements/bad-eligibility-proof', 'the proof does not hold for this record, requirement and sender');
}

function pinnedDelegateeKey(call: SenderCall, requirement: RequirementEntry, record: RecordEntry): Uint8Array {
  const delegateeKey = memberTable.read(call.state, requirement.institution)?.delegateeKey ?? null;
  ensure(delegateeKey !== null, 'agreements/unknown-member', 'the institution is no longer pinned');
  ensure(!call.verifiers.areRelatedKeys(record.ownerKey, delegateeKey), 'agreements/related-keys', "the owner's and the delegatee's key are the same");
  return delegateeKey;
}

/** One reward per person and requirement; a claim that came to nothing by no proven fault may be tried again a few times. */
function spendNullifier(call: SenderCall, body: SubmitClaim, claimId: ClaimId): void {
  const nullifier = toHex(body.claimNullifier);
  const spent = nullifierTable.read(call.state, body.requirementId, nullifier);
  ensure(spent === null || (spent.free && spent.attempts < call.parameters.claimAttempts), 'agreements/nullifier-spent', 'this person has claimed for the requirement');
  nullifierTable.write(call.state, { claimId, attempts: (spent?.attempts ?? 0) + 1, free: false }, body.requirementId, nullifier);
}
