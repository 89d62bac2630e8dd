import { utf8 } from '@medveil/encoding';

const DAY_MS = 86_400_000;
const LOINC = 'http://loinc.org';

const dayBefore = (days: number): string => new Date(Date.now() - days * DAY_MS).toISOString().slice(0, 10);

const laboratory = (code: string, value: number, unit: string, days: number) => ({
  resourceType: 'Observation',
  id: `lab-${code}-${days}`,
  status: 'final',
  category: [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: 'laboratory' }] }],
  code: { coding: [{ system: LOINC, code }], text: 'as the laboratory calls it' },
  subject: { reference: 'Patient/p1' },
  effectiveDateTime: dayBefore(days),
  valueQuantity: { value, unit, system: 'http://unitsofmeasure.org', code: unit },
});

export const FAMILY_NAME = 'Featherstonehaugh';

/** A patient with a last HbA1c of so many percent, and an observation that no table knows. */
export const bundleOf = (hba1cPercent: number): Uint8Array =>
  utf8(JSON.stringify({
    resourceType: 'Bundle',
    type: 'collection',
    entry: [
      { resource: { resourceType: 'Patient', id: 'p1', gender: 'female', birthDate: '1970-05-17', name: [{ family: FAMILY_NAME, given: ['A'] }] } },
      { resource: laboratory('4548-4', 5.2, '%', 90) },
      { resource: laboratory('4548-4', hba1cPercent, '%', 5) },
      { resource: { ...laboratory('2345-7', 1, 'mg/dL', 9), valueQuantity: undefined, valueString: 'see report' } },
    ],
  }));
