import { accreditationLeaf, type IssuerTree } from './issuers.js';
import { type Attestation, claimNullifier, commit, domainNullifier, issuerPoint, subjectOf } from './commitment.js';
import { type CompiledPolicy } from './compiled-policy.js';
import { eligibilityError } from './errors.js';
import { explain, type Explanation } from './explain.js';
import { bytesToInteger, fieldToBytes } from './field.js';
import { type MerklePath, TREE_ARITY } from './merkle.js';
import { leafHash, type ObservationLeaf, type PartTree } from './part-tree.js';
import { PART_TYPES } from './parts.js';
import { partSelector, policyHash, type PolicySlot, policySlots } from './policy-slots.js';
import { type EligibilityStatement, idToField, publicInputsOf, publicSignals } from './public-inputs.js';
import { type RecordTree } from './record.js';

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
  readonly depth: number;
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
 * where the issuer is not accredited; `eligibility/no-circuit-fits`
 */
export function buildWitness(inputs: EligibilityInputs, size: CircuitSize): { signals: Signals; statement: EligibilityStatement } {
  const { record, attestation, policy } = inputs;
  const explanation = explain(policy, record, { timeDay: attestation.timeDay, selfAttested: inputs.selfAttested });
  if (!explanation.matched) throw eligibilityError('eligibility/not-eligible', 'the record does not satisfy the policy');
  const slots = policySlots(policy);
  if (slots.length !== size.slots || depthNeeded(record, policy) > size.depth) {
    throw eligibilityError('eligibility/no-circuit-fits', 'the record or the policy does not fit this circuit', { slots: slots.length });
  }
  const statement = statementOf(inputs);
  return {
    signals: { ...publicSide(statement), ...recordSide(inputs), ...issuerSide(inputs), ...policySide(policy, slots), ...slotSides(slots, explanation, record, size.depth) },
    statement,
  };
}

/** Depth of the deepest part that the policy looks into. */
export const depthNeeded = (record: RecordTree, policy: CompiledPolicy): number =>
  Math.max(...policy.groups.flat().map((clause) => record.parts[clause.part].tree.depth));

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
    partRoots: parts.map((part) => part.tree.root),
    partDigestHi: parts.map((part) => bytesToInteger(part.digest.subarray(0, 16))),
    partDigestLo: parts.map((part) => bytesToInteger(part.digest.subarray(16))),
    partSalts: parts.map((part) => part.salt),
  };
}

function issuerSide({ attestation, issuers, idSecret, selfAttested }: EligibilityInputs): Signals {
  const issuerSelf = selfAttested ? subjectOf(idSecret) : 0n;
  const place = issuers.placeOf(accreditationLeaf(attestation.issuer, issuerSelf));
  if (place === undefined) throw eligibilityError('eligibility/bad-issuer', 'the issuer of the attestation is not accredited');
  const { x: issuerX, y: issuerY } = issuerPoint(attestation.issuer);
  const path = issuers.path(place);
  return {
    issuerX,
    issuerY,
    issuerSelf,
    issuerChildren: path.siblings,
    issuerBits: path.positions.map(positionBits),
    r8x: attestation.r8x,
    r8y: attestation.r8y,
    signature: attestation.s,
  };
}

function policySide(policy: CompiledPolicy, slots: readonly PolicySlot[]): Signals {
  const flag = (test: (slot: PolicySlot) => boolean) => slots.map((slot) => (test(slot) ? 1n : 0n));
  return {
    nonce: bytesToInteger(policy.nonce),
    leastDay: BigInt(policy.leastDay),
    acceptSelfAttested: policy.acceptSelfAttested ? 1n : 0n,
    part: slots.map(partSelector),
    present: flag((slot) => slot.clause?.kind === 'present'),
    absent: flag((slot) => slot.clause?.kind === 'absent'),
    latest: flag((slot) => slot.clause?.kind === 'latest'),
    range: flag((slot) => slot.clause?.value.kind === 'range'),
    set: flag((slot) => slot.clause?.value.kind === 'set'),
    alternative: flag((slot) => slot.link === 'or'),
    chained: flag((slot) => slot.link === 'chained'),
    low: slots.map((slot) => slot.low),
    high: slots.map((slot) => slot.high),
    operands: slots.map((slot) => slot.operands),
  };
}

