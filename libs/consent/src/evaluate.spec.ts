import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Licence } from '@medveil/agreements';
import { PART_TYPES } from '@medveil/eligibility';
import { type Id, makeId } from '@medveil/encoding';
import fc from 'fast-check';
import { type ConsentDecision, evaluateConsent, type HeldRule, type MatchFacts, type Offer, type StandingRule, type StandingRuleInput, standingRuleSchema } from './index.js';

const NOW_MS = Date.UTC(2026, 5, 1);
const DAY_MS = 86_400_000;
const account = (byte: number): Id<'acc'> => makeId('acc', new Uint8Array(32).fill(byte));
const LAB = account(1);
const OTHER = account(2);
const HEALTH = 'DUO:0000006';
const DISEASE = 'DUO:0000007';
const GENERAL = 'DUO:0000042';
const NON_COMMERCIAL = 'DUO:0000046';

const licence = (changed: Partial<Licence> = {}): Licence => ({
  kind: 'non-exclusive', purposes: [DISEASE], purposeNote: '', untilMs: NOW_MS + 300 * DAY_MS, noOnwardSharing: true, territory: ['DE'], deleteByMs: NOW_MS + 365 * DAY_MS, ...changed,
});
const offer = (changed: { licence?: Partial<Licence>; reward?: number; parts?: Offer['terms']['parts']; institution?: Id<'acc'> } = {}): Offer => ({
  institution: changed.institution ?? LAB,
  terms: { parts: changed.parts ?? ['laboratory'], licence: licence(changed.licence), rewardPerRecord: changed.reward ?? 100 },
});
const MATCH: MatchFacts = { matches: true, conflicts: [] };

const GRANT: StandingRuleInput = {
  effect: 'grant', institutions: [LAB], purposes: [HEALTH], parts: ['vital-signs', 'laboratory'], untilMs: NOW_MS + DAY_MS,
  licence: { territory: ['DE', 'FR'], endsWithinDays: 365, deletedWithinDays: 400 }, minimumReward: 50, atMost: { exchanges: 2, days: 30 },
};
const ASK: StandingRuleInput = { effect: 'ask', institutions: 'any', purposes: 'any', parts: 'any', untilMs: null, minimumReward: 0, atMost: null };
const REFUSE: StandingRuleInput = { effect: 'refuse', institutions: [OTHER], purposes: 'any', parts: 'any', untilMs: null };

const held = (rule: StandingRuleInput, number = 0, begunAtMs: readonly number[] = []): HeldRule => ({
  ruleId: makeId('cns', new Uint8Array(16).fill(number)), rule: standingRuleSchema.parse(rule), begunAtMs,
});
const decide = (rules: readonly HeldRule[], to: Offer, match = MATCH) => evaluateConsent(rules, to, match, NOW_MS);
const unmet = (rule: StandingRuleInput, to: Offer, begunAtMs: readonly number[] = []): string[] =>
  (decide([held(rule, 0, begunAtMs)], to).rules[0]?.clauses ?? []).filter(({ met }) => !met).map(({ clause }) => clause);

