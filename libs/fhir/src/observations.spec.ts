import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BIRTH_DATE, GENDER, type Observation, canonicalQuantity } from '@medveil/eligibility';
import { utf8 } from '@medveil/encoding';
import fc from 'fast-check';
import { FhirError, type RuleSetName, checkDelivered, generatePatients, parseBundle, prepareRecord, toObservations } from './index.js';
import { NOW_MS, PATIENT, SUBJECT, bundleOf, bytesOf, deidentified, observation, seededBytes, without } from './testing/fixtures.js';

const DAY = Date.UTC(2026, 2, 1);
const read = (resources: readonly unknown[], ruleSet: RuleSetName = 'limited-data-set') =>
  toObservations(deidentified([PATIENT, ...resources], ruleSet).parts);
/** Of the resources only, without the patient's own observations. */
const facts = (...resources: unknown[]): readonly Observation[] =>
  read(resources).observations.filter(({ part }) => part !== 'demographics');
const refusals = (...resources: unknown[]): string[] =>
  read(resources).notUnderstood.map(({ code, reason, count }) => `${code} ${reason} ${count}`);
const loinc = (code: string) => ({ coding: [{ system: 'http://loinc.org', code }] });
const snomed = (code: string) => ({ coding: [{ system: 'http://snomed.info/sct', code }] });
const clinical = (code: string) => ({ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/condition-clinical', code }] });
const verified = (code: string) => ({ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/condition-ver-status', code }] });
const ucum = (value: number, code: string) => ({ value, system: 'http://unitsofmeasure.org', code });
const coded = (fields: object): object => ({ ...without(observation(), 'valueQuantity'), ...fields });

describe('measurements', () => {
  it('are numbers in the unit of their code, on their day', () => {
    const code = { system: 'http://loinc.org', code: '29463-7' };
    assert.deepEqual(facts(observation()), [
      { part: 'vital-signs', code, timeMs: DAY, value: { kind: 'quantity', scaled: canonicalQuantity(code, 71.5, 'kg'), unit: 'kg' } },
    ]);
  });

  it('are the same whatever unit they were taken in', () => {
    const weights = [ucum(71.5, 'kg'), ucum(71500, 'g'), { value: 71.5, unit: 'kg' }].map((valueQuantity) => facts(observation({ valueQuantity })));
    assert.deepEqual(weights[1], weights[0]);
    assert.deepEqual(weights[2], weights[0]);
    const [celsius, fahrenheit] = [ucum(37, 'Cel'), ucum(98.6, '[degF]')]
      .map((valueQuantity) => facts(observation({ code: loinc('8310-5'), valueQuantity })));
    assert.deepEqual(fahrenheit, celsius);
  });

  it('come out of a blood pressure panel each on its own', () => {
    const panel = coded({
      code: loinc('85354-9'),
      component: [
        { code: loinc('8480-6'), valueQuantity: ucum(141, 'mm[Hg]') }, { code: loinc('8462-4'), valueQuantity: ucum(88, 'mm[Hg]') },
        { code: loinc('8478-0'), dataAbsentReason: { text: 'not taken' } },
      ],
    });
    const { observations, understood, notUnderstood } = read([panel]);
    const pressures = observations.filter(({ part }) => part === 'vital-signs');
    assert.deepEqual(pressures.map(({ code, timeMs, part }) => [code.code, timeMs, part]), [['8480-6', DAY, 'vital-signs'], ['8462-4', DAY, 'vital-signs']]);
    assert.equal(understood, 4);
    assert.deepEqual(notUnderstood, [{ system: 'http://loinc.org', code: '8478-0', reason: 'no-value', count: 1 }]);
  });

  it('may be coded, true or false, or whole numbers', () => {
    const detected = { system: 'http://snomed.info/sct', code: '260373001' };
    const other = { system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation', code: 'POS' };
    const values = facts(
      coded({ code: loinc('94500-6'), valueCodeableConcept: { coding: [other, detected], text: 'x' } }),
      coded({ code: loinc('93027-1'), valueBoolean: false }),
      coded({ code: loinc('63512-8'), valueInteger: 4 }),
    ).map(({ value }) => value);
    assert.ok(values.some((value) => value.kind === 'coded' && value.code === detected.code));
    assert.ok(values.some((value) => value.kind === 'coded' && value.code === 'N'));
    assert.ok(values.some((value) => value.kind === 'quantity'));
    assert.equal(values.length, 3);
  });

  it('stand under each of their codes', () => {
    const code = { coding: [...loinc('2708-6').coding, ...loinc('59408-5').coding, ...loinc('2708-6').coding] };
    assert.deepEqual(facts(observation({ code, valueQuantity: ucum(97, '%') })).map((item) => item.code.code), ['2708-6', '59408-5']);
  });

  it('are reported where they are not understood, each with code, reason and count', () => {
    const cases: [object, string][] = [
      [observation({ valueQuantity: ucum(3, 'furlong') }), 'unknown-unit'],
      [observation({ valueQuantity: ucum(3, 's') }), 'incommensurable-unit'],
      [observation({ valueQuantity: ucum(1e30, 'kg') }), 'quantity-out-of-range'],
      [observation({ valueQuantity: { value: 3 } }), 'no-unit'],
      [observation({ valueQuantity: { value: 3, unit: 'stones or so' } }), 'no-unit'],
      [observation({ valueQuantity: { ...ucum(3, 'kg'), comparator: '<' } }), 'comparator'],
      [observation({ valueQuantity: { unit: 'kg' } }), 'no-value'],
      [coded({ valueString: 'heavy' }), 'no-value'],
      [coded({ valueCodeableConcept: { text: 'heavy' } }), 'no-value'],
      [without(observation(), 'effectiveDateTime'), 'no-time'],
      [observation({ status: 'preliminary' }), 'status-not-final'],
    ];
    for (const [resource, reason] of cases) {
      assert.deepEqual(refusals(resource, resource), [`29463-7 ${reason} 2`]);
      assert.deepEqual(facts(resource), []);
    }
  });
});

describe('what was diagnosed and done', () => {
  const condition = { resourceType: 'Condition', subject: SUBJECT, code: snomed('44054006') };

  it('a condition has its clinical status as value and its onset as time', () => {
    const [active, plain] = facts(
      { ...condition, onsetDateTime: '2019-08-05T10:00:00Z', clinicalStatus: clinical('active'), verificationStatus: verified('confirmed') },
      { ...condition, recordedDate: '2019-08-06' },
    ).toSorted((a, b) => a.timeMs - b.timeMs);
    assert.deepEqual([active?.timeMs, active?.value], [Date.UTC(2019, 7, 5), { kind: 'coded', ...clinical('active').coding[0] }]);
    assert.deepEqual([plain?.timeMs, plain?.value], [Date.UTC(2019, 7, 6), { kind: 'present' }]);
  });

  it('a fact without a date stays a fact, so that its absence cannot be proved', () => {
    assert.deepEqual(facts(condition).map(({ timeMs }) => timeMs), [0]);
  });

  it('what was refuted, planned or not done is no fact', () => {
    const drug = { coding: [{ system: 'http://www.nlm.nih.gov/research/umls/rxnorm', code: '860975' }] };
    const order = { resourceType: 'MedicationRequest', status: 'active', intent: 'order', subject: SUBJECT, medicationCodeableConcept: drug };
    const vaccine = { coding: [{ system: 'http://hl7.org/fhir/sid/cvx', code: '208' }] };
    const cases: [object, string][] = [
      [{ ...condition, verificationStatus: verified('refuted') }, '44054006 not-confirmed 1'],
      [{ ...condition, verificationStatus: verified('provisional') }, '44054006 not-confirmed 1'],
      [{ ...order, intent: 'plan' }, '860975 not-done 1'],
      [{ ...order, doNotPerform: true }, '860975 not-done 1'],
      [{ ...order, status: 'cancelled' }, '860975 not-done 1'],
      [{ resourceType: 'Immunization', status: 'not-done', patient: SUBJECT, vaccineCode: vaccine }, '208 not-done 1'],
      [{ resourceType: 'Procedure', status: 'preparation', subject: SUBJECT, code: snomed('73761001') }, '73761001 not-done 1'],
    ];
    for (const [resource, refusal] of cases) {
      assert.deepEqual(refusals(resource), [refusal]);
      assert.deepEqual(facts(resource), []);
    }
  });
});

describe('demographics', () => {
  it('are the birth date as a time, and coded gender and marital status', () => {
    const marital = { system: 'http://terminology.hl7.org/CodeSystem/v3-MaritalStatus', code: 'M' };
    const { observations } = toObservations(deidentified([{ ...PATIENT, maritalStatus: { coding: [marital] } }]).parts);
    const bornMs = Date.UTC(1980, 4, 17);
    assert.deepEqual(observations.map(({ code, timeMs }) => [code.code, timeMs]), [
      [BIRTH_DATE.code, bornMs], [GENDER.code, bornMs], ['45404-1', bornMs],
    ]);
    assert.deepEqual(observations[0]?.value, { kind: 'present' });
  });

  it('follow the date precision of the rule set', () => {
    const { observations } = read([observation()], 'safe-harbor');
    assert.deepEqual(observations.map(({ timeMs }) => timeMs), [Date.UTC(1980, 0, 1), Date.UTC(1980, 0, 1), Date.UTC(2026, 0, 1)]);
  });
});

describe('a record', () => {
  it('with nothing usable is refused', () => {
    const bundle = parseBundle(bytesOf(bundleOf([PATIENT, coded({ valueString: 'heavy' })])));
    assert.throws(
      () => prepareRecord(bundle, { ruleSet: 'safe-harbor', random: seededBytes(1), referenceTimeMs: NOW_MS }),
      (error: FhirError) => error.code === 'fhir/no-usable-observation',
    );
  });

  it('gives the same observations from one part as from all, and the institution finds what was proved', () => {
    for (const bundle of generatePatients({ seed: 5, count: 8, referenceTimeMs: NOW_MS })) {
      const record = prepareRecord(parseBundle(bytesOf(bundle)), { ruleSet: 'limited-data-set', random: seededBytes(2), referenceTimeMs: NOW_MS });
      assert.deepEqual(record.notUnderstood, []);
      for (const [part, bytes] of Object.entries(record.parts) as [Observation['part'], Uint8Array][]) {
        const proved = record.observations.filter((item) => item.part === part);
        const check = checkDelivered(part, bytes, proved.toReversed());
        assert.deepEqual([check.ok, check.missing, check.unexpected], [true, 0, 0]);
        assert.deepEqual(check.observations, proved);
      }
    }
  });

  it('delivered with one value changed, left out or added is noticed', () => {
    const { parts } = deidentified([PATIENT, observation(), observation({ effectiveDateTime: '2026-04-01' })]);
    const proved = toObservations({ 'vital-signs': parts['vital-signs'] }).observations;
    const [first, second] = proved;
    assert.ok(first !== undefined && second !== undefined);
    const against = (observations: readonly Observation[]) => {
      const { ok, missing, unexpected } = checkDelivered('vital-signs', parts['vital-signs'], observations);
      return [ok, missing, unexpected];
    };
    assert.deepEqual(against([first]), [false, 0, 1]);
    assert.deepEqual(against([first, second, second]), [false, 1, 0]);
    assert.deepEqual(against([first, { ...second, value: { kind: 'quantity', scaled: 1n, unit: 'kg' } }]), [false, 1, 1]);
  });

  it('is not read from bytes that are no part', () => {
    const { parts } = deidentified([PATIENT, observation()]);
    const foreign = [utf8('{'), utf8('{"resourceType":"Bundle","type":"transaction"}'), parts['vital-signs'], bytesOf(bundleOf([{ resourceType: 'Encounter' }]))];
    for (const bytes of foreign) {
      assert.throws(() => toObservations({ laboratory: bytes }), (error: FhirError) => error.code === 'fhir/bad-part');
    }
  });

  it('of any resources gives observations or reports, never an error', () => {
    const any = fc.record({
      resourceType: fc.constantFrom('Observation', 'Condition', 'Procedure', 'Immunization', 'MedicationRequest', 'AllergyIntolerance'),
      status: fc.constantFrom('final', 'completed', 'active', 'unknown'),
      intent: fc.constant('order'),
      code: fc.constantFrom<object>(loinc('29463-7'), snomed('44054006'), {}, { coding: [{}] }, { text: 'x' }),
      subject: fc.constant(SUBJECT),
      patient: fc.constant(SUBJECT),
      vaccineCode: fc.constantFrom<object>({}, snomed('44054006')),
      effectiveDateTime: fc.option(fc.constantFrom('2020', '2020-02', '2020-02-29'), { nil: undefined }),
      valueQuantity: fc.option(fc.record({ value: fc.option(fc.double({ noNaN: true, noDefaultInfinity: true }), { nil: undefined }), code: fc.constantFrom('kg', 'g', '', '{x}', '1') }), { nil: undefined }),
      valueCodeableConcept: fc.option(fc.constantFrom(snomed('260373001'), { text: 'x' }), { nil: undefined }),
    });
    fc.assert(fc.property(fc.array(any, { maxLength: 5 }), fc.constantFrom<RuleSetName>('limited-data-set', 'safe-harbor'), (resources, ruleSet) => {
      read(resources, ruleSet);
    }), { numRuns: 200 });
  });
});
