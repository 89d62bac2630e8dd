import { duoCodeSchema, partSetSchema } from '@medveil/agreements';
import { amountSchema, idSchema, timeMsSchema } from '@medveil/encoding';
import { z } from 'zod';
import { NARROWING_MODIFIERS } from './purposes.js';

export const ruleIdSchema = idSchema('cns');

/** At most so many rules of one patient are in force at a time. */
export const MAX_RULES = 100;
const MAX_LISTED = 64;
const daysSchema = z.int().min(1).max(36_500);
const distinct = <Item extends z.ZodType<string>>(item: Item) =>
  z.array(item).min(1).max(MAX_LISTED).refine((items) => new Set(items).size === items.length, { error: 'entries must be distinct' });

/** What a rule speaks of: a grant covers an offer that lies within it, a refusal meets one that touches it. */
const scope = {
  /** institutions by their account on the ledger */
  institutions: z.union([z.literal('any'), distinct(idSchema('acc'))]),
  /** GA4GH DUO permissions */
  purposes: z.union([z.literal('any'), distinct(duoCodeSchema)]),
  parts: z.union([z.literal('any'), partSetSchema]),
  /** the rule ends by itself at this time; null: when it is revoked */
  untilMs: timeMsSchema.nullable(),
};

/** What a licence has to say. What is left out stands for the narrowest reading. */
export const licenceBoundsSchema = z.strictObject({
  kinds: distinct(z.enum(['exclusive', 'non-exclusive'])).default(['non-exclusive']),
  /** ISO 3166-1 alpha-2 codes of where the data may be used */
  territory: z.union([z.literal('any'), distinct(z.string().regex(/^[A-Z]{2}$/))]).default('any'),
  onwardSharing: z.enum(['forbidden', 'accepted']).default('forbidden'),
  /** longest licence, counted from the decision; null: any */
  endsWithinDays: daysSchema.nullable().default(null),
  /** the data has to be deleted so soon, counted from the decision; null: no deletion is asked for */
  deletedWithinDays: daysSchema.nullable().default(null),
  /** DUO modifiers that the licence has to carry, for example DUO:0000046, non-commercial use only */
  modifiers: z.union([z.tuple([]), distinct(z.enum(NARROWING_MODIFIERS))]).default([]),
});
export type LicenceBounds = z.output<typeof licenceBoundsSchema>;

/** At most so many exchanges begun by the rule within so many days. */
export const rateSchema = z.strictObject({ exchanges: z.int().min(1).max(1_000), days: daysSchema });
export type Rate = z.infer<typeof rateSchema>;

const coveringRule = <const Effect extends 'grant' | 'ask'>(effect: Effect) =>
  z.strictObject({
    effect: z.literal(effect),
    ...scope,
    licence: licenceBoundsSchema.prefault({}),
    /** credits for the record as offered; the consortium's fee comes out of it */
    minimumReward: amountSchema,
    atMost: rateSchema.nullable(),
  });

/**
 * A standing rule. `grant`: an exchange begins by itself for an offer within all bounds; `ask`: such an offer is put to the
 * patient; `refuse`: nothing that touches the scope, whatever other rules say. What no rule covers is refused.
 */
export const standingRuleSchema = z.discriminatedUnion('effect', [
  coveringRule('grant'),
  coveringRule('ask'),
  z.strictObject({ effect: z.literal('refuse'), ...scope }),
]);
export type StandingRule = z.output<typeof standingRuleSchema>;
export type StandingRuleInput = z.input<typeof standingRuleSchema>;
export type CoveringRule = Extract<StandingRule, { effect: 'grant' | 'ask' }>;
