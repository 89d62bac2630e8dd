import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makeId } from '@medveil/encoding';
import { consentFromFhir, consentToFhir, type StandingRuleInput, standingRuleSchema } from './index.js';

const LAB = makeId('acc', new Uint8Array(32).fill(1));
const FACTS = { ruleId: makeId('cns', new Uint8Array(16)), patientId: makeId('pat', new Uint8Array(16)), atMs: 0, isRevoked: false };
const RULES: readonly StandingRuleInput[] = [
  {
    effect: 'grant', institutions: [LAB], purposes: ['DUO:0000006'], parts: ['laboratory', 'conditions'], untilMs: Date.UTC(2030, 0, 1),
    licence: { territory: ['DE'], modifiers: ['DUO:0000046'], deletedWithinDays: 90 }, minimumReward: 7, atMost: { exchanges: 2, days: 30 },
  },
  { effect: 'ask', institutions: 'any', purposes: 'any', parts: 'any', untilMs: null, minimumReward: 0, atMost: null },
  { effect: 'refuse', institutions: 'any', purposes: ['DUO:0000018'], parts: ['demographics'], untilMs: null },
];
const refused = (change: object, path: RegExp): void => {
  const consent = consentToFhir(standingRuleSchema.parse(RULES[0]), FACTS);
  const { provision, ...rest } = consent;
  const changed = 'provision' in change ? { ...rest, provision: { ...provision, ...(change as { provision: object }).provision } } : { ...consent, ...change };
  assert.throws(() => consentFromFhir(changed), (error: Error & { code?: string }) => error.code === 'consent/not-understood' && path.test(error.message));
};

describe('FHIR R4 Consent', () => {
  it('carries a standing rule there and back', () => {
    for (const rule of RULES.map((one) => standingRuleSchema.parse(one))) {
      const written: unknown = JSON.parse(JSON.stringify(consentToFhir(rule, FACTS)));
      assert.deepEqual(consentFromFhir(written), rule);
    }
    assert.equal(consentToFhir(standingRuleSchema.parse(RULES[1]), { ...FACTS, isRevoked: true }).status, 'inactive');
  });

  it('makes a permission that knows nothing of licences and rewards a question, never a grant', () => {
    const rule = consentFromFhir({ resourceType: 'Consent', status: 'active', provision: { type: 'permit' } });
    assert.deepEqual(rule, standingRuleSchema.parse(RULES[1]));
  });

  it('refuses what it would have to pass over', () => {
    refused({ status: 'inactive' }, /Consent\.status/);
    refused({ provision: { provision: [{ type: 'deny' }] } }, /Consent\.provision/);
    refused({ provision: { securityLabel: [{ code: 'R' }] } }, /Consent\.provision/);
    refused({ provision: { purpose: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActReason', code: 'TREAT' }] } }, /Consent\.provision\.purpose\.0\.system/);
    refused({ provision: { type: 'deny' } }, /a refusal has no bounds/);
    refused({ provision: { modifierExtension: [{ url: 'urn:other', valueString: '' }] } }, /modifierExtension\.0\.url/);
    refused({ modifierExtension: [{ url: 'urn:other' }] }, /Unrecognized key/);
    assert.throws(() => consentFromFhir({ resourceType: 'Patient' }), /resourceType/);
  });
});
