/** Two studies of eight clauses, and records that meet them: twenty attributes, and the everyday record of five hundred observations. */
const LOINC = 'http://loinc.org';
const SNOMED_CT = 'http://snomed.info/sct';

const DAY_MS = 86_400_000;
const HBA1C = { system: LOINC, code: '4548-4' };
const HEART_RATE = { system: LOINC, code: '8867-4' };
const WEIGHT = { system: LOINC, code: '29463-7' };
const DIABETES_1 = { system: SNOMED_CT, code: '46635009' };
const HEMODIALYSIS = { system: SNOMED_CT, code: '302497006' };

const policy = {
  version: 1,
  all: [
    { age: { atLeast: 18, atMost: 65 } },
    { has: { code: HBA1C, value: { atLeast: 5, atMost: 9, unit: '%' } } },
    { latest: { code: HEART_RATE, value: { atLeast: 50, atMost: 100, unit: '/min' }, within: { lastDays: 180 } } },
    { count: { code: HBA1C, times: 2, within: { lastDays: 400 } } },
    { has: { code: WEIGHT, value: { atLeast: 50, unit: 'kg' } } },
    { lacks: { code: DIABETES_1, part: 'conditions' } },
    { lacks: { code: HEMODIALYSIS, part: 'procedures' } },
  ],
};

export const STUDIES = {
  twenty: { title: 'twenty attributes', observations: 20, instance: 'small', partDepth: 0, policy },
  everyday: { title: 'everyday record', observations: 500, instance: 'everyday', partDepth: 3, policy },
};

/** A FHIR bundle of one patient with so many facts: birth date and sex are two of them, one in three is a heart rate, the rest HbA1c. */
export function bundleOf(observations, number, nowMs) {
  const day = (ago) => new Date(nowMs - ago * DAY_MS).toISOString().slice(0, 10);
  const patient = { resourceType: 'Patient', id: `p${number}`, gender: number % 2 === 0 ? 'female' : 'male', birthDate: `${1965 + (number % 30)}-0${1 + (number % 9)}-11` };
  const observation = (index, coding, value, unit, category) => ({
    resourceType: 'Observation', id: `o${index}`, status: 'final', subject: { reference: `Patient/p${number}` }, effectiveDateTime: day(1 + index),
    category: [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: category }] }],
    code: { coding: [coding] }, valueQuantity: { value, unit, system: 'http://unitsofmeasure.org', code: unit },
  });
  const facts = Array.from({ length: observations - 3 }, (_, index) =>
    index % 3 === 0
      ? observation(index, HEART_RATE, 60 + (index % 30), '/min', 'vital-signs')
      : observation(index, HBA1C, (55 + ((index + number) % 30)) / 10, '%', 'laboratory'));
  const weight = observation(observations, WEIGHT, 60 + (number % 40), 'kg', 'vital-signs');
  const resources = [patient, weight, ...facts];
  return new TextEncoder().encode(JSON.stringify({ resourceType: 'Bundle', type: 'collection', entry: resources.map((resource) => ({ resource })) }));
}
