/**
 * Coded observations, made from the de-identified parts: what is proved is what is delivered
 * (docs/scheme.md, section 6). What is not understood is reported with its code and why, never dropped in silence.
 */
import {
  ADMINISTRATIVE_GENDER, BIRTH_DATE, type Coding, GENDER, type Observation, type ObservationValue, PART_TYPES, type PartType,
} from '@medveil/eligibility';
import { FactCollector, type NotUnderstood, type NotUnderstoodReason, codesOf } from './fact-collector.js';
import { collectMeasurements } from './measurements.js';
import { decodePart } from './parts.js';
import type { CodeableConcept, ResourceOf, SharedResource } from './resources.js';
import { BIRTH_SEX, CONDITION_CLINICAL, MARITAL_STATUS_CODE, SEX_AT_BIRTH, US_CORE_BIRTH_SEX } from './terminology.js';
import { UNDATED_MS, timeOf } from './times.js';

export interface UnderstoodRecord {
  /** In the order of the parts. A fact with codes of several systems stands under each. */
  readonly observations: readonly Observation[];
  /** Facts understood: values, diagnoses, treatments. Not more than `observations`. */
  readonly understood: number;
  readonly notUnderstood: readonly NotUnderstood[];
}

/**
 * @param parts canonical part bytes, as `deidentify` makes them; all of a record's, or those that were delivered
 * @throws FhirError `fhir/bad-part`
 */
export function toObservations(parts: Readonly<Partial<Record<PartType, Uint8Array>>>): UnderstoodRecord {
  const facts = new FactCollector();
  for (const part of PART_TYPES) {
    const bytes = parts[part];
    if (bytes === undefined) continue;
    for (const resource of decodePart(part, bytes)) collect(part, resource, facts);
  }
  return { observations: facts.observations, understood: facts.understood, notUnderstood: facts.notUnderstood() };
}

function collect(part: PartType, resource: SharedResource, facts: FactCollector): void {
  switch (resource.resourceType) {
    case 'Patient':
      return collectDemographics(part, resource, facts);
    case 'Observation':
      return collectMeasurements(part, resource, facts);
    case 'Condition':
      return collectCondition(part, resource, facts);
    case 'Procedure': {
      const time = timeOf(resource.performedDateTime, resource.performedPeriod?.start);
      return collectPresent(part, resource.code, time, procedureObjection(resource), facts);
    }
    case 'MedicationRequest':
    case 'MedicationStatement':
    case 'MedicationAdministration':
      return collectPresent(part, resource.medicationCodeableConcept, medicationTime(resource), medicationObjection(resource), facts);
    case 'Immunization':
      return collectPresent(
        part, resource.vaccineCode, timeOf(resource.occurrenceDateTime),
        resource.status === 'completed' ? undefined : 'not-done', facts,
      );
    case 'AllergyIntolerance':
      return collectPresent(
        part, resource.code, timeOf(resource.onsetDateTime, resource.recordedDate),
        isConfirmed(resource.verificationStatus) ? undefined : 'not-confirmed', facts,
      );
  }
}

/** Birth date, administrative gender, sex at birth, marital status: all timed at the birth. */
function collectDemographics(part: PartType, patient: ResourceOf<'Patient'>, facts: FactCollector): void {
  const bornMs = timeOf(patient.birthDate);
  const timeMs = bornMs ?? UNDATED_MS;
  const add = (code: Coding, value: ObservationValue) => facts.add(part, [code], timeMs, value);
  if (bornMs !== undefined) add(BIRTH_DATE, { kind: 'present' });
  if (patient.gender !== undefined) add(GENDER, { kind: 'coded', system: ADMINISTRATIVE_GENDER, code: patient.gender });
  const birthSex = (patient.extension ?? []).find(({ url }) => url === US_CORE_BIRTH_SEX)?.valueCode;
  if (birthSex !== undefined) add(SEX_AT_BIRTH, { kind: 'coded', system: BIRTH_SEX, code: birthSex });
  const [marital] = codesOf(patient.maritalStatus);
  if (marital !== undefined) add(MARITAL_STATUS_CODE, { kind: 'coded', ...marital });
}

/** The value is the clinical status (`active`, `resolved`, …), so that a policy may ask for it or for any. */
function collectCondition(part: PartType, condition: ResourceOf<'Condition'>, facts: FactCollector): void {
  const codes = codesOf(condition.code);
  if (codes.length === 0) return facts.refuse([], 'no-code');
  if (!isConfirmed(condition.verificationStatus)) return facts.refuse(codes, 'not-confirmed');
  const status = codesOf(condition.clinicalStatus).find(({ system }) => system === CONDITION_CLINICAL);
  const timeMs = timeOf(condition.onsetDateTime, condition.onsetPeriod?.start, condition.recordedDate);
  return facts.add(part, codes, timeMs ?? UNDATED_MS, status === undefined ? { kind: 'present' } : { kind: 'coded', ...status });
}

function collectPresent(
  part: PartType, concept: CodeableConcept | undefined, timeMs: number | undefined,
  objection: NotUnderstoodReason | undefined, facts: FactCollector,
): void {
  const codes = codesOf(concept);
  if (codes.length === 0) return facts.refuse([], 'no-code');
  if (objection !== undefined) return facts.refuse(codes, objection);
  return facts.add(part, codes, timeMs ?? UNDATED_MS, { kind: 'present' });
}

/** Without a statement to the contrary a diagnosis is one. */
const isConfirmed = (verification: CodeableConcept | undefined): boolean =>
  (verification?.coding ?? []).every(({ code }) => code === 'confirmed');

const procedureObjection = ({ status }: ResourceOf<'Procedure'>): NotUnderstoodReason | undefined =>
  status === 'completed' || status === 'in-progress' || status === 'stopped' ? undefined : 'not-done';

type AnyMedication = ResourceOf<'MedicationRequest'> | ResourceOf<'MedicationStatement'> | ResourceOf<'MedicationAdministration'>;

const TAKEN: ReadonlySet<string> = new Set(['active', 'completed', 'stopped', 'on-hold', 'in-progress']);
const ORDERS: ReadonlySet<string> = new Set([
  'order', 'original-order', 'reflex-order', 'filler-order', 'instance-order',
]);

function medicationObjection(medication: AnyMedication): NotUnderstoodReason | undefined {
  const ordered = medication.resourceType !== 'MedicationRequest'
    || (ORDERS.has(medication.intent) && medication.doNotPerform !== true);
  return TAKEN.has(medication.status) && ordered ? undefined : 'not-done';
}

const medicationTime = (medication: AnyMedication): number | undefined =>
  medication.resourceType === 'MedicationRequest'
    ? timeOf(medication.authoredOn)
    : timeOf(medication.effectiveDateTime, medication.effectivePeriod?.start);
