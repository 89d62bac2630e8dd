/**
 * Consent (docs/consent.md): a patient's standing rules, their pure evaluation against an institution's offer, the signed
 * statements they are kept as, and FHIR R4 `Consent`.
 */
export { type ClauseName, CLAUSES, type ClauseVerdict, type Offer } from './clauses.js';
export { type ConsentDecision, type ConsentEvaluation, evaluateConsent, type HeldRule, type MatchFacts, type RuleVerdict } from './evaluate.js';
export { ConsentError, type ConsentErrorCode } from './errors.js';
export { consentFromFhir, consentToFhir, type FhirConsentFacts } from './fhir-consent.js';
export { NARROWING_MODIFIERS } from './purposes.js';
export { MAX_RULES, ruleIdSchema, type StandingRule, type StandingRuleInput, standingRuleSchema } from './rule.js';
export { type ConsentStatement, readStatement, signStatement, type SignedStatement, statementDigest } from './statement.js';
