import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RULE_SET_NAMES, RULE_SETS, parseRuleSet } from './index.js';
import { allText, deidentified, observation, PATIENT } from './testing/fixtures.js';

const refused = (value: unknown, message: RegExp): void => {
  assert.throws(() => parseRuleSet(value), (error: Error & { code?: string }) => error.code === 'fhir/bad-rule-set' && message.test(error.message));
};

describe('a rule set of one’s own', () => {
  it('begins with a shipped one and changes what it names', () => {
    const own = parseRuleSet({
      name: 'ward-7', base: 'safe-harbor', postalCode: 'removed', oldestAgeYears: 79,
      resources: { Patient: { maritalStatus: null }, AllergyIntolerance: null, Observation: { note: { fields: { text: 'free-text' } } } },
    });
    assert.deepEqual([own.datePrecision, own.postalCode, own.oldestAgeYears], ['year', 'removed', 79]);
    assert.equal(own.resources.AllergyIntolerance, undefined);
    assert.deepEqual(Object.keys(own.resources.Patient ?? {}).includes('maritalStatus'), false);
    assert.deepEqual(own.resources.Condition, RULE_SETS['safe-harbor'].resources.Condition);
    const record = deidentified([PATIENT, observation({ note: [{ text: 'felt well', authorString: 'Jane' }] })], own);
    assert.ok(allText(record).includes('felt well') && !allText(record).includes('Jane'));
    assert.deepEqual(record.report.changed.filter(({ change }) => change === 'free-text-kept'), [{ path: 'Observation.note.text', change: 'free-text-kept', count: 1 }]);
  });

  it('keeps free text and extensions only where it names them, whatever their value', () => {
    const url = 'https://hospital.example/smoker';
    const resources = [{ ...PATIENT, extension: [{ url, valueString: 'ten a day' }, { url: 'https://other.example', valueString: 'Jane' }] }, observation()];
    for (const ruleSet of RULE_SET_NAMES) assert.doesNotMatch(allText(deidentified(resources, ruleSet)), /ten a day|Jane/);
    const own = parseRuleSet({ name: 'own', base: 'safe-harbor', resources: { Patient: { extension: { extensions: { [url]: 'free-text' } } } } });
    assert.ok(allText(deidentified(resources, own)).includes(`{"url":"${url}","valueString":"ten a day"}`));
    assert.ok(!allText(deidentified(resources, own)).includes('Jane'));
    const coded = parseRuleSet({ name: 'own', base: 'safe-harbor', resources: { Patient: { extension: { extensions: { [url]: { oneOf: ['none'] } } } } } });
    assert.ok(!allText(deidentified(resources, coded)).includes('ten a day'));
  });

  it('shares without a base only what it lists', () => {
    const own = parseRuleSet({
      name: 'weights', datePrecision: 'year', oldestAgeYears: 89, postalCode: 'removed',
      resources: { Patient: {}, Observation: { status: { oneOf: ['final'] }, code: 'concept', valueQuantity: 'quantity', effectiveDateTime: 'date' } },
    });
    const { report } = deidentified([PATIENT, observation(), { resourceType: 'Condition', subject: {}, code: { coding: [{ system: 'http://snomed.info/sct', code: '44054006' }] } }], own);
    assert.deepEqual(report.shared.map(({ resourceType }) => resourceType), ['Observation', 'Patient']);
  });

  it('is refused with the place and what is allowed there', () => {
    refused([], /^rule set: /);
    refused({ name: 'Ward 7' }, /^name: small letters/);
    refused({ name: 'safe-harbor', base: 'safe-harbor' }, /^name: safe-harbor is the name of a shipped rule set/);
    refused({ name: 'a', base: 'none' }, /^base: .*limited-data-set/);
    refused({ name: 'a', bases: 1 }, /bases/);
    refused({ name: 'a' }, /^datePrecision: .*allowed: day, year/);
    refused({ name: 'a', base: 'safe-harbor', resources: { Encounter: {} } }, /^resources\.Encounter: .*allowed: Patient, Observation/);
    refused({ name: 'a', base: 'safe-harbor', resources: { Patient: null } }, /^resources\.Patient: has to be listed/);
    refused({ name: 'a', base: 'safe-harbor', resources: { Observation: { status: null } } }, /^resources\.Observation: lacks status/);
    refused({ name: 'a', base: 'safe-harbor', resources: { Patient: { birthDate: 'keep' } } }, /^resources\.Patient\.birthDate: "keep" is no rule; allowed: concept, quantity/);
    refused({ name: 'a', base: 'safe-harbor', resources: { Patient: { name: { fields: { family: true } } } } }, /^resources\.Patient\.name\.fields\.family: is no rule/);
    refused({ name: 'a', base: 'safe-harbor', resources: { Patient: { identifier: 'free-text' } } }, /^resources\.Patient\.identifier: is not a field that can be kept/);
    refused({ name: 'a', base: 'safe-harbor', resources: { Patient: { extension: { extensions: { plate: 'free-text' } } } } }, /plate: is no URL/);
    refused({ name: 'a', base: 'safe-harbor', resources: { Patient: { gender: { oneOf: [] } } } }, /^resources\.Patient\.gender\.oneOf: must be a list/);
    refused(JSON.parse('{"name":"a","base":"safe-harbor","resources":{"Patient":{"__proto__":"free-text"}}}'), /__proto__: is not a field/);
    let deep: object = { oneOf: ['x'] };
    for (let i = 0; i < 10; i += 1) deep = { fields: { a: deep } };
    refused({ name: 'a', base: 'safe-harbor', resources: { Patient: { a: deep } } }, /deeper than 8 levels/);
  });
});