function slotSides(slots: readonly PolicySlot[], explanation: Explanation, record: RecordTree, depth: number): Signals {
  const shown = explanation.groups.flatMap((group) =>
    group.clauses.flatMap((clause) =>
      Array.from({ length: clause.clause.times }, (_, nth) => ({ part: record.parts[clause.clause.part], index: clause.leaves[nth] })),
    ),
  );
  let previousKey = 0n;
  const sides = slots.map((slot, i) => {
    const { part, index } = shown[i] ?? { part: undefined, index: undefined };
    const leaf = index === undefined ? undefined : part?.leaves[index];
    if (part === undefined || index === undefined || leaf === undefined) {
      previousKey = 0n;
      return emptySlotSide(depth, slot.clause === undefined);
    }
    const side = slotSide(slot, part, index, leaf, previousKey, depth);
    previousKey = leaf.key;
    return side;
  });
  const column = (name: keyof SlotSide) => sides.map((side) => side[name]);
  return {
    holds: column('holds'),
    key: column('key'),
    value: column('value'),
    nextKey: column('nextKey'),
    salt: column('salt'),
    children: column('children'),
    bits: column('bits'),
    active: column('active'),
    limbs: column('limbs'),
  };
}

type SlotSide = Readonly<Record<'holds' | 'key' | 'value' | 'nextKey' | 'salt' | 'children' | 'bits' | 'active' | 'limbs', Signal>>;

function slotSide(slot: PolicySlot, part: PartTree, index: number, leaf: ObservationLeaf, previousKey: bigint, depth: number): SlotSide {
  return {
    holds: 1n,
    key: leaf.key,
    value: leaf.value,
    nextKey: leaf.nextKey,
    salt: leaf.salt,
    ...pathSignals(part.path(index), depth, part.tree.root),
    limbs: slotLimbs(slot, leaf, previousKey),
  };
}

/** A slot that no leaf is held against: a leaf of zeros and a path without an active level. */
function emptySlotSide(depth: number, unused: boolean): SlotSide {
  const path = pathSignals({ siblings: [], positions: [] }, depth, leafHash({ key: 0n, value: 0n, nextKey: 0n, salt: 0n }));
  return { holds: unused ? 1n : 0n, key: 0n, value: 0n, nextKey: 0n, salt: 0n, ...path, limbs: Array.from({ length: 7 }, () => 0n) };
}

/** A level beyond the path's own is not active; the node that the path ended in stands first among its children. */
function pathSignals(path: MerklePath, depth: number, top: bigint): Pick<SlotSide, 'children' | 'bits' | 'active'> {
  const levels = Array.from({ length: depth }, (_, level) => level);
  return {
    children: levels.map((level) => path.siblings[level] ?? Array.from({ length: TREE_ARITY }, (_, i) => (i === 0 ? top : 0n))),
    bits: levels.map((level) => positionBits(path.positions[level] ?? 0)),
    active: levels.map((level) => (level < path.positions.length ? 1n : 0n)),
  };
}

const positionBits = (position: number): bigint[] => [0, 1, 2].map((bit) => BigInt((position >> bit) & 1));

/** The differences that the circuit checks, in 64-bit limbs: see circuits/circom/clause.circom. */
function slotLimbs(slot: PolicySlot, leaf: ObservationLeaf, previousKey: bigint): bigint[] {
  const kind = slot.clause?.kind;
  const lower = kind === 'present' ? (slot.link === 'chained' ? leaf.key - previousKey - 1n : 0n) : leaf.nextKey - slot.high - 1n;
  if (kind === 'absent') return [...threeLimbs(lower), ...threeLimbs(slot.low - 1n - leaf.key), 0n];
  const [min = 0n, max = 0n] = slot.operands;
  const value = slot.clause?.value.kind === 'range' ? [leaf.value - min, max - leaf.value] : [0n, 0n];
  return [...threeLimbs(lower), leaf.key - slot.low, slot.high - leaf.key, ...value];
}

const LIMB = (1n << 64n) - 1n;
const threeLimbs = (n: bigint): bigint[] => [n & LIMB, (n >> 64n) & LIMB, n >> 128n];
