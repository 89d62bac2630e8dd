import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PART_TYPES } from '@medveil/eligibility';
import fc from 'fast-check';
import { FhirError, RULE_SET_NAMES, RULE_SETS, deidentify, directIdentifiers, generatePatients, parseBundle, toObservations } from './index.js';
import {
  NOW_MS, PATIENT, SUBJECT, allText, bytesOf, deidentified, merged, observation, partBundle, seededBytes, textOf,
} from './testing/fixtures.js';

const shared = (record: ReturnType<typeof deidentified>, part: (typeof PART_TYPES)[number]) =>
  (partBundle(record.parts[part]).entry ?? []).map(({ resource }) => resource);
const patientOf = (fields: object, ruleSet: (typeof RULE_SET_NAMES)[number]) =>
  shared(deidentified([{ ...PATIENT, ...fields }], ruleSet), 'demographics')[0] ?? {};

/** All that leaves or is reported: parts and report, or the error where the patient cannot be read. */
function whatIsTold(resources: readonly unknown[], ruleSet: (typeof RULE_SET_NAMES)[number]): string {
  try {
    const record = deidentified(resources, ruleSet);
    return allText(record) + JSON.stringify(record.report);
  } catch (error) {
    assert.ok(error instanceof FhirError);
    assert.equal(error.code, 'fhir/bad-patient');
    return error.message + JSON.stringify(error.details) + String(error.cause);
  }
}

const cutTo = (postalCode: string): string | undefined =>
  (patientOf({ address: [{ postalCode }] }, 'safe-harbor')['address'] as { postalCode: string }[] | undefined)?.[0]?.postalCode;

describe('direct identifiers', () => {
  it('none of a generated patient survives in any part, under any rule set', () => {
    fc.assert(fc.property(fc.nat(), fc.constantFrom(...RULE_SET_NAMES), (seed, ruleSet) => {
      for (const bundle of generatePatients({ seed, count: 8, referenceTimeMs: NOW_MS })) {
        const record = deidentify(parseBundle(bytesOf(bundle)), { ruleSet, random: seededBytes(seed), referenceTimeMs: NOW_MS });
        const text = allText(record);
        const identifiers = directIdentifiers(bundle);
        assert.ok(identifiers.length > 60);
        for (const identifier of identifiers) assert.ok(!text.includes(identifier), identifier);
        assert.doesNotMatch(text, /"(?:display|text|name|identifier|telecom|note|performer|issued|contact|photo|line|city)":/);
        for (const identifier of identifiers) assert.ok(!JSON.stringify(record.report).includes(identifier), identifier);
      }
    }), { numRuns: 6 });
  });

  it('a secret put into any field, known or made up, at any place, does not survive', () => {
    const secret = 'Zebra Quill';
    const resources = [PATIENT, observation({ component: [observation()] }), ...oneOfEach()];
    const paths = resources.flatMap((resource, index) => objectPaths(resource).map((path) => ({ index, path })));
    const key = fc.constantFrom('name', 'text', 'note', '_status', 'display', 'extension', 'contained', '__proto__', 'constructor', 'x y', 'title');
    const value = fc.constantFrom<unknown>(secret, [secret], { text: secret }, [{ valueString: secret }], { [secret]: 1 });
    fc.assert(fc.property(fc.constantFrom(...paths), key, value, fc.constantFrom(...RULE_SET_NAMES), ({ index, path }, name, put, ruleSet) => {
      const copies = structuredClone(resources) as object[];
      const target = path.reduce<object>((object, step) => Reflect.get(object, step) as object, copies[index] as object);
      Object.defineProperty(target, name, { value: put, enumerable: true, configurable: true });
      assert.ok(!whatIsTold(copies, ruleSet).includes(secret));
    }), { numRuns: 400 });
  });

  it('are not smuggled out in codes, units, statuses or region codes', () => {
    const record = deidentified([
      { ...PATIENT, address: [{ state: 'Jane Doe', country: 'Nowhere', postalCode: 'Jane 1' }] },
      observation({
        code: { coding: [{ system: 'http://loinc.org', code: '29463-7' }, { system: 'https://hospital.example/codes', code: 'JaneDoe' }] },
        bodySite: { coding: [{ system: 'http://snomed.info/sct', code: 'Jane Doe' }] },
        valueQuantity: { value: 3, system: 'http://unitsofmeasure.org', code: 'Jane Doe', unit: 'kg of Jane' },
      }),
    ]);
    assert.doesNotMatch(allText(record), /Jane|Nowhere|hospital/);
  });
});

