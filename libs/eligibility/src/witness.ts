import { accreditationLeaf, type IssuerTree } from './issuers.js';
import { type Attestation, attestationHash, claimNullifier, commit, domainNullifier, issuerPoint, subjectOf } from './commitment.js';
import { type CompiledPolicy } from './compiled-policy.js';
import { eligibilityError } from './errors.js';
import { explain } from './explain.js';
import { bitsOf, bytesToInteger, fieldToBytes } from './field.js';
import { type PartTree } from './part-tree.js';
import { PART_TYPES } from './parts.js';
import { packSlot, policyHash, type PolicySlot, policySlots } from './policy-slots.js';
import { type EligibilityStatement, idToField, publicInputsOf, publicSignals } from './public-inputs.js';
import { partDigestsOf, type RecordTree } from './record.js';
import { eighthOf, signedDigits, toMontgomery } from './schnorr.js';
import { slotSignals } from './witness-slots.js';

/** All that a proof is made from; apart from what the statement shows, it never leaves the agent. */
export interface EligibilityInputs {
  readonly record: RecordTree;
  readonly attestation: Attestation;
  readonly idSecret: bigint;
  /** r, as given to `commit`. */
  readonly r: bigint;
  readonly policy: CompiledPolicy;
  /** Whether the issuer is accredited as a self-attester under this subject, not as a hospital. */
  readonly selfAttested: boolean;
  readonly issuers: IssuerTree;
  readonly requirementId: string;
  readonly domains: readonly string[];
  readonly pseudonym: Uint8Array;
  readonly chainId: string;
}

/** Sizes of a circuit, as in circuits/circuits.json. */
export interface CircuitSize {
  readonly slots: number;
  /** Levels of nodes over the buckets that every slot has for itself. */
  readonly depth: number;
  /** Nodes one level above, which all slots share: parts of depth + 1 levels that a policy may look into. */
  readonly tops: number;
  readonly issuerDepth: number;
}

export type Signal = bigint | readonly Signal[];
export type Signals = Readonly<Record<string, Signal>>;

/** What the proof will say in public. */
export function statementOf(inputs: EligibilityInputs): EligibilityStatement {
  const { record, attestation, idSecret, domains } = inputs;
  const attested = { partsRoot: record.partsRoot, timeDay: attestation.timeDay, subject: subjectOf(idSecret) };
  return {
    h: commit(attested, inputs.r).h,
    policyHash: policyHash(inputs.policy),
    result: 1,
    requirementId: inputs.requirementId,
    claimNullifier: fieldToBytes(claimNullifier(idSecret, idToField(inputs.requirementId))),
    domains,
    domainNullifiers: domains.map((domain) => fieldToBytes(domainNullifier(idSecret, idToField(domain)))),
    issuerRoot: inputs.issuers.root,
    pseudonym: inputs.pseudonym,
    chainId: inputs.chainId,
  };
}

/**
 * The circuit's inputs for a record that matches.
 * @throws CodedError `eligibility/not-eligible` where it does not: no witness exists then; `eligibility/bad-issuer`
 * where the issuer is not accredited; `eligibility/bad-attestation` where he attested something else;
 * `eligibility/no-circuit-fits`
 */
export function buildWitness(inputs: EligibilityInputs, size: CircuitSize): { signals: Signals; statement: EligibilityStatement } {
  const { record, attestation, policy } = inputs;
  const explanation = explain(policy, record, { timeDay: attestation.timeDay, selfAttested: inputs.selfAttested });
  if (!explanation.matched) throw eligibilityError('eligibility/not-eligible', 'the record does not satisfy the policy');
  const slots = policySlots(policy);
  if (slots.length !== size.slots || !fits(record, policy, size)) {
    throw eligibilityError('eligibility/no-circuit-fits', 'the record or the policy does not fit this circuit', { slots: slots.length });
  }
  const statement = statementOf(inputs);
  return {
    signals: {
      ...publicSide(statement),
      ...recordSide(inputs),
      ...issuerSide(inputs),
      ...policySide(policy, slots),
      ...slotSignals({ slots, explanation, record, size, tops: topsNeeded(record, policy, size) }),
    },
    statement,
  };
}