describe('one standing rule', () => {
  it('grants what lies within all its bounds', () => {
    const { decision, ruleId, rules } = decide([held(GRANT)], offer());
    assert.deepEqual([decision, ruleId], ['granted', held(GRANT).ruleId]);
    assert.ok(rules[0]?.clauses.every(({ met, reason }) => met && reason !== ''));
  });

  it('does not grant what leaves a single bound, and names it', () => {
    const cases: [string, Offer][] = [
      ['institution', offer({ institution: OTHER })],
      ['purposes', offer({ licence: { purposes: [DISEASE, GENERAL] } })],
      ['purposes', offer({ licence: { purposes: [NON_COMMERCIAL] } })],
      ['purposes', offer({ licence: { purposes: ['DUO:0000999'] } })],
      ['purposes', offer({ licence: { purposes: [DISEASE, 'DUO:0000043'] } })],
      ['parts', offer({ parts: ['demographics', 'laboratory'] })],
      ['licence-kind', offer({ licence: { kind: 'exclusive' } })],
      ['territory', offer({ licence: { territory: [] } })],
      ['territory', offer({ licence: { territory: ['DE', 'US'] } })],
      ['onward-sharing', offer({ licence: { noOnwardSharing: false } })],
      ['licence-end', offer({ licence: { untilMs: NOW_MS + 365 * DAY_MS + 1 } })],
      ['deletion', offer({ licence: { deleteByMs: null } })],
      ['deletion', offer({ licence: { deleteByMs: NOW_MS + 400 * DAY_MS + 1 } })],
      ['reward', offer({ reward: 49 })],
    ];
    for (const [clause, to] of cases) {
      assert.deepEqual(unmet(GRANT, to), [clause]);
      assert.equal(decide([held(GRANT)], to).decision, 'refused', clause);
    }
    assert.deepEqual(unmet({ ...GRANT, untilMs: NOW_MS }, offer()), ['in-force']);
    assert.deepEqual(unmet({ ...GRANT, licence: { modifiers: [NON_COMMERCIAL] } }, offer()), ['modifiers']);
    assert.deepEqual(unmet({ ...GRANT, licence: { modifiers: [NON_COMMERCIAL] } }, offer({ licence: { purposes: [DISEASE, NON_COMMERCIAL] } })), []);
  });

  it('accepts an offer at each bound exactly', () => {
    const to = offer({ reward: 50, parts: ['vital-signs', 'laboratory'], licence: { territory: ['DE', 'FR'], untilMs: NOW_MS + 365 * DAY_MS, deleteByMs: NOW_MS + 400 * DAY_MS, purposes: [HEALTH, DISEASE] } });
    assert.deepEqual(unmet(GRANT, to), []);
  });

  it('stops at its limit, and says when there is room again', () => {
    const begun = [NOW_MS - 29 * DAY_MS, NOW_MS - DAY_MS, NOW_MS - 31 * DAY_MS];
    assert.deepEqual(unmet(GRANT, offer(), begun), ['rate']);
    const { decision, againAtMs } = decide([held(GRANT, 0, begun)], offer());
    assert.deepEqual([decision, againAtMs], ['refused', NOW_MS + DAY_MS]);
    assert.equal(decide([held(GRANT, 0, begun)], offer({ reward: 1 })).againAtMs, null);
    assert.deepEqual(unmet(GRANT, offer(), begun.slice(1)), []);
  });

  it('refuses what it touches, by a broader or a narrower purpose too', () => {
    const refusal: StandingRuleInput = { ...REFUSE, institutions: 'any', purposes: [HEALTH], parts: ['laboratory'] };
    const decision = (to: Offer) => decide([held(ASK, 1), held(refusal, 2)], to).decision;
    assert.equal(decision(offer({ licence: { purposes: [DISEASE] } })), 'refused');
    assert.equal(decision(offer({ licence: { purposes: [GENERAL] } })), 'refused');
    assert.equal(decision(offer({ parts: ['laboratory', 'conditions'] })), 'refused');
    assert.equal(decision(offer({ licence: { purposes: ['DUO:0000011'] } })), 'ask');
    assert.equal(decision(offer({ parts: ['conditions'] })), 'ask');
  });
});

