import { type RandomBytes } from '@medveil/encoding';
import { BIRTH_DATE, canonicalUnit, partOfCode, toQuantity } from './codes.js';
import { eligibilityError } from './errors.js';
import { type Coding, DAY_MS, dayOf, QUANTITY_LIMIT, startOfDayMs } from './observation.js';
import { type PartType } from './parts.js';
import { type Clause, type Policy } from './policy.js';

export type ClauseKind = 'present' | 'absent' | 'latest';

/** The value that an observation must have: any, one of a few codes, or a number between bounds, both included. */
export type ValueTest =
  | { readonly kind: 'any' }
  | { readonly kind: 'set'; readonly values: readonly Coding[] }
  | { readonly kind: 'range'; readonly unit: string; readonly min: bigint; readonly max: bigint };

/** A clause with absolute bounds. `times` is above 1 only for counts, which are of kind `present`. */
export interface CompiledClause {
  readonly kind: ClauseKind;
  readonly part: PartType;
  readonly code: Coding;
  /** UTC milliseconds: midnight of the first day, and the last millisecond of the last. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly value: ValueTest;
  readonly times: number;
}

/** AND over groups, OR within a group. The nonce keeps a policy from being guessed from its hash. */
export interface CompiledPolicy {
  readonly version: 1;
  /** 16 bytes. */
  readonly nonce: Uint8Array;
  /** Least T (days since 1970-01-01) of an attestation. */
  readonly leastDay: number;
  readonly acceptSelfAttested: boolean;
  readonly groups: readonly (readonly CompiledClause[])[];
}

/** Bounds of a clause without a window, wide enough for any record: years 1800 to 2300. */
export const EARLIEST_MS = Date.UTC(1800, 0, 1);
export const LATEST_MS = Date.UTC(2300, 0, 1) - 1;

/** Slots of a proof: policies are padded to the next of these, so that their exact size does not show. */
export const SLOT_CLASSES = [8, 16, 32] as const;

/** A clause takes a slot, a count one for each time. */
export const slotsNeeded = (policy: CompiledPolicy): number =>
  policy.groups.reduce((sum, group) => sum + group.reduce((inGroup, clause) => inGroup + clause.times, 0), 0);

/** @throws CodedError `eligibility/policy-too-large` */
export function slotClassOf(policy: CompiledPolicy): number {
  const needed = slotsNeeded(policy);
  const found = SLOT_CLASSES.find((size) => size >= needed);
  if (found === undefined) {
    throw eligibilityError('eligibility/policy-too-large', 'the policy needs more slots than any circuit has', {
      needed,
      limit: SLOT_CLASSES[SLOT_CLASSES.length - 1] ?? 0,
    });
  }
  return found;
}

/**
 * Fixes a policy at the moment its requirement is released: relative windows and ages become absolute days,
 * quantities integers in the unit of their code.
 * @param random source of the nonce
 * @throws CodedError `eligibility/bad-policy` with `details.path`, and the errors of `toQuantity`
 */
export function compilePolicy(policy: Policy, options: { releasedAtMs: number; random: RandomBytes }): CompiledPolicy {
  const { releasedAtMs, random } = options;
  const compiled: CompiledPolicy = {
    version: 1,
    nonce: random(16),
    leastDay: Math.max(0, dayOf(releasedAtMs) - policy.attestedWithinDays),
    acceptSelfAttested: policy.acceptSelfAttested,
    groups: policy.all.map((criterion, i) =>
      'any' in criterion
        ? criterion.any.map((clause, j) => compileClause(clause, releasedAtMs, `all.${i}.any.${j}`))
        : [compileClause(criterion, releasedAtMs, `all.${i}`)],
    ),
  };
  slotClassOf(compiled);
  return compiled;
}

type ValuedClause = Extract<Clause, { has: unknown }>['has'];

function compileClause(clause: Clause, releasedAtMs: number, path: string): CompiledClause {
  if ('age' in clause) return { ...ageClause(clause.age, releasedAtMs), kind: 'present', times: 1 };
  if ('lacks' in clause) return { ...observed(clause.lacks, releasedAtMs, `${path}.lacks`), kind: 'absent', times: 1 };
  if ('latest' in clause) return { ...observed(clause.latest, releasedAtMs, `${path}.latest`), kind: 'latest', times: 1 };
  if ('count' in clause) return { ...observed(clause.count, releasedAtMs, `${path}.count`), kind: 'present', times: clause.count.times };
  return { ...observed(clause.has, releasedAtMs, `${path}.has`), kind: 'present', times: 1 };
}

type Body = Omit<CompiledClause, 'kind' | 'times'>;

function observed(clause: ValuedClause, releasedAtMs: number, path: string): Body {
  const fixed = partOfCode(clause.code);
  const part = clause.part ?? fixed;
  if (part === undefined) throw badPolicy(`${path}.part`, 'a code that is not in the table needs the part it lies in');
  return {
    part,
    code: { system: clause.code.system, code: clause.code.code },
    ...window(clause.within, releasedAtMs, `${path}.within`),
    value: valueTest(clause, `${path}.value`),
  };
}

function window(within: ValuedClause['within'], releasedAtMs: number, path: string): { fromMs: number; toMs: number } {
  if (within === undefined) return { fromMs: EARLIEST_MS, toMs: LATEST_MS };
  if ('lastDays' in within) {
    return { fromMs: startOfDayMs(releasedAtMs) - within.lastDays * DAY_MS, toMs: LATEST_MS };
  }
  const fromMs = within.from === undefined ? EARLIEST_MS : parseDay(within.from, `${path}.from`);
  const toMs = within.to === undefined ? LATEST_MS : parseDay(within.to, `${path}.to`) + DAY_MS - 1;
  if (fromMs > toMs) throw badPolicy(path, 'the window ends before it begins');
  return { fromMs, toMs };
}

function parseDay(text: string, path: string): number {
  const timeMs = Date.parse(`${text}T00:00:00Z`);
  if (Number.isNaN(timeMs) || timeMs < EARLIEST_MS || timeMs > LATEST_MS || new Date(timeMs).toISOString().slice(0, 10) !== text) {
    throw badPolicy(path, 'no such day between 1800 and 2300');
  }
  return timeMs;
}

function valueTest(clause: ValuedClause, path: string): ValueTest {
  const { value, code } = clause;
  if (value === undefined) return { kind: 'any' };
  if ('oneOf' in value) return { kind: 'set', values: value.oneOf.map(({ system, code: name }) => ({ system, code: name })) };
  const unit = canonicalUnit(code, value.unit);
  const min = value.atLeast === undefined ? 1n - QUANTITY_LIMIT : toQuantity(code, value.atLeast, value.unit).scaled;
  const max = value.atMost === undefined ? QUANTITY_LIMIT - 1n : toQuantity(code, value.atMost, value.unit).scaled;
  if (min > max) throw badPolicy(path, 'atLeast is above atMost');
  return { kind: 'range', unit, min, max };
}

/** A person has completed n years on the day of the n-th birthday: so birth dates lie between two days, both included. */
function ageClause(age: { atLeast?: number | undefined; atMost?: number | undefined }, releasedAtMs: number): Body {
  const today = new Date(releasedAtMs);
  const yearsBefore = (years: number) => Date.UTC(today.getUTCFullYear() - years, today.getUTCMonth(), today.getUTCDate());
  return {
    part: 'demographics',
    code: BIRTH_DATE,
    fromMs: age.atMost === undefined ? EARLIEST_MS : yearsBefore(age.atMost + 1) + DAY_MS,
    toMs: yearsBefore(age.atLeast ?? 0) + DAY_MS - 1,
    value: { kind: 'any' },
  };
}

const badPolicy = (path: string, message: string) => eligibilityError('eligibility/bad-policy', `${path}: ${message}`, { path });
