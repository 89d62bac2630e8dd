import type { Terms } from '@medveil/agreements';
import type { Id } from '@medveil/encoding';
import { allows, purposesIn } from './purposes.js';
import type { CoveringRule, LicenceBounds, Rate, StandingRule } from './rule.js';

export const DAY_MS = 86_400_000;

/** What an institution asks for, as it signed it. */
export interface Offer {
  readonly institution: Id<'acc'>;
  readonly terms: Pick<Terms, 'parts' | 'licence' | 'rewardPerRecord'>;
}

export const CLAUSES = [
  'in-force', 'institution', 'purposes', 'parts', 'licence-kind', 'territory', 'onward-sharing', 'licence-end', 'deletion', 'modifiers', 'reward', 'rate',
] as const;
export type ClauseName = (typeof CLAUSES)[number];

/** One clause of a rule against the offer; the reason is for the patient's eyes. */
export interface ClauseVerdict {
  readonly clause: ClauseName;
  readonly met: boolean;
  readonly reason: string;
}

const verdict = (clause: ClauseName, met: boolean, yes: string, no: string): ClauseVerdict => ({ clause, met, reason: met ? yes : no });
const listed = (items: readonly string[]): string => items.join(', ');

export const inForce = ({ untilMs }: StandingRule, nowMs: number): ClauseVerdict =>
  verdict('in-force', untilMs === null || nowMs < untilMs, 'the rule is in force', 'the rule has ended');

/** The scope of a grant or a question: the offer has to lie within it. */
export function within(rule: CoveringRule, { institution, terms }: Offer): ClauseVerdict[] {
  const purposes = purposesIn(terms.licence.purposes);
  const { purposes: allowed, parts } = rule;
  const unwanted = allowed === 'any' ? [] : purposes.filter((purpose) => !allowed.some((one) => allows(one, purpose)));
  const tooMuch = parts === 'any' ? [] : terms.parts.filter((part) => !parts.includes(part));
  return [
    verdict('institution', namesInstitution(rule, institution), 'the institution is one of those named', 'the institution is not one of those named'),
    purposes.length === 0
      ? { clause: 'purposes', met: false, reason: 'the licence names no purpose' }
      : verdict('purposes', unwanted.length === 0, 'every purpose is allowed', `not allowed: ${listed(unwanted)}`),
    verdict('parts', tooMuch.length === 0, 'no other part is asked for', `asked for beyond the rule: ${listed(tooMuch)}`),
  ];
}

/** The scope of a refusal: the offer meets it where it touches each of the three. */
export function touches(rule: StandingRule, { institution, terms }: Offer): ClauseVerdict[] {
  const { purposes: refused, parts } = rule;
  const purposes = terms.licence.purposes.filter((purpose) => refused === 'any' || refused.some((one) => allows(one, purpose) || allows(purpose, one)));
  const touched = terms.parts.filter((part) => parts === 'any' || parts.includes(part));
  return [
    verdict('institution', namesInstitution(rule, institution), 'the institution is one of those refused', 'the institution is not one of those refused'),
    verdict('purposes', purposes.length > 0, `refused: ${listed(purposes)}`, 'no purpose is one of those refused'),
    verdict('parts', touched.length > 0, `refused: ${listed(touched)}`, 'no part is one of those refused'),
  ];
}

const namesInstitution = ({ institutions }: StandingRule, institution: Id<'acc'>): boolean => institutions === 'any' || institutions.includes(institution);

export function licenceClauses(bounds: LicenceBounds, { licence }: Offer['terms'], nowMs: number): ClauseVerdict[] {
  const { kinds, territory, onwardSharing, endsWithinDays, deletedWithinDays, modifiers } = bounds;
  const isWithin = territory === 'any' || (licence.territory.length > 0 && licence.territory.every((country) => territory.includes(country)));
  const missing = modifiers.filter((code) => !licence.purposes.includes(code));
  const isDeleted = deletedWithinDays === null || (licence.deleteByMs !== null && licence.deleteByMs <= nowMs + deletedWithinDays * DAY_MS);
  return [
    verdict('licence-kind', kinds.includes(licence.kind), 'the kind of licence is accepted', `an ${licence.kind} licence is not accepted`),
    verdict('territory', isWithin, 'used only where the rule allows', licence.territory.length === 0 ? 'the licence has no limit of territory' : 'used in other countries than the rule allows'),
    verdict('onward-sharing', onwardSharing === 'accepted' || licence.noOnwardSharing, 'the rule’s word on onward sharing is kept', 'the licence allows onward sharing'),
    verdict('licence-end', endsWithinDays === null || licence.untilMs <= nowMs + endsWithinDays * DAY_MS, 'the licence ends in time', `the licence ends later than in ${endsWithinDays} days`),
    verdict('deletion', isDeleted, 'the rule’s word on deletion is kept', `no deletion within ${deletedWithinDays} days is promised`),
    verdict('modifiers', missing.length === 0, 'the licence carries the limits asked for', `the licence lacks ${listed(missing)}`),
  ];
}

export const rewardClause = ({ minimumReward }: CoveringRule, { rewardPerRecord }: Offer['terms']): ClauseVerdict =>
  verdict('reward', rewardPerRecord >= minimumReward, 'the reward is high enough', `the reward is ${rewardPerRecord}, less than ${minimumReward}`);

/** @param begunAtMs when the rule began exchanges or asked */
export function rateClause(atMost: Rate | null, begunAtMs: readonly number[], nowMs: number): ClauseVerdict {
  const freeAtMs = rateFreeAtMs(atMost, begunAtMs, nowMs);
  return verdict('rate', freeAtMs <= nowMs, 'the rule’s limit is not used up', `the rule’s limit is used up until ${new Date(freeAtMs).toISOString()}`);
}

/** When the limit leaves room for one more: now, or when the oldest that counts is old enough. */
export function rateFreeAtMs(atMost: Rate | null, begunAtMs: readonly number[], nowMs: number): number {
  if (atMost === null) return nowMs;
  const windowMs = atMost.days * DAY_MS;
  const counting = begunAtMs.filter((atMs) => atMs > nowMs - windowMs).toSorted((a, b) => b - a);
  const last = counting[atMost.exchanges - 1];
  return last === undefined ? nowMs : last + windowMs;
}
