/**
 * De-identification rule sets: data, not code. Per resource type they list what may leave; everything else is
 * removed, whether anybody thought of it or not. What a kept field turns into is said by its rule.
 */
import { OBSERVATION_STATUSES, type SharedResourceType } from './resources.js';
import { US_CORE_BIRTH_SEX } from './terminology.js';

export const NAMED_RULES = [
  /** a coded concept: codings of shareable systems only, without display, text and version */
  'concept',
  /** number, comparator and UCUM code; the unit's free text is dropped, or read as UCUM where no code is given */
  'quantity',
  /** cut to the rule set's precision; removed where it would show an age above the rule set's oldest */
  'date',
  /** as `date`, and pooled above the oldest age */
  'birth-date',
  'boolean',
  'integer',
  /** cut as the rule set says */
  'postal-code',
  /** a state's or country's code of two or three capitals; names are free text */
  'region-code',
  /** canonical URL of a profile that HL7 publishes */
  'profile',
  /** the bundle's patient, under the new id */
  'patient',
  /** a shared resource of the bundle, under its new id; removed where it points anywhere else */
  'reference',
  /** as somebody wrote it, up to 4,000 characters: no shipped rule set has it, and the report counts it */
  'free-text',
] as const;

/** What happens to a field that may leave. Rules apply to each element of a list. */
export type FieldRule =
  | (typeof NAMED_RULES)[number]
  | { readonly oneOf: readonly string[] }
  | { readonly fields: FieldRules }
  /** extensions by URL, each with the rule of its one value */
  | { readonly extensions: Readonly<Record<string, FieldRule>> };

export interface FieldRules {
  readonly [field: string]: FieldRule;
}

export interface RuleSet {
  readonly name: string;
  readonly datePrecision: 'day' | 'year';
  /** Ages above are pooled into one group, `oldestAgeYears + 1` or more. */
  readonly oldestAgeYears: number;
  readonly postalCode: 'kept' | 'three-digits' | 'removed';
  /** Allowed fields by resource type; a type that is not listed is not shared. */
  readonly resources: Readonly<Partial<Record<SharedResourceType, FieldRules>>>;
}

export const RULE_SET_NAMES = ['limited-data-set', 'safe-harbor'] as const;
export type RuleSetName = (typeof RULE_SET_NAMES)[number];

const period: FieldRule = { fields: { start: 'date', end: 'date' } };
const common: FieldRules = { meta: { fields: { profile: 'profile' } } };
const values: FieldRules = {
  code: 'concept',
  valueQuantity: 'quantity',
  valueCodeableConcept: 'concept',
  valueBoolean: 'boolean',
  valueInteger: 'integer',
  dataAbsentReason: 'concept',
  interpretation: 'concept',
};
const medication: FieldRules = {
  ...common,
  status: {
    oneOf: [
      'active', 'on-hold', 'cancelled', 'completed', 'stopped', 'draft', 'unknown', 'intended', 'not-taken',
      'in-progress', 'not-done',
    ],
  },
  medicationCodeableConcept: 'concept',
  subject: 'patient',
  reasonCode: 'concept',
  reasonReference: 'reference',
};

const RESOURCES: Readonly<Record<SharedResourceType, FieldRules>> = {
  Patient: {
    ...common,
    extension: { extensions: { [US_CORE_BIRTH_SEX]: { oneOf: ['F', 'M', 'OTH', 'UNK'] } } },
    gender: { oneOf: ['male', 'female', 'other', 'unknown'] },
    birthDate: 'birth-date',
    deceasedBoolean: 'boolean',
    deceasedDateTime: 'date',
    maritalStatus: 'concept',
    address: { fields: { state: 'region-code', postalCode: 'postal-code', country: 'region-code' } },
  },
  Observation: {
    ...common,
    ...values,
    status: { oneOf: OBSERVATION_STATUSES },
    category: 'concept',
    subject: 'patient',
    effectiveDateTime: 'date',
    effectivePeriod: period,
    effectiveInstant: 'date',
    bodySite: 'concept',
    method: 'concept',
    hasMember: 'reference',
    derivedFrom: 'reference',
    component: { fields: values },
  },
  Condition: {
    ...common,
    clinicalStatus: 'concept',
    verificationStatus: 'concept',
    category: 'concept',
    severity: 'concept',
    code: 'concept',
    bodySite: 'concept',
    subject: 'patient',
    onsetDateTime: 'date',
    onsetPeriod: period,
    abatementDateTime: 'date',
    abatementPeriod: period,
    recordedDate: 'date',
  },
  Procedure: {
    ...common,
    status: { oneOf: ['preparation', 'in-progress', 'not-done', 'on-hold', 'stopped', 'completed', 'unknown'] },
    category: 'concept',
    code: 'concept',
    subject: 'patient',
    performedDateTime: 'date',
    performedPeriod: period,
    reasonCode: 'concept',
    reasonReference: 'reference',
    bodySite: 'concept',
    outcome: 'concept',
  },
  MedicationRequest: {
    ...medication,
    intent: {
      oneOf: [
        'proposal', 'plan', 'order', 'original-order', 'reflex-order', 'filler-order', 'instance-order', 'option',
      ],
    },
    doNotPerform: 'boolean',
    authoredOn: 'date',
  },
  MedicationStatement: { ...medication, effectiveDateTime: 'date', effectivePeriod: period },
  MedicationAdministration: { ...medication, effectiveDateTime: 'date', effectivePeriod: period },
  Immunization: {
    ...common,
    status: { oneOf: ['completed', 'not-done'] },
    statusReason: 'concept',
    vaccineCode: 'concept',
    patient: 'patient',
    occurrenceDateTime: 'date',
    site: 'concept',
    route: 'concept',
  },
  AllergyIntolerance: {
    ...common,
    clinicalStatus: 'concept',
    verificationStatus: 'concept',
    type: { oneOf: ['allergy', 'intolerance'] },
    category: { oneOf: ['food', 'medication', 'environment', 'biologic'] },
    criticality: { oneOf: ['low', 'high', 'unable-to-assess'] },
    code: 'concept',
    patient: 'patient',
    onsetDateTime: 'date',
    recordedDate: 'date',
    reaction: {
      fields: {
        substance: 'concept', manifestation: 'concept', severity: { oneOf: ['mild', 'moderate', 'severe'] },
      },
    },
  },
};

/**
 * `limited-data-set` keeps dates to the day and the postal code (HIPAA, 45 CFR 164.514(e)); it still needs a data
 * use agreement, which the licence is. `safe-harbor` removes the eighteen identifiers of 45 CFR 164.514(b)(2):
 * dates are cut to the year and the postal code to three digits. Both pool ages over 89.
 */
export const RULE_SETS: Readonly<Record<RuleSetName, RuleSet>> = {
  'limited-data-set': {
    name: 'limited-data-set', datePrecision: 'day', oldestAgeYears: 89, postalCode: 'kept', resources: RESOURCES,
  },
  'safe-harbor': {
    name: 'safe-harbor', datePrecision: 'year', oldestAgeYears: 89, postalCode: 'three-digits', resources: RESOURCES,
  },
};
