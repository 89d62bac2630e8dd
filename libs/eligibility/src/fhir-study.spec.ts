import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isEligibilityError, LOINC, parsePolicy, policyFromFhir, policyToGroup, policyToStudy } from './index.js';
import { POLICY } from './testing.js';

const policy = parsePolicy(POLICY);
const about = { id: 'study-1', title: 'Glucose after meals', keywords: ['diabetes'] };
const sent = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
const group = { ...policyToGroup(policy), id: 'g' };
const study = { resourceType: 'ResearchStudy', id: 's', status: 'active', enrollment: [{ reference: 'Group/g' }] };

describe('a policy as a FHIR ResearchStudy', () => {
  it('reads back what it wrote, with whether self-attested records count and how old an attestation may be', () => {
    const strict = { ...policy, acceptSelfAttested: true, attestedWithinDays: 30 };
    for (const each of [policy, strict]) assert.deepEqual(policyFromFhir(sent(policyToStudy(each, about))), each);
  });

  it('is found in a Bundle by logical id or by full URL, and alone as a Group', () => {
    const patient = { resource: { resourceType: 'Patient', id: 'g' } };
    const byUrl = { ...study, enrollment: [{ reference: 'urn:uuid:1' }] };
    for (const value of [
      { resourceType: 'Bundle', entry: [patient, { resource: study }, { resource: group }] },
      { resourceType: 'Bundle', entry: [patient, { resource: byUrl }, { fullUrl: 'urn:uuid:1', resource: group }] },
      group,
    ]) {
      assert.deepEqual(policyFromFhir(sent(value)), policy);
    }
  });

  it('says where a resource states no criteria that can be read', () => {
    const bad = { ...group, characteristic: [{ code: { coding: [{ system: LOINC, code: '4548-4' }] } }] };
    const refused: readonly (readonly [unknown, string])[] = [
      [{ resourceType: 'Patient' }, 'resourceType'],
      [null, 'resourceType'],
      [study, 'enrollment.0.reference'],
      [{ ...study, enrollment: [{ reference: '#a' }, { reference: '#b' }] }, 'enrollment'],
      [{ ...study, enrollment: undefined }, 'enrollment'],
      [{ ...study, contained: [bad], enrollment: [{ reference: '#g' }] }, 'contained.0.characteristic.0.exclude'],
      [{ resourceType: 'Bundle', entry: [{ resource: group }] }, 'entry'],
      [{ resourceType: 'Bundle', entry: [{ resource: study }, { resource: study }] }, 'entry'],
      [{ resourceType: 'Bundle', entry: [{ resource: bad }, { resource: study }] }, 'entry.0.resource.characteristic.0.exclude'],
      [{ resourceType: 'Bundle', entry: [{ resource: study }] }, 'entry.0.resource.enrollment.0.reference'],
    ];
    for (const [value, path] of refused) {
      assert.throws(() => policyFromFhir(value), (e) => isEligibilityError(e, 'eligibility/bad-policy') && e.details['path'] === path, `not refused at ${path}`);
    }
  });
});
