/** The code systems that may leave: known ones, each with the shape of its codes. */
export const LOINC = 'http://loinc.org';
export const SNOMED_CT = 'http://snomed.info/sct';
export const RXNORM = 'http://www.nlm.nih.gov/research/umls/rxnorm';
export const CVX = 'http://hl7.org/fhir/sid/cvx';
export const UCUM = 'http://unitsofmeasure.org';
export const CONDITION_CLINICAL = 'http://terminology.hl7.org/CodeSystem/condition-clinical';
export const CONDITION_VERIFICATION = 'http://terminology.hl7.org/CodeSystem/condition-ver-status';
export const ALLERGY_CLINICAL = 'http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical';
export const ALLERGY_VERIFICATION = 'http://terminology.hl7.org/CodeSystem/allergyintolerance-verification';
export const OBSERVATION_CATEGORY = 'http://terminology.hl7.org/CodeSystem/observation-category';
export const MARITAL_STATUS = 'http://terminology.hl7.org/CodeSystem/v3-MaritalStatus';
export const ADMINISTRATIVE_GENDER = 'http://hl7.org/fhir/administrative-gender';
export const NULL_FLAVOR = 'http://terminology.hl7.org/CodeSystem/v3-NullFlavor';

/** HL7's own systems are closed vocabularies of short tokens. */
const HL7_TOKEN = /^[A-Za-z][A-Za-z0-9-]{0,39}$|^[<>HLNAU]{1,2}$/;

const CODE_SHAPES: ReadonlyMap<string, RegExp> = new Map([
  [LOINC, /^(?:\d{1,7}-\d|L[AGLP]\d{1,7}-\d)$/],
  [SNOMED_CT, /^[1-9]\d{5,17}$/],
  [RXNORM, /^[1-9]\d{0,7}$/],
  [CVX, /^\d{1,3}$/],
  ['http://hl7.org/fhir/sid/icd-10', /^[A-Z]\d[0-9A-Z](?:\.[0-9A-Z]{1,4})?$/],
  ['http://hl7.org/fhir/sid/icd-10-cm', /^[A-Z]\d[0-9A-Z](?:\.[0-9A-Z]{1,4})?$/],
  ['http://hl7.org/fhir/sid/icd-9-cm', /^[EV]?\d{2,3}(?:\.\d{1,2})?$/],
  ['http://fhir.de/CodeSystem/bfarm/icd-10-gm', /^[A-Z]\d[0-9A-Z](?:\.[0-9A-Z-]{1,3})?$/],
  ['http://www.whocc.no/atc', /^[A-Z](?:\d{2}(?:[A-Z](?:[A-Z](?:\d{2})?)?)?)?$/],
  ['http://hl7.org/fhir/sid/ndc', /^(?:\d{4,5}-\d{3,4}-\d{1,2}|\d{11})$/],
  ['http://www.ama-assn.org/go/cpt', /^\d{4}[0-9A-Z]$/],
  ['http://hl7.org/fhir/sid/icd-10-pcs', /^[0-9A-HJ-NP-Z]{7}$/],
  [ADMINISTRATIVE_GENDER, /^(?:male|female|other|unknown)$/],
]);

const HL7_SYSTEM = /^http:\/\/terminology\.hl7\.org\/CodeSystem\/[A-Za-z0-9-]{1,60}$/;

/** May this code be shown to an institution? A hospital's own codes may hold anything, a name included. */
export function isShareableCode(system: string, code: string): boolean {
  const shape = CODE_SHAPES.get(system) ?? (HL7_SYSTEM.test(system) ? HL7_TOKEN : undefined);
  return shape?.test(code) ?? false;
}

export const US_CORE_BIRTH_SEX = 'http://hl7.org/fhir/us/core/StructureDefinition/us-core-birthsex';
/** Value set of the birth sex extension: F, M and two null flavours. */
export const BIRTH_SEX = 'http://terminology.hl7.org/CodeSystem/v3-AdministrativeGender';
/** HL7 version 2 yes/no, for truth values. */
export const YES_NO = 'http://terminology.hl7.org/CodeSystem/v2-0136';
/** The unit of plain numbers. */
export const UCUM_UNITY = '1';

/** LOINC: sex assigned at birth, marital status. */
export const SEX_AT_BIRTH = { system: LOINC, code: '76689-9' } as const;
export const MARITAL_STATUS_CODE = { system: LOINC, code: '45404-1' } as const;
