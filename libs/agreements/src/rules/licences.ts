import { toHex } from '@medveil/encoding';
import { ensure } from '../errors.js';
import { type ClaimEntry, domainTable, type RequirementEntry } from '../state.js';
import type { ClaimId } from '../vocabulary.js';
import type { Call } from './call.js';

/**
 * Reserves one person's domains for a claim. An exclusive licence in force admits no other; and an exclusive licence
 * is not sold where another one is in force, for its buyer could not know of it and would not be the only one.
 */
export function reserveDomains(call: Call, claimId: ClaimId, requirement: RequirementEntry, nullifiers: readonly Uint8Array[]): void {
  const { state, block, parameters } = call;
  const { kind, untilMs } = requirement.terms.licence;
  for (const [slot, domain] of requirement.domains.entries()) {
    const nullifier = toHex(nullifiers[slot]!);
    const inForce = (domainTable.read(state, domain, nullifier) ?? []).filter((licence) => licence.untilMs > block.timeMs);
    ensure(inForce.every((licence) => licence.kind !== 'exclusive'), 'agreements/exclusive-licence-in-force', 'this person has licensed the domain exclusively', { domain });
    ensure(kind !== 'exclusive' || inForce.length === 0, 'agreements/licence-in-force', 'this person has licensed the domain to others', { domain });
    ensure(inForce.length < parameters.licencesPerDomain, 'agreements/domain-full', 'this person has too many licences in the domain', { domain, max: parameters.licencesPerDomain });
    domainTable.write(state, [...inForce, { claimId, kind, untilMs }], domain, nullifier);
  }
}

/** Gives the domains of a claim that came to nothing back. */
export function releaseDomains(call: Call, claimId: ClaimId, claim: ClaimEntry, requirement: RequirementEntry): void {
  for (const [slot, domain] of requirement.domains.entries()) {
    const nullifier = toHex(claim.domainNullifiers[slot]!);
    const others = (domainTable.read(call.state, domain, nullifier) ?? []).filter((licence) => licence.claimId !== claimId);
    if (others.length === 0) domainTable.remove(call.state, domain, nullifier);
    else domainTable.write(call.state, others, domain, nullifier);
  }
}
