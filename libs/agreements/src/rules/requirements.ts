import { equalBytes } from '@medveil/encoding';
import { sampleRequirementId } from '@medveil/eligibility';
import { requirementIdOf } from '../envelope.js';
import { AgreementsFault, ensure } from '../errors.js';
import { addDeadline, removeDeadline } from '../deadlines.js';
import { registryTable, type RequirementEntry, requirementTable, verificationKeysTable } from '../state.js';
import type { BodyOf } from '../transactions.js';
import { type DomainRegistry, type PartType, type RequirementId, type Terms } from '../vocabulary.js';
import { type Call, requirementOf, type SenderCall } from './call.js';
import { credit, debit } from './credits.js';

/** The domains of the parts asked for, in the registry's order: named by the ledger, never by the institution. */
export const domainsOf = (registry: DomainRegistry, parts: readonly PartType[]): string[] =>
  registry.domains.filter((domain) => parts.some((part) => registry.parts[part] === domain));

/** The consortium's part of a reward. */
export const feeOf = (reward: number, feeBasisPoints: number): number => Number((BigInt(reward) * BigInt(feeBasisPoints)) / 10_000n);

export function releaseRequirement(call: SenderCall, body: BodyOf<'release-requirement'>): void {
  const { state, block, chain, parameters, sender } = call;
  const { terms } = body;
  const requirementId = requirementIdOf(chain.chainId, sender.id, terms);
  ensure(requirementTable.read(state, requirementId) === null, 'agreements/duplicate-requirement', 'the same terms were released before', { requirementId });
  checkTerms(call, terms);
  const registry = registryTable.read(state);
  if (registry === null) throw new AgreementsFault('agreements/not-initialised', 'registry is missing');
  const domains = domainsOf(registry, terms.parts);
  ensure(terms.licence.kind !== 'exclusive' || domains.length > 0, 'agreements/exclusive-without-domain', 'none of the parts belongs to a domain that can be licensed exclusively');
  checkSample(call, body, requirementId, domains);
  const escrow = terms.rewardPerRecord * terms.quantity;
  ensure(Number.isSafeInteger(escrow), 'agreements/amount-too-large', 'the escrow is more than can be counted');
  debit(state, sender.id, escrow);
  const feePerRecord = feeOf(terms.rewardPerRecord, parameters.feeBasisPoints);
  requirementTable.write(state, {
    institution: sender.id, terms, domains, feePerRecord, status: 'open', taken: 0, settled: 0, escrow, releasedAtMs: block.timeMs, height: block.height,
  }, requirementId);
  addDeadline(state, terms.expiresAtMs, { kind: 'requirement', requirementId });
  call.emit('requirement-released', { requirementId, institution: sender.id, terms, domains, feePerRecord });
}

function checkTerms(call: Call, terms: Terms): void {
  const { state, block, parameters } = call;
  const { expiresAtMs, licence } = terms;
  ensure(expiresAtMs > block.timeMs, 'agreements/bad-terms', 'the requirement has expired already', { expiresAtMs, timeMs: block.timeMs });
  ensure(expiresAtMs - block.timeMs <= parameters.requirementLifetimeMs, 'agreements/bad-terms', 'the requirement would stay open for too long', {
    expiresAtMs, maxMs: parameters.requirementLifetimeMs,
  });
  ensure(licence.untilMs > expiresAtMs, 'agreements/bad-terms', 'the licence ends before the last claim may come', { untilMs: licence.untilMs, expiresAtMs });
  ensure(licence.deleteByMs === null || licence.deleteByMs > expiresAtMs, 'agreements/bad-terms', 'the deletion date lies before the expiry', {
    deleteByMs: licence.deleteByMs, expiresAtMs,
  });
  const keys = verificationKeysTable.read(state) ?? [];
  ensure(
    keys.some((key) => key.instance === terms.instance && equalBytes(key.hash, terms.verificationKeyHash)),
    'agreements/unknown-verification-key', 'the verification key of this instance is not pinned', { instance: terms.instance },
  );
}

function checkSample(call: SenderCall, body: BodyOf<'release-requirement'>, requirementId: RequirementId, domains: readonly string[]): void {
  const { verifiers, chain, sender } = call;
  const { terms, sample } = body;
  const proved = sample.domainNullifiers.length === domains.length && verifiers.verifyEligibility(terms.verificationKeyHash, {
    h: sample.record,
    policyHash: terms.policyHash,
    result: terms.expectedResult,
    requirementId: sampleRequirementId(requirementId),
    claimNullifier: sample.claimNullifier,
    domains,
    domainNullifiers: sample.domainNullifiers,
    issuerRoot: sample.issuerRoot,
    pseudonym: sender.publicKey,
    chainId: chain.chainId,
  }, sample.proof);
  ensure(proved, 'agreements/bad-sample-proof', 'the sample does not prove that the policy can be met');
}

export function closeRequirement(call: SenderCall, body: BodyOf<'close-requirement'>): void {
  const requirement = requirementOf(call.state, body.requirementId);
  ensure(requirement.institution === call.sender.id, 'agreements/not-permitted', 'the requirement is of another institution');
  ensure(requirement.status === 'open', 'agreements/requirement-closed', `the requirement is ${requirement.status}`, { status: requirement.status });
  removeDeadline(call.state, requirement.terms.expiresAtMs, { kind: 'requirement', requirementId: body.requirementId });
  endRequirement(call, body.requirementId, requirement, 'closed');
}

/** Deadline: the requirement's expiry. */
export const expireRequirement = (call: Call, requirementId: RequirementId): void =>
  endRequirement(call, requirementId, requirementOf(call.state, requirementId), 'expired');

/** Claims under way go on; what is not held for them goes back. */
function endRequirement(call: Call, requirementId: RequirementId, requirement: RequirementEntry, how: 'closed' | 'expired'): void {
  requirementTable.write(call.state, { ...requirement, status: how, escrow: 0 }, requirementId);
  credit(call.state, requirement.institution, requirement.escrow);
  call.emit('requirement-closed', { requirementId, how, refunded: requirement.escrow });
}
