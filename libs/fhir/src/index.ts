/**
 * FHIR R4 (docs/fhir.md): bundles in, de-identified parts and coded observations out; synthetic patients and example
 * studies. Pure: randomness and time are arguments, and nothing here opens a file.
 */
export { FhirError, type FhirErrorCode } from './errors.js';
export { type BundleLimits, DEFAULT_BUNDLE_LIMITS } from './limits.js';
export { BUNDLE_TYPES, type FhirBundle, parseBundle, type SetAside, type SetAsideReason } from './bundle.js';
export { type BundleSource, readBundle } from './read-bundle.js';
export { type FieldRule, type FieldRules, RULE_SET_NAMES, RULE_SETS, type RuleSet, type RuleSetName } from './rule-sets.js';
export { parseRuleSet } from './rule-set-file.js';
export { anonymityOf, anonymityOfSizes, type AnonymityReport, DEFAULT_K, quasiIdentifierClass, type QuasiIdentifiers, quasiIdentifiersOf } from './anonymity.js';
export { deidentify, type DeidentifiedRecord, type DeidentifyOptions } from './deidentify.js';
export type { Change, DeidentificationReport, NotShared } from './de-identification-report.js';
export type { RecordParts } from './parts.js';
export { toObservations, type UnderstoodRecord } from './observations.js';
export type { NotUnderstood, NotUnderstoodReason } from './fact-collector.js';
export { type GenerateOptions, generatePatients } from './generator/generate.js';
export { directIdentifiers } from './generator/direct-identifiers.js';
export { checkDelivered, type DeliveredPart } from './delivered.js';
export { type PreparedRecord, prepareRecord } from './prepare-record.js';
export type { DataFormat, Study } from './studies/study.js';
export { EXAMPLE_STUDIES } from './studies/example-studies.js';
export { type DerivedStudy, deriveStudy } from './studies/derive-study.js';
export { offersFormat } from './studies/format.js';
