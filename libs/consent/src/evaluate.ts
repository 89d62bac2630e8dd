import type { Id } from '@medveil/encoding';
import { type ClauseVerdict, inForce, licenceClauses, type Offer, rateClause, rateFreeAtMs, rewardClause, touches, within } from './clauses.js';
import type { StandingRule } from './rule.js';

/** A rule that was not revoked, with what it has done so far. */
export interface HeldRule {
  readonly ruleId: Id<'cns'>;
  readonly rule: StandingRule;
  /** when it began exchanges, or asked */
  readonly begunAtMs: readonly number[];
}

/** What is known of the record and the person, besides the rules. */
export interface MatchFacts {
  /** the record meets the study's criteria */
  readonly matches: boolean;
  /** reasons for which the ledger would refuse the claim */
  readonly conflicts: readonly string[];
}

export interface RuleVerdict {
  readonly ruleId: Id<'cns'>;
  readonly effect: StandingRule['effect'];
  /** a grant or question: covers the offer; a refusal: the offer touches it */
  readonly applies: boolean;
  readonly clauses: readonly ClauseVerdict[];
}

export type ConsentDecision = 'granted' | 'ask' | 'refused';

export interface ConsentEvaluation {
  readonly decision: ConsentDecision;
  /** the rule that decided; null where none did */
  readonly ruleId: Id<'cns'> | null;
  readonly reason: string;
  readonly rules: readonly RuleVerdict[];
  /** a rule covers the offer but for its limit, which leaves room at this time; null otherwise */
  readonly againAtMs: number | null;
}

/**
 * Standing rules against one offer: a refusal that is touched wins; else a grant that covers all of it; else a question; else
 * it is refused. Nothing is granted for a record that does not match or a claim that the ledger would refuse. Pure, and
 * independent of the order of the rules but for which of several granting ones is named: the first.
 */
export function evaluateConsent(rules: readonly HeldRule[], offer: Offer, match: MatchFacts, nowMs: number): ConsentEvaluation {
  const verdicts = rules.map((held) => verdictOf(held, offer, nowMs));
  const end = (decision: ConsentDecision, reason: string, ruleId: Id<'cns'> | null = null, againAtMs: number | null = null): ConsentEvaluation =>
    ({ decision, ruleId, reason, rules: verdicts, againAtMs });
  const first = (effect: StandingRule['effect']): RuleVerdict | undefined => verdicts.find((one) => one.effect === effect && one.applies);

  if (!match.matches) return end('refused', 'the record does not meet the study’s criteria');
  const [conflict] = match.conflicts;
  if (conflict !== undefined) return end('refused', `the ledger would refuse the claim: ${conflict}`);
  const refusal = first('refuse');
  if (refusal !== undefined) return end('refused', 'a rule refuses it', refusal.ruleId);
  const grant = first('grant');
  if (grant !== undefined) return end('granted', 'a rule grants it', grant.ruleId);
  const question = first('ask');
  if (question !== undefined) return end('ask', 'a rule asks to be asked', question.ruleId);
  const againAtMs = earliest(rules.filter((_, index) => isHeldUpByRate(verdicts[index])), nowMs);
  return againAtMs === null
    ? end('refused', rules.length === 0 ? 'no rule is in force, and what no rule covers is refused' : 'no rule covers all of it')
    : end('refused', 'the rule that covers it has used up its limit', null, againAtMs);
}

function verdictOf({ ruleId, rule, begunAtMs }: HeldRule, offer: Offer, nowMs: number): RuleVerdict {
  const clauses = rule.effect === 'refuse'
    ? [inForce(rule, nowMs), ...touches(rule, offer)]
    : [
      inForce(rule, nowMs), ...within(rule, offer), ...licenceClauses(rule.licence, offer.terms, nowMs), rewardClause(rule, offer.terms),
      rateClause(rule.atMost, begunAtMs, nowMs),
    ];
  return { ruleId, effect: rule.effect, applies: clauses.every(({ met }) => met), clauses };
}

const isHeldUpByRate = (verdict: RuleVerdict | undefined): boolean =>
  verdict !== undefined && verdict.effect !== 'refuse' && verdict.clauses.every(({ clause, met }) => met || clause === 'rate');

const earliest = (rules: readonly HeldRule[], nowMs: number): number | null =>
  rules.length === 0 ? null : Math.min(...rules.map(({ rule, begunAtMs }) => (rule.effect === 'refuse' ? nowMs : rateFreeAtMs(rule.atMost, begunAtMs, nowMs))));