/** Whether a circuit takes the parts that the policy looks into. */
export const fits = (record: RecordTree, policy: CompiledPolicy, size: Pick<CircuitSize, 'depth' | 'tops'>): boolean =>
  depthNeeded(record, policy) <= size.depth + 1 && topsNeeded(record, policy, size).length <= size.tops;

/** Depth of the deepest part that the policy looks into. */
export const depthNeeded = (record: RecordTree, policy: CompiledPolicy): number =>
  Math.max(...policy.groups.flat().map((clause) => record.parts[clause.part].depth));

/** The parts, each once, whose root is one of the shared nodes. */
const topsNeeded = (record: RecordTree, policy: CompiledPolicy, size: Pick<CircuitSize, 'depth'>): PartTree[] =>
  [...new Set(policy.groups.flat().map((clause) => record.parts[clause.part]))].filter((part) => part.depth === size.depth + 1);

function publicSide(statement: EligibilityStatement): Signals {
  const s = publicSignals(publicInputsOf(statement));
  const at = (i: number) => s[i] ?? 0n;
  return {
    h: at(0),
    policyHash: at(1),
    result: at(2),
    requirementId: at(3),
    claimNullifier: at(4),
    domains: s.slice(5, 9),
    domainNullifiers: s.slice(9, 13),
    issuerRoot: at(13),
    pseudonym: at(14),
    chainId: at(15),
  };
}

function recordSide({ record, attestation, idSecret, r }: EligibilityInputs): Signals {
  const parts = PART_TYPES.map((part) => record.parts[part]);
  return {
    idSecret,
    r,
    timeDay: BigInt(attestation.timeDay),
    partRoots: parts.map((part) => part.root),
    partDigests: partDigestsOf(parts),
  };
}

function issuerSide({ record, attestation, issuers, idSecret, selfAttested }: EligibilityInputs): Signals {
  const subject = subjectOf(idSecret);
  const issuerSelf = selfAttested ? subject : 0n;
  const place = issuers.placeOf(accreditationLeaf(attestation.issuer, issuerSelf));
  if (place === undefined) throw eligibilityError('eligibility/bad-issuer', 'the issuer of the attestation is not accredited');
  const challenge = attestationHash(attestation, { partsRoot: record.partsRoot, subject });
  if (challenge === undefined) throw eligibilityError('eligibility/bad-attestation', 'the attestation is not one of this record and subject');
  const key = issuerPoint(attestation.issuer);
  const { u, v } = toMontgomery(eighthOf(key));
  return {
    issuerX: key.x,
    issuerY: key.y,
    issuerEighth: [u, v],
    issuerSelf,
    issuerChildren: issuers.path(place),
    challenge: bitsOf(challenge, 254),
    response: signedDigits(attestation.response),
  };
}

function policySide(policy: CompiledPolicy, slots: readonly PolicySlot[]): Signals {
  const flag = (test: (slot: PolicySlot) => boolean) => slots.map((slot) => (test(slot) ? 1n : 0n));
  return {
    nonce: bytesToInteger(policy.nonce),
    leastDay: BigInt(policy.leastDay),
    acceptSelfAttested: policy.acceptSelfAttested ? 1n : 0n,
    part: slots.map((slot) => bitsOf(slot.flags, 4)),
    present: flag((slot) => slot.clause?.kind === 'present'),
    absent: flag((slot) => slot.clause?.kind === 'absent'),
    latest: flag((slot) => slot.clause?.kind === 'latest'),
    range: flag((slot) => slot.clause?.value.kind === 'range'),
    set: flag((slot) => slot.clause?.value.kind === 'set'),
    alternative: flag((slot) => slot.link === 'or'),
    chained: flag((slot) => slot.link === 'chained'),
    window: slots.map((slot) => packSlot(slot).window),
    operands: slots.map((slot) => packSlot(slot).operands),
  };
}
