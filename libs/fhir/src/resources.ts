/**
 * The part of FHIR R4 that this library reads: lenient about fields it does not use, strict about those it does.
 * One schema per resource type serves the bundle as it comes in and the part as it was delivered.
 * Element names and value sets: https://hl7.org/fhir/R4/resourcelist.html
 */
import { z } from 'zod';
import { isDate } from './dates.js';

const uri = z.string().min(1).max(512);
const codeText = z.string().min(1).max(128);
const dateTime = z.string().max(40).refine(isDate, 'not a FHIR date');
const period = z.object({ start: dateTime.optional(), end: dateTime.optional() });
const reference = z.object({ reference: z.string().max(512).optional() });

const coding = z.object({ system: uri.optional(), code: codeText.optional() });
const codeableConcept = z.object({ coding: z.array(coding).max(64).optional() });
const quantity = z.object({
  value: z.number().optional(),
  comparator: z.enum(['<', '<=', '>=', '>']).optional(),
  unit: z.string().max(128).optional(),
  system: uri.optional(),
  code: codeText.optional(),
});

/** `modifierExtension` may turn the meaning round: a resource that carries one is not read at all. */
const modifiable = { modifierExtension: z.array(z.unknown()).optional() };
const base = {
  ...modifiable,
  id: z.string().max(256).optional(),
  meta: z.object({ profile: z.array(z.string().max(512)).max(64).optional() }).optional(),
};

const observationValue = {
  valueQuantity: quantity.optional(),
  valueCodeableConcept: codeableConcept.optional(),
  valueBoolean: z.boolean().optional(),
  valueInteger: z.number().int().optional(),
  dataAbsentReason: codeableConcept.optional(),
};

export const OBSERVATION_STATUSES = [
  'registered', 'preliminary', 'final', 'amended', 'corrected', 'cancelled', 'entered-in-error', 'unknown',
] as const;
const EVENT_STATUSES = [
  'preparation', 'in-progress', 'not-done', 'on-hold', 'stopped', 'completed', 'entered-in-error', 'unknown',
] as const;
const MEDICATION_STATUSES = [
  'active', 'on-hold', 'cancelled', 'completed', 'entered-in-error', 'stopped', 'draft', 'unknown', 'intended',
  'not-taken', 'in-progress', 'not-done',
] as const;

const patient = z.object({
  resourceType: z.literal('Patient'),
  ...base,
  gender: z.enum(['male', 'female', 'other', 'unknown']).optional(),
  birthDate: dateTime.optional(),
  deceasedBoolean: z.boolean().optional(),
  deceasedDateTime: dateTime.optional(),
  maritalStatus: codeableConcept.optional(),
  extension: z.array(z.object({ url: z.string().max(512), valueCode: codeText.optional() })).optional(),
});

const observation = z.object({
  resourceType: z.literal('Observation'),
  ...base,
  status: z.enum(OBSERVATION_STATUSES),
  category: z.array(codeableConcept).optional(),
  code: codeableConcept,
  subject: reference.optional(),
  focus: z.array(reference).optional(),
  effectiveDateTime: dateTime.optional(),
  effectivePeriod: period.optional(),
  effectiveInstant: dateTime.optional(),
  ...observationValue,
  hasMember: z.array(reference).optional(),
  component: z.array(z.object({ ...modifiable, code: codeableConcept, ...observationValue })).max(1024).optional(),
});

const condition = z.object({
  resourceType: z.literal('Condition'),
  ...base,
  clinicalStatus: codeableConcept.optional(),
  verificationStatus: codeableConcept.optional(),
  code: codeableConcept.optional(),
  subject: reference,
  onsetDateTime: dateTime.optional(),
  onsetPeriod: period.optional(),
  abatementDateTime: dateTime.optional(),
  abatementPeriod: period.optional(),
  recordedDate: dateTime.optional(),
});

const procedure = z.object({
  resourceType: z.literal('Procedure'),
  ...base,
  status: z.enum(EVENT_STATUSES),
  code: codeableConcept.optional(),
  subject: reference,
  performedDateTime: dateTime.optional(),
  performedPeriod: period.optional(),
});

const medicationBase = {
  ...base,
  status: z.enum(MEDICATION_STATUSES),
  medicationCodeableConcept: codeableConcept.optional(),
  medicationReference: reference.optional(),
  subject: reference,
};
const medicationRequest = z.object({
  resourceType: z.literal('MedicationRequest'),
  ...medicationBase,
  intent: z.enum([
    'proposal', 'plan', 'order', 'original-order', 'reflex-order', 'filler-order', 'instance-order', 'option',
  ]),
  doNotPerform: z.boolean().optional(),
  authoredOn: dateTime.optional(),
});
const medicationUse = { effectiveDateTime: dateTime.optional(), effectivePeriod: period.optional() };
const medicationStatement = z.object({ resourceType: z.literal('MedicationStatement'), ...medicationBase, ...medicationUse });
const medicationAdministration = z.object({
  resourceType: z.literal('MedicationAdministration'), ...medicationBase, ...medicationUse,
});

const immunization = z.object({
  resourceType: z.literal('Immunization'),
  ...base,
  status: z.enum(['completed', 'entered-in-error', 'not-done']),
  vaccineCode: codeableConcept,
  patient: reference,
  occurrenceDateTime: dateTime.optional(),
});

const allergyIntolerance = z.object({
  resourceType: z.literal('AllergyIntolerance'),
  ...base,
  clinicalStatus: codeableConcept.optional(),
  verificationStatus: codeableConcept.optional(),
  code: codeableConcept.optional(),
  patient: reference,
  onsetDateTime: dateTime.optional(),
  recordedDate: dateTime.optional(),
});

/** What the FHIR invariant says of the code that a Medication stands for. */
export const medicationSchema = z.object({
  resourceType: z.literal('Medication'), ...base, code: codeableConcept.optional(),
});

export const sharedResourceSchema = z.discriminatedUnion('resourceType', [
  patient, observation, condition, procedure, medicationRequest, medicationStatement, medicationAdministration,
  immunization, allergyIntolerance,
]);

export type SharedResource = z.output<typeof sharedResourceSchema>;
export type SharedResourceType = SharedResource['resourceType'];
export type ResourceOf<T extends SharedResourceType> = Extract<SharedResource, { resourceType: T }>;
export type Coding = z.output<typeof coding>;
export type CodeableConcept = z.output<typeof codeableConcept>;
export type Quantity = z.output<typeof quantity>;
export type ObservationValue = Pick<ResourceOf<'Observation'>, keyof typeof observationValue>;

/** The resource types that are read, de-identified and shared; every other type stays with the patient. */
export const SHARED_RESOURCE_TYPES = [
  'Patient', 'Observation', 'Condition', 'Procedure', 'MedicationRequest', 'MedicationStatement',
  'MedicationAdministration', 'Immunization', 'AllergyIntolerance',
] as const satisfies readonly SharedResourceType[];

export const isSharedType = (type: string): type is SharedResourceType =>
  (SHARED_RESOURCE_TYPES as readonly string[]).includes(type);
