import { AgreementsFault } from '../errors.js';
import type { DueDeadline } from '../deadlines.js';
import { removeDeadline } from '../deadlines.js';
import { claimTable } from '../state.js';
import type { Body } from '../transactions.js';
import type { ClaimId } from '../vocabulary.js';
import type { Call, SenderCall } from './call.js';
import { submitClaim } from './claims.js';
import { mint, redeem } from './credits.js';
import { confirmDelivery, lapse, recordDeletion, recordDelivery } from './delivery.js';
import { closeUnruled, openDispute, ruleDispute } from './disputes.js';
import { vote } from './governance.js';
import { recordRevocationReceipt, revokeGrant } from './grants.js';
import { revoke, updateIssuers } from './issuers.js';
import { approveOpening, requestOpening } from './openings.js';
import { registerRecord } from './records.js';
import { postBond, reportEvidence, withdrawBond } from './replica-faults.js';
import { closeRequirement, expireRequirement, releaseRequirement } from './requirements.js';
import { settle } from './settlement.js';
import { issueVouchers, lapseVoucherRequest, requestVouchers, spendVouchers } from './vouchers.js';

/** One version of the contract. An old block is replayed under the rules that were in force at its height. */
export interface Rules {
  /** @throws Rejection */
  apply(call: SenderCall, body: Body): void;
  /** A deadline that block time has reached. */
  meetDeadline(call: Call, due: DueDeadline): void;
}

function apply(call: SenderCall, body: Body): void {
  switch (body.type) {
    case 'mint': return mint(call, body);
    case 'redeem': return redeem(call, body);
    case 'request-vouchers': return requestVouchers(call, body);
    case 'issue-vouchers': return issueVouchers(call, body);
    case 'spend-vouchers': return spendVouchers(call, body);
    case 'vote': return vote(call, body);
    case 'update-issuers': return updateIssuers(call, body);
    case 'revoke': return revoke(call, body);
    case 'release-requirement': return releaseRequirement(call, body);
    case 'close-requirement': return closeRequirement(call, body);
    case 'register-record': return registerRecord(call, body);
    case 'submit-claim': return submitClaim(call, body);
    case 'record-delivery': return recordDelivery(call, body);
    case 'confirm-delivery': return confirmDelivery(call, body);
    case 'open-dispute': return openDispute(call, body);
    case 'rule-dispute': return ruleDispute(call, body);
    case 'request-opening': return requestOpening(call, body);
    case 'approve-opening': return approveOpening(call, body);
    case 'revoke-grant': return revokeGrant(call, body);
    case 'record-revocation-receipt': return recordRevocationReceipt(call, body);
    case 'record-deletion': return recordDeletion(call, body);
    case 'report-evidence': return reportEvidence(call, body);
    case 'post-bond': return postBond(call, body);
    case 'withdraw-bond': return withdrawBond(call, body);
  }
}

function meetDeadline(call: Call, due: DueDeadline): void {
  removeDeadline(call.state, due.atMs, due.subject);
  switch (due.subject.kind) {
    case 'requirement': return expireRequirement(call, due.subject.requirementId);
    case 'claim': return meetClaimDeadline(call, due.subject.claimId);
    case 'voucher-request': return lapseVoucherRequest(call, due.subject.requestId);
  }
}

function meetClaimDeadline(call: Call, claimId: ClaimId): void {
  const claim = claimTable.read(call.state, claimId);
  if (claim?.status === 'accepted') lapse(call, claimId, claim);
  else if (claim?.status === 'delivered') settle(call, claimId, claim, 'silence');
  else if (claim?.status === 'disputed') closeUnruled(call, claimId, claim);
  else throw new AgreementsFault('agreements/corrupt-state', 'a deadline of a claim that waits for nothing', { claimId });
}

/** By version. A version is added here, never changed once a chain has run under it. */
export const RULES: ReadonlyMap<number, Rules> = new Map([[1, { apply, meetDeadline }]]);
