/** An auditor's decision on a dispute (docs/scheme.md, section 2): a function of the ledger, the evidence, and the bodies that could be had. */
import { type ClaimEntry, type DisputeOutcome, preStatementOf, type RecordEntry, type RequirementEntry, transformedDigest } from '@medveil/agreements';
import { type CompiledPolicy, decodePolicy, isEligibilityError, type PartType, policyHash } from '@medveil/eligibility';
import { equalBytes, type Id, sha256 } from '@medveil/encoding';
import type { Afgh06, ReEncryptionStatement } from '@medveil/pre';
import { type Check, CheckLog } from './check-log.js';
import { checkReceived } from './check-received.js';
import { type DeliveryFaultCode, faultOf } from './errors.js';
import type { Evidence } from './evidence.js';
import { checkBody, openPart, type PartToOpen, type ReceivedContainer } from './open-part.js';

/** What the ledger says of a disputed claim: every entry proved by a certified header. */
export interface DisputedClaim {
  readonly chainId: string;
  readonly claimId: Id<'clm'>;
  readonly claim: ClaimEntry;
  readonly requirement: RequirementEntry;
  readonly record: RecordEntry;
}

/** Why the evidence does not carry the accusation. */
export const EVIDENCE_FAULTS = [
  'delivery/evidence-withheld',
  'delivery/evidence-of-another-claim',
  'delivery/evidence-of-another-policy',
  'delivery/evidence-of-another-delivery',
  'delivery/evidence-discloses-nothing',
  'delivery/evidence-not-proved',
] as const;
export type EvidenceFault = (typeof EVIDENCE_FAULTS)[number];

export type RulingReason = DeliveryFaultCode | EvidenceFault | 'delivery/nothing-wrong';

export interface Ruling {
  readonly outcome: DisputeOutcome;
  readonly reason: RulingReason;
  /** The part that decided, where one did. */
  readonly part: PartType | null;
  /** The auditor's own checks, up to the one that decided. */
  readonly checks: readonly Check[];
}

/** By part. What could not be had is missing; what does not hash to the registered digest counts as missing. */
export type Bodies = ReadonlyMap<PartType, Uint8Array>;

/** Whose bodies the ruling needs: the parts that the evidence discloses, or without any all that were asked for. */
export function partsConcerned({ requirement }: DisputedClaim, evidence: Evidence | null): readonly PartType[] {
  const disclosed = requirement.terms.parts.filter((part) => evidence?.disclosed.some((candidate) => candidate.part === part) === true);
  return disclosed.length === 0 ? requirement.terms.parts : disclosed;
}

/**
 * In this order, so that all auditors who have the same before them come to the same: a body is not to be had (nobody's fault that
 * could be shown); the evidence does not carry the accusation (the institution's); what the patient encrypted is not what was proved
 * (the patient's); all is as it should be (the institution's).
 * @param evidence null: withheld, or not what the ledger's hash is of
 */
export async function rule(pre: Afgh06, dispute: DisputedClaim, evidence: Evidence | null, bodies: Bodies): Promise<Ruling> {
  const checks = new CheckLog();
  const concerned = partsConcerned(dispute, evidence);
  for (const part of concerned) {
    if (!isThere(registeredOf(dispute, part), bodies.get(part))) return rulingOf('body-unavailable', 'delivery/body-unavailable', checks, part);
  }
  const usable = usableEvidence(dispute, evidence);
  if (typeof usable === 'string') return rulingOf('institution-at-fault', usable, checks);
  const statements = new Map(concerned.map((part) => [part, statementOf(dispute, usable.evidence, part)]));
  for (const [part, statement] of statements) {
    if (!pre.verifyDisclosure(statement)) return rulingOf('institution-at-fault', 'delivery/evidence-not-proved', checks, part);
  }
  try {
    const containers: ReceivedContainer[] = [];
    for (const part of concerned) containers.push(await receivedOf(pre, dispute, statements.get(part), part, bodies, checks));
    checkReceived({ record: dispute.record.record, policy: usable.policy, granted: concerned, containers }, checks);
  } catch (error) {
    const fault = faultOf(error);
    if (fault === undefined) throw error;
    return rulingOf('patient-at-fault', fault, checks);
  }
  return rulingOf('institution-at-fault', 'delivery/nothing-wrong', checks);
}