describe('what stays', () => {
  it('is in every part type, empty ones included, as canonical bundles', () => {
    const record = deidentified([PATIENT]);
    assert.deepEqual(Object.keys(record.parts), [...PART_TYPES]);
    assert.equal(textOf(record.parts.laboratory), '{"resourceType":"Bundle","type":"collection"}');
    for (const bytes of Object.values(record.parts)) assert.equal(textOf(bytes), textOf(bytesOf(partBundle(bytes))));
  });

  it('sorts resources into parts by type, code and category', () => {
    const survey = observation({ category: [], code: { coding: [{ system: 'http://loinc.org', code: '44261-6' }] } });
    const record = deidentified([PATIENT, observation(), survey, ...oneOfEach()]);
    const counts = Object.fromEntries(PART_TYPES.map((part) => [part, shared(record, part).length]));
    assert.deepEqual(counts, {
      demographics: 1, 'vital-signs': 1, laboratory: 1, conditions: 1, medications: 3, procedures: 1, immunizations: 1,
      allergies: 1, 'social-history': 1, other: 1,
    });
  });

  it('keeps birth sex of all extensions, and only its code', () => {
    const url = 'http://hl7.org/fhir/us/core/StructureDefinition/us-core-birthsex';
    const patient = patientOf({ extension: [{ url, valueCode: 'F', id: 'x' }, { url: 'http://race', valueCode: 'F' }] }, 'safe-harbor');
    assert.deepEqual(patient['extension'], [{ url, valueCode: 'F' }]);
  });

  it('keeps HL7 profiles, which say the format, and no others', () => {
    const hl7 = 'http://hl7.org/fhir/StructureDefinition/vitalsigns';
    const record = deidentified([PATIENT, observation({ meta: { profile: [`${hl7}|4.0.1`, 'https://jane.example/profile'], source: 'x' } })]);
    assert.deepEqual(shared(record, 'vital-signs')[0]?.['meta'], { profile: [hl7] });
  });

  it('reads a unit that is only written out', () => {
    const [weight] = shared(deidentified([PATIENT, observation({ valueQuantity: { value: 158, unit: 'lbs' } })]), 'vital-signs');
    assert.deepEqual(weight?.['valueQuantity'], { value: 158, system: 'http://unitsofmeasure.org', code: '[lb_av]' });
  });
});