const arbitraryOffer = fc.record({
  institution: fc.constantFrom(LAB, OTHER),
  parts: fc.subarray([...PART_TYPES], { minLength: 1 }),
  reward: fc.nat({ max: 200 }),
  licence: fc.record({
    kind: fc.constantFrom<Licence['kind']>('exclusive', 'non-exclusive'),
    purposes: fc.subarray([HEALTH, DISEASE, GENERAL, NON_COMMERCIAL, 'DUO:0000011'], { minLength: 1 }),
    territory: fc.subarray(['DE', 'FR', 'US']),
    noOnwardSharing: fc.boolean(),
    untilMs: fc.integer({ min: 1, max: 800 }).map((days) => NOW_MS + days * DAY_MS),
    deleteByMs: fc.option(fc.integer({ min: 1, max: 800 }).map((days) => NOW_MS + days * DAY_MS)),
  }),
}).map((changed) => offer(changed));
const scope = {
  institutions: fc.constantFrom<'any' | Id<'acc'>[]>('any', [LAB], [LAB, OTHER]),
  purposes: fc.constantFrom<'any' | string[]>('any', [GENERAL], [HEALTH], [DISEASE, 'DUO:0000011']),
  parts: fc.oneof(fc.constant('any' as const), fc.subarray([...PART_TYPES], { minLength: 1 })),
  untilMs: fc.constantFrom(null, NOW_MS, NOW_MS + 1),
};
const arbitraryRule: fc.Arbitrary<StandingRule> = fc.oneof(
  fc.record({ effect: fc.constant('refuse' as const), ...scope }),
  fc.record({
    effect: fc.constantFrom('grant' as const, 'ask' as const), ...scope,
    licence: fc.record({
      kinds: fc.constantFrom<Licence['kind'][]>(['non-exclusive'], ['exclusive', 'non-exclusive']), onwardSharing: fc.constantFrom('forbidden' as const, 'accepted' as const),
      endsWithinDays: fc.option(fc.integer({ min: 1, max: 700 })),
    }),
    minimumReward: fc.nat({ max: 150 }), atMost: fc.constant(null),
  }),
).map((rule) => standingRuleSchema.parse(rule));
const arbitraryRules = fc.array(arbitraryRule, { maxLength: 5 }).map((rules) => rules.map((rule, number) => held(rule, number)));

const OPENNESS: Readonly<Record<ConsentDecision, number>> = { refused: 0, ask: 1, granted: 2 };
const openness = (rules: readonly HeldRule[], to: Offer): number => OPENNESS[decide(rules, to).decision];

describe('a patient’s rules together', () => {
  it('refuse by default: without a rule, for another record, and for what the ledger would refuse', () => {
    fc.assert(fc.property(arbitraryRules, arbitraryOffer, (rules, to) => {
      assert.equal(decide([], to).decision, 'refused');
      assert.equal(decide(rules, to, { matches: false, conflicts: [] }).decision, 'refused');
      assert.equal(decide(rules, to, { matches: true, conflicts: ['claimed already'] }).decision, 'refused');
    }));
  });

  it('grow no more open by a refusal, nor less by a grant; their order decides nothing', () => {
    fc.assert(fc.property(arbitraryRules, arbitraryRule, arbitraryOffer, (rules, added, to) => {
      const before = openness(rules, to);
      const after = openness([...rules, held(added, 9)], to);
      assert.ok(added.effect === 'refuse' ? after <= before : after >= before);
      assert.equal(openness(rules.toReversed(), to), before);
    }));
  });

  it('say yes only by a rule in force whose every clause is met and that no refusal touches', () => {
    fc.assert(fc.property(arbitraryRules, arbitraryOffer, (rules, to) => {
      const { decision, ruleId, rules: verdicts } = decide(rules, to);
      if (decision === 'refused') return;
      const by = verdicts.find((one) => one.ruleId === ruleId);
      assert.equal(by?.effect, decision === 'granted' ? 'grant' : 'ask');
      assert.ok(by?.clauses.every(({ met }) => met));
      const rule = rules.find((one) => one.ruleId === ruleId)?.rule;
      assert.ok(rule !== undefined && rule.effect !== 'refuse' && (rule.untilMs === null || rule.untilMs > NOW_MS));
      assert.ok(rule.parts === 'any' || to.terms.parts.every((part) => rule.parts.includes(part)));
      assert.ok(to.terms.rewardPerRecord >= rule.minimumReward);
      assert.ok(rule.licence.kinds.includes(to.terms.licence.kind));
      assert.ok(verdicts.every((one) => one.effect !== 'refuse' || !one.applies));
    }));
  });

  it('never answer a greedier offer more openly: more parts, less reward, a longer licence', () => {
    fc.assert(fc.property(arbitraryRules, arbitraryOffer, fc.constantFrom(...PART_TYPES), fc.nat({ max: 50 }), (rules, to, part, less) => {
      const { terms } = to;
      const parts = PART_TYPES.filter((one) => one === part || terms.parts.includes(one));
      const greedier = { ...to, terms: { parts, rewardPerRecord: Math.max(0, terms.rewardPerRecord - less), licence: { ...terms.licence, untilMs: terms.licence.untilMs + less * DAY_MS } } };
      assert.ok(openness(rules, greedier) <= openness(rules, to));
    }));
  });
});
