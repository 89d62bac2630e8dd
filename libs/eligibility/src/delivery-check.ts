import { equalBytes } from '@medveil/encoding';
import { type CompiledClause, type CompiledPolicy } from './compiled-policy.js';
import { type DeliveryOpening, type OpenedPart, readClosedPart } from './delivery.js';
import { explain } from './explain.js';
import { bytesToField } from './field.js';
import { recordHash } from './commitment.js';
import { encodeValue, type Observation } from './observation.js';
import { keyedObservations, leavesOf, PartTree } from './part-tree.js';
import { PART_TYPES, type PartType } from './parts.js';
import { partsRootOf, type RecordTree } from './record.js';

export interface DeliveryToCheck {
  /** The commitment on the ledger, 32 bytes. */
  readonly h: Uint8Array;
  readonly policy: CompiledPolicy;
  /** The parts that the requirement asks for. */
  readonly granted: readonly PartType[];
  readonly opening: DeliveryOpening;
  /** SHA-256 of every granted part's plaintext as the institution decrypted it. */
  readonly plaintextDigests: Readonly<Partial<Record<PartType, Uint8Array>>>;
  /** What the institution itself reads out of the plaintexts; compared with the leaves where given. */
  readonly observations?: Readonly<Partial<Record<PartType, readonly Observation[]>>>;
}

/** Why what was delivered is not what was proved; `part` where one part is to blame. */
export type DeliveryFault =
  | { readonly code: 'parts-missing'; readonly part: PartType }
  | { readonly code: 'part-not-granted'; readonly part: PartType }
  | { readonly code: 'plaintext-differs'; readonly part: PartType }
  | { readonly code: 'leaves-malformed'; readonly part: PartType }
  | { readonly code: 'observations-differ'; readonly part: PartType }
  | { readonly code: 'commitment-differs' }
  | { readonly code: 'attestation-too-old' }
  | { readonly code: 'criterion-not-met'; readonly group: number };

export type DeliveryVerdict =
  | { readonly ok: true; /** Groups of the policy whose truth the delivered parts show; the others stand on the proof. */ readonly groupsShown: readonly number[] }
  | { readonly ok: false; readonly fault: DeliveryFault };

/**
 * The institution's check (docs/scheme.md, section 6): plaintexts against part digests, observations against their
 * subtrees, parts against partsRoot, h against the ledger, and every criterion that the delivered parts can decide.
 */
export function checkDelivery(delivery: DeliveryToCheck): DeliveryVerdict {
  const malformed = partsFault(delivery);
  if (malformed !== undefined) return { ok: false, fault: malformed };
  const trees: Trees = Object.fromEntries(delivery.opening.parts.map((part) => [part.part, treeOf(part)]));
  if (!isCommitted(delivery, trees)) return { ok: false, fault: { code: 'commitment-differs' } };
  if (delivery.opening.timeDay < delivery.policy.leastDay) return { ok: false, fault: { code: 'attestation-too-old' } };
  return criteriaVerdict(delivery, trees);
}

type Trees = Partial<RecordTree['parts']>;

function partsFault({ granted, opening, plaintextDigests, observations }: DeliveryToCheck): DeliveryFault | undefined {
  const opened = opening.parts.map(({ part }) => part);
  const missing = granted.find((part) => !opened.includes(part));
  if (missing !== undefined) return { code: 'parts-missing', part: missing };
  for (const part of PART_TYPES) {
    const times = opened.filter((p) => p === part).length + (opening.closed[part] === undefined ? 0 : 1);
    if (times !== 1) return { code: 'parts-missing', part };
    if (opened.includes(part) && !granted.includes(part)) return { code: 'part-not-granted', part };
  }
  for (const part of opening.parts) {
    const found = plaintextDigests[part.part];
    if (found === undefined || !equalBytes(found, part.digest)) return { code: 'plaintext-differs', part: part.part };
    if (!leavesWellFormed(part)) return { code: 'leaves-malformed', part: part.part };
    const own = observations?.[part.part];
    if (own !== undefined && !sameObservations(part, own)) return { code: 'observations-differ', part: part.part };
  }
  return undefined;
}

/** Every leaf has the key that its observation's place in the part gives it: sorted, and none twice. */
function leavesWellFormed(part: OpenedPart): boolean {
  try {
    const keyed = keyedObservations(part.part, part.leaves.map((leaf) => leaf.observation));
    return keyed.every(({ key, observation }, i) => part.leaves[i]?.key === key && part.leaves[i].observation === observation);
  } catch {
    return false;
  }
}

function sameObservations(part: OpenedPart, own: readonly Observation[]): boolean {
  const keyed = keyedObservations(part.part, own);
  return (
    keyed.length === part.leaves.length &&
    keyed.every(({ key, observation }, i) => {
      const leaf = part.leaves[i];
      return leaf !== undefined && leaf.key === key && encodeValue(leaf.observation.value) === encodeValue(observation.value);
    })
  );
}

function isCommitted({ h, opening }: DeliveryToCheck, trees: Trees): boolean {
  try {
    const parts = PART_TYPES.map((part) => trees[part] ?? readClosedPart(opening.closed[part] ?? new Uint8Array()));
    return equalBytes(recordHash(partsRootOf(parts), opening.timeDay, bytesToField(opening.blinding)), h);
  } catch {
    return false;
  }
}

const treeOf = (part: OpenedPart): PartTree => new PartTree(part.part, part.digest, part.salt, leavesOf(part.leaves, part.sentinelSalt));

/** A group fails where all its clauses lie in delivered parts and none matches; a clause in another part stands on the proof. */
function criteriaVerdict({ policy, opening }: DeliveryToCheck, trees: Trees): DeliveryVerdict {
  const record: RecordTree = { partsRoot: 0n, parts: trees as RecordTree['parts'], datePrecision: 'day' };
  const facts = { timeDay: opening.timeDay, selfAttested: false };
  const visible = (clause: CompiledClause) => trees[clause.part] !== undefined;
  const groupsShown: number[] = [];
  for (const [index, group] of policy.groups.entries()) {
    const decidable = group.filter(visible);
    const matched = decidable.length > 0 && explain({ ...policy, groups: [decidable] }, record, facts).groups[0]?.matched === true;
    if (matched) groupsShown.push(index);
    else if (decidable.length === group.length) return { ok: false, fault: { code: 'criterion-not-met', group: index } };
  }
  return { ok: true, groupsShown };
}
