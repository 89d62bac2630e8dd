import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isEligibilityError, LOINC, parsePolicy, policyFromGroup, policyToGroup, SNOMED } from './index.js';
import { POLICY } from './testing.js';

const characteristic = (body: object) => ({ resourceType: 'Group', type: 'person', actual: false, characteristic: [body] });
const hba1c = { coding: [{ system: LOINC, code: '4548-4', display: 'HbA1c' }] };
const one = (body: object) => policyFromGroup(characteristic(body)).all[0];

describe('a policy as a FHIR Group', () => {
  it('reads back what it wrote, every kind of clause included', () => {
    const policy = parsePolicy(`
version: 1
all:
  - lacks: { part: conditions, code: { system: ${SNOMED}, code: '46635009' }, within: { from: 2020-01-01 } }
  - has: { code: { system: ${LOINC}, code: 4548-4 }, within: { from: 2020-01-01, to: 2020-12-31 } }
  - any:
      - age: { atMost: 30 }
      - latest: { code: { system: ${LOINC}, code: 8480-6 }, value: { atMost: 140, unit: 'mm[Hg]' } }
`);
    for (const each of [policy, parsePolicy(POLICY)]) {
      assert.deepEqual(policyFromGroup(JSON.parse(JSON.stringify(policyToGroup(each)))), each);
    }
  });

  it('understands plain R4 characteristics of others', () => {
    const code = { system: LOINC, code: '4548-4' };
    assert.deepEqual(one({ code: hba1c, exclude: false, valueQuantity: { value: 6.5, comparator: '>=', unit: '%' } }), { has: { code, value: { atLeast: 6.5, unit: '%' } } });
    assert.deepEqual(one({ code: hba1c, exclude: false, valueQuantity: { value: 6.5, code: '%' } }), { has: { code, value: { atLeast: 6.5, atMost: 6.5, unit: '%' } } });
    assert.deepEqual(one({ code: hba1c, exclude: true, valueBoolean: true }), { lacks: { code } });
    assert.deepEqual(one({ code: hba1c, exclude: false, valueBoolean: false }), { lacks: { code } });
    assert.deepEqual(one({ code: hba1c, exclude: true, valueBoolean: false }), { has: { code } });
    assert.deepEqual(
      one({ code: { coding: [{ system: LOINC, code: '30525-0' }] }, exclude: false, valueRange: { low: { value: 18, code: 'a' }, high: { value: 65, code: 'a' } } }),
      { age: { atLeast: 18, atMost: 65 } },
    );
  });

  it('refuses what no clause expresses, and says where', () => {
    const refused = [
      [characteristic({ code: hba1c, exclude: true, valueQuantity: { value: 6.5, code: '%' } }), 'characteristic.0'],
      [characteristic({ code: hba1c }), 'characteristic.0.exclude'],
      [{ resourceType: 'Patient' }, 'resourceType'],
      [null, ''],
    ] as const;
    for (const [group, path] of refused) {
      assert.throws(() => policyFromGroup(group), (e) => isEligibilityError(e, 'eligibility/bad-policy') && e.details['path'] === path);
    }
  });
});
