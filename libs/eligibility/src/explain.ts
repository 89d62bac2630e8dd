import { type CompiledClause, type CompiledPolicy, EARLIEST_MS, LATEST_MS } from './compiled-policy.js';
import { codeHash, TIME_BITS } from './observation.js';
import { passesValue, type PolicySlot, policySlots } from './policy-slots.js';
import type { DatePrecision } from './record.js';
import type { SearchableLeaf, SearchableRecord } from './screening.js';

/** What is known of a record's attestation, besides its tree. */
export interface AttestationFacts {
  readonly timeDay: number;
  readonly selfAttested: boolean;
}

export type ClauseReason =
  | 'matched'
  | 'code-not-in-record'
  | 'none-in-window'
  | 'value-does-not-match'
  | 'too-few'
  | 'present-in-window'
  | 'not-provable-when-self-attested'
  | 'window-finer-than-dates';

/** One clause against the record. For the patient's eyes, on the patient's machine. */
export interface ClauseExplanation {
  readonly clause: CompiledClause;
  readonly matched: boolean;
  readonly reason: ClauseReason;
  /** Leaves of the clause's part that show it, one for each time; empty where it does not match. */
  readonly leaves: readonly number[];
}

export interface Explanation {
  readonly matched: boolean;
  readonly groups: readonly { readonly matched: boolean; readonly clauses: readonly ClauseExplanation[] }[];
  readonly attestation: 'accepted' | 'too-old' | 'self-attested-not-accepted';
}

/**
 * Clause by clause, what matched and what did not; nothing leaves the caller.
 * @param record a `RecordTree`, or an index (`decodeIndex`): the answer is the same
 */
export function explain(policy: CompiledPolicy, record: SearchableRecord, facts: AttestationFacts): Explanation {
  const slots = policySlots(policy);
  const groups = policy.groups.map((group) => {
    const clauses = group.map((clause) => explainClause(clause, slotOf(slots, clause), record, facts));
    return { matched: clauses.some((c) => c.matched), clauses };
  });
  const attestation = attestationAccepted(policy, facts);
  return { matched: attestation === 'accepted' && groups.every((g) => g.matched), groups, attestation };
}

export const matches = (policy: CompiledPolicy, record: SearchableRecord, facts: AttestationFacts): boolean =>
  explain(policy, record, facts).matched;

function attestationAccepted(policy: CompiledPolicy, facts: AttestationFacts): Explanation['attestation'] {
  if (facts.timeDay < policy.leastDay) return 'too-old';
  return facts.selfAttested && !policy.acceptSelfAttested ? 'self-attested-not-accepted' : 'accepted';
}

function slotOf(slots: readonly PolicySlot[], clause: CompiledClause): PolicySlot & { clause: CompiledClause } {
  const slot = slots.find((candidate) => candidate.clause === clause);
  if (slot === undefined) throw new RangeError('a clause without a slot');
  return { ...slot, clause };
}

function explainClause(
  clause: CompiledClause,
  slot: PolicySlot & { clause: CompiledClause },
  record: SearchableRecord,
  facts: AttestationFacts,
): ClauseExplanation {
  const no = (reason: ClauseReason): ClauseExplanation => ({ clause, matched: false, reason, leaves: [] });
  if (!windowFits(clause, record.datePrecision)) return no('window-finer-than-dates');
  if (facts.selfAttested && clause.kind !== 'present') return no('not-provable-when-self-attested');
  return findLeaves(slot, record.parts[clause.part], no);
}

type SearchablePart = { readonly leaves: readonly SearchableLeaf[] };

function findLeaves(
  slot: PolicySlot & { clause: CompiledClause },
  part: SearchablePart,
  no: (reason: ClauseReason) => ClauseExplanation,
): ClauseExplanation {
  const { clause } = slot;
  const yes = (leaves: number[]): ClauseExplanation => ({ clause, matched: true, reason: 'matched', leaves });
  const first = firstLeafFrom(part, slot.low);
  const end = firstLeafFrom(part, slot.high + 1n);
  if (clause.kind === 'absent') return first === end ? yes([first - 1]) : no('present-in-window');
  if (first === end) return no(holdsCode(part, clause) ? 'none-in-window' : 'code-not-in-record');
  const passes = (index: number) => passesValue(slot, part.leaves[index]?.value ?? 0n);
  if (clause.kind === 'latest') return passes(end - 1) ? yes([end - 1]) : no('value-does-not-match');
  const passing: number[] = [];
  for (let i = first; i < end && passing.length < clause.times; i += 1) if (passes(i)) passing.push(i);
  if (passing.length === clause.times) return yes(passing);
  return no(clause.times > 1 ? 'too-few' : 'value-does-not-match');
}

/** Index of the first leaf whose key is at least `key`; the number of leaves where there is none. Leaf 0 is the low sentinel. */
function firstLeafFrom(part: SearchablePart, key: bigint): number {
  let low = 0;
  let high = part.leaves.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((part.leaves[middle]?.key ?? 0n) < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

function holdsCode(part: SearchablePart, clause: CompiledClause): boolean {
  const code = codeHash(clause.code);
  const leaf = part.leaves[firstLeafFrom(part, code << TIME_BITS)];
  return leaf !== undefined && leaf.key >> TIME_BITS === code;
}

/** A record whose dates were cut to the year answers windows of whole years only. */
function windowFits(clause: CompiledClause, precision: DatePrecision): boolean {
  if (precision === 'day' || (clause.fromMs === EARLIEST_MS && clause.toMs === LATEST_MS)) return true;
  const from = new Date(clause.fromMs);
  const after = new Date(clause.toMs + 1);
  return [from, after].every((d) => d.getUTCMonth() === 0 && d.getUTCDate() === 1);
}
