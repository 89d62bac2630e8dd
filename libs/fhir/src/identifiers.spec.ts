/** The identifiers of HIPAA, one test each: needles where FHIR would put them, and none of them in what leaves. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RuleSetName } from './index.js';
import { allText, deidentified, observation, PATIENT, partBundle, SUBJECT } from './testing/fixtures.js';

interface Identifier {
  /** as 45 CFR 164.514(b)(2)(i) letters them */
  readonly letter: string;
  readonly what: string;
  readonly needles: readonly string[];
  readonly patient?: object;
  readonly observation?: object;
  readonly others?: readonly object[];
  /** the letter of 164.514(e)(2) does not list it: a limited data set may keep it */
  readonly keptInLimitedDataSet?: readonly string[];
}

const identifier = (system: string, value: string, type?: string) => ({
  identifier: [{ system, value, ...(type === undefined ? {} : { type: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0203', code: type }] } }) }],
});
const extension = (url: string, value: object) => ({ extension: [{ url, ...value }] });

const IDENTIFIERS: readonly Identifier[] = [
  {
    letter: 'A', what: 'names', needles: ['Needlename', 'Needlekin', 'Dr. Needledoc', 'Needletext', 'Needlenote'],
    patient: { name: [{ family: 'Needlename', given: ['Q'] }], contact: [{ name: { text: 'Needlekin' } }], text: { status: 'generated', div: '<div>Needletext</div>' } },
    observation: { performer: [{ display: 'Dr. Needledoc' }], note: [{ text: 'says Needlenote' }] },
    others: [{ resourceType: 'RelatedPerson', patient: SUBJECT, name: [{ family: 'Needlekin' }] }, { resourceType: 'Practitioner', name: [{ text: 'Dr. Needledoc' }] }],
  },
  {
    letter: 'B', what: 'places smaller than a state', needles: ['Needle Street 7', 'Needleham', 'Needle County', '02139', '4307', '42.3736', 'Needle Ward'],
    patient: {
      address: [{
        line: ['Needle Street 7'], city: 'Needleham', district: 'Needle County', state: 'MA', postalCode: '02139-4307', country: 'US',
        ...extension('http://hl7.org/fhir/StructureDefinition/geolocation', { valueDecimal: 42.3736 }),
      }],
    },
    others: [{ resourceType: 'Location', name: 'Needle Ward', address: { city: 'Needleham' } }],
    keptInLimitedDataSet: ['02139', '4307'],
  },
  {
    letter: 'C', what: 'dates but the year, and ages over 89', needles: ['1931', '-04-12', '2026-03-09', '13:45', '2025-11-30'],
    patient: { birthDate: '1931-04-12' },
    observation: { effectiveDateTime: '2026-03-09T13:45:00Z', issued: '2026-03-09T13:45:00Z' },
    others: [
      { resourceType: 'Encounter', status: 'finished', period: { start: '2025-11-30' } },
      { resourceType: 'Condition', subject: SUBJECT, code: { coding: [{ system: 'http://snomed.info/sct', code: '44054006' }] }, onsetDateTime: '1931-04-12', recordedDate: '2025-11-30' },
    ],
    keptInLimitedDataSet: ['2026-03-09', '2025-11-30'],
  },
  { letter: 'D', what: 'telephone numbers', needles: ['+1-555-0100', '+1-555-0101'], patient: { telecom: [{ system: 'phone', value: '+1-555-0100' }], contact: [{ telecom: [{ value: '+1-555-0101' }] }] } },
  { letter: 'E', what: 'fax numbers', needles: ['+1-555-0199'], patient: { telecom: [{ system: 'fax', value: '+1-555-0199' }] } },
  { letter: 'F', what: 'e-mail addresses', needles: ['needle@mail.invalid'], patient: { telecom: [{ system: 'email', value: 'needle@mail.invalid' }] }, observation: { note: [{ text: 'mail needle@mail.invalid' }] } },
  { letter: 'G', what: 'social security numbers', needles: ['987-65-4320'], patient: identifier('http://hl7.org/fhir/sid/us-ssn', '987-65-4320', 'SS') },
  { letter: 'H', what: 'medical record numbers', needles: ['MRN-NEEDLE-1', 'ACSN-NEEDLE'], patient: identifier('https://hospital.example/mrn', 'MRN-NEEDLE-1', 'MR'), observation: identifier('https://lab.example/accession', 'ACSN-NEEDLE', 'ACSN') },
  {
    letter: 'I', what: 'health plan beneficiary numbers', needles: ['PLAN-NEEDLE'], patient: identifier('https://plan.example', 'PLAN-NEEDLE', 'MB'),
    others: [{ resourceType: 'Coverage', status: 'active', beneficiary: SUBJECT, subscriberId: 'PLAN-NEEDLE' }],
  },
  { letter: 'J', what: 'account numbers', needles: ['ACCT-NEEDLE'], patient: identifier('https://bank.example', 'ACCT-NEEDLE', 'AN'), others: [{ resourceType: 'Account', status: 'active', ...identifier('https://bank.example', 'ACCT-NEEDLE') }] },
  {
    letter: 'K', what: 'certificate and licence numbers', needles: ['DL-NEEDLE', 'QUAL-NEEDLE'], patient: identifier('urn:oid:2.16.840.1.113883.4.3.25', 'DL-NEEDLE', 'DL'),
    others: [{ resourceType: 'Practitioner', qualification: [{ ...identifier('https://board.example', 'QUAL-NEEDLE'), code: { text: 'MD' } }] }],
  },
  { letter: 'L', what: 'vehicle identifiers and plates', needles: ['VIN-NEEDLE', 'PLATE-NEEDLE'], patient: { ...identifier('https://vehicle.example/vin', 'VIN-NEEDLE'), ...extension('https://hospital.example/plate', { valueString: 'PLATE-NEEDLE' }) } },
  {
    letter: 'M', what: 'device identifiers and serial numbers', needles: ['UDI-NEEDLE', 'SERIAL-NEEDLE', 'LOT-NEEDLE'],
    observation: { device: { display: 'pump SERIAL-NEEDLE', identifier: { value: 'SERIAL-NEEDLE' } } },
    others: [
      { resourceType: 'Device', patient: SUBJECT, serialNumber: 'SERIAL-NEEDLE', udiCarrier: [{ carrierHRF: 'UDI-NEEDLE' }] },
      { resourceType: 'Immunization', status: 'completed', patient: SUBJECT, occurrenceDateTime: '2021-05-05', lotNumber: 'LOT-NEEDLE', vaccineCode: { coding: [{ system: 'http://hl7.org/fhir/sid/cvx', code: '208' }] } },
    ],
  },
  {
    letter: 'N', what: 'URLs', needles: ['needle.example'], patient: { telecom: [{ system: 'url', value: 'https://needle.example/me' }], implicitRules: 'https://needle.example/rules' },
    observation: { meta: { source: 'https://needle.example/lab', profile: ['https://needle.example/profile'] }, valueAttachment: { url: 'https://needle.example/scan' }, code: { coding: [{ system: 'http://loinc.org', code: '29463-7' }, { system: 'https://needle.example/codes', code: 'w' }] } },
  },
  { letter: 'O', what: 'IP addresses', needles: ['203.0.113.77', '2001:db8::77'], patient: { telecom: [{ system: 'other', value: '203.0.113.77' }] }, observation: { meta: { tag: [{ system: 'urn:ip', code: '2001:db8::77' }] }, ...extension('urn:client', { valueString: '203.0.113.77' }) } },
  {
    letter: 'P', what: 'biometric identifiers', needles: ['Tk5FRURMRVZPSUNF', 'NEEDLE 1 2 3'], observation: { valueSampledData: { origin: { value: 0 }, period: 1, dimensions: 1, data: 'NEEDLE 1 2 3' } },
    others: [{ resourceType: 'Media', status: 'completed', subject: SUBJECT, content: { contentType: 'audio/wav', data: 'Tk5FRURMRVZPSUNF' } }, { resourceType: 'Binary', contentType: 'application/octet-stream', data: 'Tk5FRURMRVZPSUNF' }],
  },
  { letter: 'Q', what: 'full-face photographs', needles: ['TkVFRExFRkFDRQ'], patient: { photo: [{ contentType: 'image/png', data: 'TkVFRExFRkFDRQ' }] } },
  {
    letter: 'R', what: 'any other unique number, characteristic or code', needles: ['needle-resource-id', 'needle-obs-id', 'NEEDLE-STUDY', 'Needle tribe', 'needle-contained', 'NEEDLE-ORDER'],
    patient: { id: 'needle-resource-id', ...identifier('https://study.example', 'NEEDLE-STUDY'), ...extension('http://hl7.org/fhir/us/core/StructureDefinition/us-core-ethnicity', { valueString: 'Needle tribe' }) },
    observation: {
      id: 'needle-obs-id', subject: { reference: 'Patient/needle-resource-id', identifier: { value: 'NEEDLE-STUDY' } }, basedOn: [{ identifier: { value: 'NEEDLE-ORDER' } }],
      contained: [{ resourceType: 'Specimen', id: 'needle-contained' }],
    },
  },
];

function told({ patient, observation: fields, others }: Identifier, ruleSet: RuleSetName): { readonly text: string; readonly report: string; readonly shared: number } {
  const record = deidentified([{ ...PATIENT, ...patient }, observation(fields), ...(others ?? [])], ruleSet);
  return { text: allText(record), report: JSON.stringify(record.report), shared: partBundle(record.parts['vital-signs']).entry?.length ?? 0 };
}

describe('Safe Harbor, 45 CFR 164.514(b)(2)(i): the eighteen identifiers', () => {
  it('are eighteen', () => {
    assert.equal(IDENTIFIERS.map(({ letter }) => letter).join(''), 'ABCDEFGHIJKLMNOPQR');
  });
  for (const one of IDENTIFIERS) {
    it(`(${one.letter}) ${one.what}`, () => {
      const { text, report, shared } = told(one, 'safe-harbor');
      for (const needle of one.needles) assert.ok(!text.includes(needle) && !report.includes(needle), needle);
      assert.equal(shared, 1, 'the observation itself is shared');
    });
  }
});

describe('a limited data set, 45 CFR 164.514(e)(2): sixteen direct identifiers', () => {
  it('are all but dates and the postal code', () => {
    assert.equal(IDENTIFIERS.filter(({ letter, keptInLimitedDataSet }) => letter !== 'R' && (letter === 'B' || keptInLimitedDataSet === undefined)).length, 16);
  });
  for (const one of IDENTIFIERS) {
    it(`(${one.letter}) ${one.what}`, () => {
      const { text, report } = told(one, 'limited-data-set');
      const kept = one.keptInLimitedDataSet ?? [];
      for (const needle of one.needles) assert.equal(text.includes(needle), kept.includes(needle), needle);
      for (const needle of one.needles) assert.ok(!report.includes(needle), needle);
    });
  }
});
