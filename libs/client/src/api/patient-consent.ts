/** HTTP API of consent in the patient's agent (docs/consent.md): standing rules, questions, withdrawal, what was disclosed. */
import { CLAUSES, ruleIdSchema, standingRuleSchema } from '@medveil/consent';
import { amountSchema, hexSchema, idSchema, timeMsSchema } from '@medveil/encoding';
import { z } from 'zod';
import { accountIdSchema, claimIdSchema, exchangeIdSchema, pageSchema, patientIdSchema, requirementIdSchema } from './common.js';

/** POST /v1/patients/:id/consent-rules with a rule. GET lists those in force; `?revoked=true` the revoked ones too. */
export const consentRuleSchema = z.object({
  ruleId: ruleIdSchema,
  rule: standingRuleSchema,
  createdAtMs: timeMsSchema,
  revokedAtMs: timeMsSchema.nullable(),
});
export type ConsentRule = z.infer<typeof consentRuleSchema>;
export const consentRulesSchema = z.object({ items: z.array(consentRuleSchema) });
export const consentRulesQuerySchema = z.strictObject({ revoked: z.stringbool().default(false) });

/** GET /v1/patients/:id/consent-statements: the signed record behind the rules, oldest first; for `readStatement` of @medveil/consent. */
export const consentStatementSchema = z.object({
  sequence: z.int(),
  atMs: timeMsSchema,
  by: z.string(),
  ruleId: ruleIdSchema,
  what: z.enum(['made', 'revoked']),
  statement: z.string(),
  signature: z.string(),
});
export const consentStatementsPageSchema = pageSchema(consentStatementSchema);

/** GET|POST /v1/patients/:id/consent-rules/fhir: rules in force as a Bundle of Consents; one Consent made a rule. */
export const fhirResourceSchema = z.record(z.string(), z.unknown());

const clauseVerdictSchema = z.object({ clause: z.enum(CLAUSES), met: z.boolean(), reason: z.string() });
/** GET /v1/patients/:id/consent-evaluations/:requirementId: what the rules make of an offer now, clause by clause. Nothing is begun. */
export const consentEvaluationSchema = z.object({
  requirementId: requirementIdSchema,
  /** that the evaluation is about: the newest that matches; null where none does */
  recordId: idSchema('rec').nullable(),
  decision: z.enum(['granted', 'ask', 'refused']),
  ruleId: ruleIdSchema.nullable(),
  reason: z.string(),
  rules: z.array(z.object({ ruleId: ruleIdSchema, effect: z.enum(['grant', 'ask', 'refuse']), applies: z.boolean(), clauses: z.array(clauseVerdictSchema) })),
  /** when the limit of a rule that covers the offer leaves room again */
  againAtMs: timeMsSchema.nullable(),
});
export type ConsentEvaluation = z.infer<typeof consentEvaluationSchema>;

/** `asked` is an open question; the last three are its ends. */
export const consentOutcomeSchema = z.enum(['granted', 'asked', 'yes', 'no', 'withdrawn']);
export type ConsentOutcome = z.infer<typeof consentOutcomeSchema>;

/** GET /v1/patients/:id/consent-decisions, and with `?outcome=asked` the open questions. */
export const consentDecisionSchema = z.object({
  requirementId: requirementIdSchema,
  recordId: idSchema('rec'),
  ruleId: ruleIdSchema,
  outcome: consentOutcomeSchema,
  exchangeId: exchangeIdSchema.nullable(),
  decidedAtMs: timeMsSchema,
  answeredAtMs: timeMsSchema.nullable(),
  answeredBy: z.string().nullable(),
  /** whether a claim can still be made */
  isOpen: z.boolean(),
  title: z.string(),
  institution: accountIdSchema,
  parts: z.array(z.string()),
  licence: z.string(),
  reward: amountSchema,
  expiresAtMs: timeMsSchema,
});
export type ConsentDecision = z.infer<typeof consentDecisionSchema>;
export const consentDecisionsPageSchema = pageSchema(consentDecisionSchema);

/** POST /v1/patients/:id/consent-decisions/:requirementId/answer: yes begins the exchange. 409 where it was answered already. */
export const answerSchema = z.strictObject({ answer: z.enum(['yes', 'no']) });

/**
 * GET /v1/patients/:id/disclosures: everything that an institution was given a key for, with what is promised and proved about
 * it since. What an institution has read it can keep; nothing here says otherwise.
 */
const placeSchema = z.object({ atMs: timeMsSchema, height: z.int(), statementHash: hexSchema(32) });
export const disclosureSchema = z.object({
  exchangeId: exchangeIdSchema,
  requirementId: requirementIdSchema,
  institution: accountIdSchema,
  parts: z.array(z.string()),
  licence: z.string(),
  licenceUntilMs: timeMsSchema,
  claimId: claimIdSchema,
  record: hexSchema(32),
  /** null: the claim was accepted and the key may be with the proxy, but no delivery is recorded */
  deliveredAtMs: timeMsSchema.nullable(),
  withdrawal: z.object({
    requestedAtMs: timeMsSchema,
    /** the revocation stands on the ledger since */
    revokedAtMs: timeMsSchema.nullable(),
    /** the proxy's signed statement that it destroyed the key, recorded by its hash: a statement, not a proof */
    keyDestroyed: placeSchema.nullable(),
  }).nullable(),
  deletion: z.object({ agreedByMs: timeMsSchema.nullable(), stated: placeSchema.nullable() }),
});
export type Disclosure = z.infer<typeof disclosureSchema>;
export const disclosuresPageSchema = pageSchema(disclosureSchema);

/**
 * POST /v1/patients/:id/withdrawal: every rule is revoked, every open question closed, every exchange that can be is withdrawn.
 * Idempotent; what was delivered is in the disclosures.
 */
export const withdrawalSchema = z.object({
  patientId: patientIdSchema,
  rulesRevoked: z.array(ruleIdSchema),
  questionsClosed: z.int(),
  exchangesWithdrawn: z.array(exchangeIdSchema),
  /** exchanges in which something was delivered before */
  delivered: z.array(exchangeIdSchema),
});
export type Withdrawal = z.infer<typeof withdrawalSchema>;