const rulingOf = (outcome: DisputeOutcome, reason: RulingReason, checks: CheckLog, part: PartType | null = null): Ruling =>
  ({ outcome, reason, part, checks: checks.checks });

type Registered = RecordEntry['parts'][number];

function registeredOf({ record }: DisputedClaim, part: PartType): Registered {
  const registered = record.parts.find((candidate) => candidate.part === part);
  // A claim is accepted only on a record that has every part asked for.
  if (registered === undefined) throw new TypeError(`the record of an accepted claim lacks ${part}`);
  return registered;
}

const isThere = ({ bodyBytes, bodyDigest }: Registered, body: Uint8Array | undefined): boolean =>
  body !== undefined && body.length === bodyBytes && equalBytes(sha256(body), bodyDigest);

/** @returns the evidence with the policy it names, or what is wrong with it */
function usableEvidence({ chainId, claimId, claim, requirement }: DisputedClaim, evidence: Evidence | null): { evidence: Evidence; policy: CompiledPolicy } | EvidenceFault {
  if (evidence === null) return 'delivery/evidence-withheld';
  if (evidence.chainId !== chainId || evidence.claimId !== claimId) return 'delivery/evidence-of-another-claim';
  const policy = readPolicy(evidence.policy);
  if (policy === undefined || !equalBytes(policyHash(policy), requirement.terms.policyHash)) return 'delivery/evidence-of-another-policy';
  const recorded = claim.delivery?.transformedDigest;
  if (recorded === undefined || !equalBytes(transformedDigest(evidence.transformed), recorded)) return 'delivery/evidence-of-another-delivery';
  const { parts } = requirement.terms;
  if (evidence.disclosed.length === 0 || !evidence.disclosed.every(({ part }) => parts.includes(part))) return 'delivery/evidence-discloses-nothing';
  return { evidence, policy };
}

function readPolicy(bytes: Uint8Array): CompiledPolicy | undefined {
  try {
    return decodePolicy(bytes);
  } catch (error) {
    if (isEligibilityError(error)) return undefined;
    throw error;
  }
}

type Disclosed = ReEncryptionStatement & { readonly disclosure: Uint8Array };

function statementOf(dispute: DisputedClaim, evidence: Evidence, part: PartType): Disclosed {
  const { chainId, claimId, claim, record } = dispute;
  const { version, capsule } = registeredOf(dispute, part);
  const transformed = evidence.transformed.find((candidate) => candidate.part === part)?.transformed ?? new Uint8Array();
  const disclosure = evidence.disclosed.find((candidate) => candidate.part === part)?.key ?? new Uint8Array();
  const statement = { chainId, record: record.record, part, version, claimId, ownerKey: record.ownerKey, delegateeKey: claim.delegateeKey, capsule, transformed };
  return { ...preStatementOf(statement), disclosure };
}

/** As the institution reads it, with K in place of its key. */
async function receivedOf(
  pre: Afgh06, dispute: DisputedClaim, statement: Disclosed | undefined, part: PartType, bodies: Bodies, checks: CheckLog,
): Promise<ReceivedContainer> {
  const body = bodies.get(part);
  if (statement === undefined || body === undefined) throw new TypeError('a part that was looked for is missing');
  const { version, bodyDigest, bodyBytes } = registeredOf(dispute, part);
  const { record, ownerKey } = dispute.record;
  const toOpen: PartToOpen = { chainId: dispute.chainId, record, part, version, ownerKey, bodyDigest, bodyBytes, transformed: statement.transformed };
  checkBody(toOpen, body, checks);
  return openPart(() => pre.decapsulateDisclosed(statement), toOpen, body, checks);
}