describe('dates, ages and places', () => {
  it('are kept to the day as written there, or cut to the year', () => {
    for (const [ruleSet, date] of [['limited-data-set', '2026-03-01'], ['safe-harbor', '2026']] as const) {
      assert.equal(shared(deidentified([PATIENT, observation()], ruleSet), 'vital-signs')[0]?.['effectiveDateTime'], date);
    }
  });

  it('leave no day, month or hour under safe harbor', () => {
    for (const bundle of generatePatients({ seed: 3, count: 8, referenceTimeMs: NOW_MS })) {
      const record = deidentify(parseBundle(bytesOf(bundle)), { ruleSet: 'safe-harbor', random: seededBytes(1), referenceTimeMs: NOW_MS });
      assert.doesNotMatch(allText(record), /\d{4}-\d{2}(?:-\d{2})?[T"]/);
    }
  });

  it('pool ages over 89, and let no earlier date show them', () => {
    for (const ruleSet of RULE_SET_NAMES) {
      assert.equal(patientOf({ birthDate: '1931-04-02' }, ruleSet)['birthDate'], '1936');
      assert.equal(patientOf({ birthDate: '1936-11-23' }, ruleSet)['birthDate'], ruleSet === 'safe-harbor' ? '1936' : '1936-11-23');
      const old = deidentified([
        { ...PATIENT, birthDate: '1931-04-02' },
        { resourceType: 'Condition', subject: SUBJECT, code: snomed('38341003'), onsetDateTime: '1933-01-01', recordedDate: '2020-01-01' },
        observation({ code: { coding: [{ system: 'http://loinc.org', code: '30525-0' }] }, valueQuantity: { value: 95, code: 'a' } }),
      ], ruleSet);
      assert.doesNotMatch(allText(old), /"193[1-5]|"value":95/);
      assert.deepEqual(old.report.notShared, [{ resourceType: 'Observation', reason: 'age-shown', count: 1 }]);
    }
  });

  it('count the age at death where that came first', () => {
    const patient = patientOf({ birthDate: '1900-01-01', deceasedDateTime: '1970-06-01' }, 'safe-harbor');
    assert.deepEqual([patient['birthDate'], patient['deceasedDateTime']], ['1900', '1970']);
  });

  it('cut postal codes to three digits, small areas to none', () => {
    assert.deepEqual(['02139', '02139-4307', '03601', '82190', 'SW1A 1AA', '1010'].map(cutTo), ['021', '021', '000', '000', undefined, undefined]);
  });
});

describe('ids and references', () => {
  it('are new at each call and lead to the same resources', () => {
    const condition = { resourceType: 'Condition', id: 'c1', subject: SUBJECT, code: snomed('44054006') };
    const procedure = {
      resourceType: 'Procedure', status: 'completed', subject: SUBJECT, code: snomed('73761001'),
      reasonReference: [{ reference: 'Condition/c1', display: 'Jane' }, { reference: 'Observation/gone' }], encounter: { reference: 'Encounter/e' },
    };
    const [one, two] = [1, 2].map((seed) => deidentified([PATIENT, condition, procedure], 'limited-data-set', seed));
    assert.ok(one !== undefined && two !== undefined);
    const patientUrl = partBundle(one.parts.demographics).entry?.[0]?.fullUrl;
    const conditionUrl = partBundle(one.parts.conditions).entry?.[0]?.fullUrl;
    const [shown] = shared(one, 'procedures');
    assert.deepEqual(shown?.['subject'], { reference: patientUrl });
    assert.deepEqual(shown?.['reasonReference'], [{ reference: conditionUrl }]);
    assert.notEqual(patientUrl, partBundle(two.parts.demographics).entry?.[0]?.fullUrl);
    assert.match(patientUrl ?? '', /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  it('name a medication in place, whether it was referenced in the bundle or contained', () => {
    const code = { coding: [{ system: 'http://www.nlm.nih.gov/research/umls/rxnorm', code: '860975' }] };
    const medication = { resourceType: 'Medication', id: 'm1', code, manufacturer: { display: 'Zebra Quill' } };
    const order = { resourceType: 'MedicationRequest', status: 'active', intent: 'order', subject: SUBJECT };
    const record = deidentified([
      PATIENT, medication,
      { ...order, medicationReference: { reference: 'Medication/m1' } },
      { ...order, contained: [medication], medicationReference: { reference: '#m1' } },
      { ...order, medicationReference: { reference: 'Medication/unknown' } },
    ]);
    assert.deepEqual(shared(record, 'medications').map((item) => item['medicationCodeableConcept']), [code, code]);
    assert.doesNotMatch(allText(record), /Zebra|contained/);
    assert.deepEqual(record.report.notShared.filter((row) => row.reason === 'no-shareable-code').map((row) => row.count), [1]);
  });
});

describe('the rules as a whole', () => {
  it('are idempotent: a second pass removes nothing and finds the same observations', () => {
    for (const ruleSet of RULE_SET_NAMES) {
      for (const bundle of generatePatients({ seed: 11, count: 8, referenceTimeMs: NOW_MS })) {
        const options = { ruleSet, random: seededBytes(4), referenceTimeMs: NOW_MS };
        const once = deidentify(parseBundle(bytesOf(bundle)), options);
        const twice = deidentify(parseBundle(bytesOf(merged(once))), options);
        assert.deepEqual(twice.report.removed, []);
        assert.deepEqual(sorted(toObservations(twice.parts).observations), sorted(toObservations(once.parts).observations));
      }
    }
  });

  it('give the same bytes for the same bundle and randomness', () => {
    const resources = [PATIENT, observation(), ...oneOfEach()];
    assert.deepEqual(deidentified(resources), deidentified(resources));
  });

  it('can be one\'s own, and what such a set does not list is not shared', () => {
    const { Patient, Condition } = RULE_SETS['safe-harbor'].resources;
    assert.ok(Patient !== undefined && Condition !== undefined);
    const own = { ...RULE_SETS['safe-harbor'], name: 'diagnoses-only', postalCode: 'removed', resources: { Patient, Condition } } as const;
    const record = deidentified([PATIENT, observation(), ...oneOfEach()], own);
    assert.equal(record.report.ruleSet, 'diagnoses-only');
    assert.deepEqual(record.report.shared.map((row) => row.resourceType), ['Condition', 'Patient']);
  });

  it('report a resource that a set of one\'s own makes unreadable instead of sharing it', () => {
    const own = { ...RULE_SETS['safe-harbor'], resources: { Patient: {}, Observation: { code: 'concept' } } } as const;
    const record = deidentified([PATIENT, observation()], own);
    assert.deepEqual(record.report.notShared, [{ resourceType: 'Observation', reason: 'malformed', count: 1 }]);
  });

  it('are counted by path', () => {
    const { report } = deidentified([{ ...PATIENT, name: [{ family: 'x' }], 'Jane Doe': 1 }, observation({ note: [{ text: 'x' }] })]);
    assert.deepEqual(report.removed, [
      { path: 'Observation.note', count: 1 }, { path: 'Observation.valueQuantity.unit', count: 1 },
      { path: 'Patient.(unnamed)', count: 1 }, { path: 'Patient.name', count: 1 },
    ]);
  });
});

function snomed(code: string): object {
  return { coding: [{ system: 'http://snomed.info/sct', code }] };
}

function oneOfEach(): Record<string, unknown>[] {
  const rxnorm = { coding: [{ system: 'http://www.nlm.nih.gov/research/umls/rxnorm', code: '860975' }] };
  const medication = { status: 'active', subject: SUBJECT, medicationCodeableConcept: rxnorm };
  return [
    observation({ code: { coding: [{ system: 'http://loinc.org', code: '4548-4' }] }, valueQuantity: { value: 7, code: '%', system: 'http://unitsofmeasure.org' } }),
    observation({ code: { coding: [{ system: 'http://loinc.org', code: '72166-2' }] }, valueQuantity: undefined, valueCodeableConcept: snomed('266919005') }),
    { resourceType: 'Condition', subject: SUBJECT, code: snomed('44054006'), onsetDateTime: '2020-01-01' },
    { resourceType: 'Procedure', status: 'completed', subject: SUBJECT, code: snomed('73761001'), performedPeriod: { start: '2021-02-03' } },
    { resourceType: 'MedicationRequest', intent: 'order', authoredOn: '2022-01-01', ...medication },
    { resourceType: 'MedicationStatement', ...medication },
    { resourceType: 'MedicationAdministration', ...medication },
    {
      resourceType: 'Immunization', status: 'completed', patient: SUBJECT, occurrenceDateTime: '2021-05-05',
      vaccineCode: { coding: [{ system: 'http://hl7.org/fhir/sid/cvx', code: '208' }] },
    },
    { resourceType: 'AllergyIntolerance', patient: SUBJECT, code: snomed('91935009'), reaction: [{ manifestation: [snomed('271807003')] }] },
  ];
}

/** Paths to every object within a value, the value itself first. */
function objectPaths(value: unknown): string[][] {
  if (typeof value !== 'object' || value === null) return [];
  const inner = Object.entries(value).flatMap(([key, item]) => objectPaths(item).map((path) => [key].concat(path)));
  return Array.isArray(value) ? inner : [[], ...inner];
}

const sorted = (observations: readonly object[]): string[] =>
  observations.map((item) => JSON.stringify(item, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))).toSorted();
