import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  checkDelivery,
  commit,
  decodeOpening,
  type DeliveryOpening,
  type DeliveryToCheck,
  encodeOpening,
  isEligibilityError,
  openForDelivery,
  type PartType,
  subjectOf,
  toQuantity,
} from './index.js';
import { exampleDigest, exampleInputs, HBA1C, OBSERVATIONS } from './testing.js';

const { record, attestation, idSecret, r, policy } = exampleInputs();
const { h, blinding } = commit({ partsRoot: record.partsRoot, timeDay: attestation.timeDay, subject: subjectOf(idSecret) }, r);
const granted: readonly PartType[] = ['laboratory'];
const opening = openForDelivery(record, granted, { timeDay: attestation.timeDay, blinding });
const delivery: DeliveryToCheck = {
  h,
  policy,
  granted,
  opening,
  plaintextDigests: { laboratory: exampleDigest('laboratory') },
  observations: { laboratory: OBSERVATIONS.laboratory },
};
const faultOf = (change: Partial<DeliveryToCheck>) => {
  const verdict = checkDelivery({ ...delivery, ...change });
  return verdict.ok ? 'none' : verdict.fault.code;
};
const [part = assert.fail()] = opening.parts;
const withLeaves = (leaves: typeof part.leaves): DeliveryOpening => ({ ...opening, parts: [{ ...part, leaves }] });

describe('checkDelivery', () => {
  it('accepts what was proved, and says which criteria the delivered parts show', () => {
    assert.deepEqual(checkDelivery(delivery), { ok: true, groupsShown: [1, 2] });
  });

  it('accepts an opening that travelled', () => {
    assert.deepEqual(checkDelivery({ ...delivery, opening: decodeOpening(encodeOpening(opening)) }), { ok: true, groupsShown: [1, 2] });
  });

  it('shows nothing of parts that were not granted but root and sealed digest', () => {
    assert.deepEqual(opening.parts.map((p) => p.part), ['laboratory']);
    assert.equal(Object.keys(opening.closed).length, 9);
    const demographics = record.parts.demographics;
    const bytes = Buffer.from(encodeOpening(opening)).toString('hex');
    assert.equal(bytes.includes(Buffer.from(demographics.digest).toString('hex')), false);
    assert.equal(bytes.includes(subjectOf(idSecret).toString(16)), false);
  });

  it('names what is wrong', () => {
    const [first = assert.fail(), second = assert.fail(), ...others] = part.leaves;
    const changed = { ...first, observation: { ...first.observation, value: toQuantity(HBA1C, '9.9', '%') } };
    assert.equal(faultOf({ plaintextDigests: { laboratory: exampleDigest('conditions') } }), 'plaintext-differs');
    assert.equal(faultOf({ plaintextDigests: {} }), 'plaintext-differs');
    assert.equal(faultOf({ granted: ['laboratory', 'conditions'] }), 'parts-missing');
    assert.equal(faultOf({ granted: [] }), 'part-not-granted');
    assert.equal(faultOf({ opening: withLeaves([second, first, ...others]) }), 'leaves-malformed');
    assert.equal(faultOf({ opening: withLeaves([{ ...first, key: first.key + 1n }, second, ...others]) }), 'leaves-malformed');
    assert.equal(faultOf({ opening: withLeaves([changed, second, ...others]) }), 'observations-differ');
    assert.equal(faultOf({ opening: withLeaves([changed, second, ...others]), observations: {} }), 'commitment-differs');
    assert.equal(faultOf({ opening: withLeaves(part.leaves.slice(1)), observations: {} }), 'commitment-differs');
    assert.equal(faultOf({ observations: { laboratory: OBSERVATIONS.laboratory.slice(1) } }), 'observations-differ');
    assert.equal(faultOf({ opening: { ...opening, timeDay: opening.timeDay + 1 } }), 'commitment-differs');
    assert.equal(faultOf({ opening: { ...opening, closed: { ...opening.closed, demographics: new Uint8Array(64) } } }), 'commitment-differs');
    assert.equal(faultOf({ opening: { ...opening, closed: {} } }), 'parts-missing');
    assert.equal(faultOf({ h: new Uint8Array(32) }), 'commitment-differs');
    assert.equal(faultOf({ policy: { ...policy, leastDay: opening.timeDay + 1 } }), 'attestation-too-old');
  });

  it('re-evaluates criteria that lie in delivered parts, and leaves the others to the proof', () => {
    const [age = [], count = [], latest = []] = policy.groups;
    const [clause = assert.fail()] = count;
    const never = [{ ...clause, code: { system: 'x', code: 'y' } }];
    assert.deepEqual(checkDelivery({ ...delivery, policy: { ...policy, groups: [age, never, latest] } }), {
      ok: false,
      fault: { code: 'criterion-not-met', group: 1 },
    });
    assert.deepEqual(checkDelivery({ ...delivery, policy: { ...policy, groups: [[...age, ...never], latest] } }), { ok: true, groupsShown: [1] });
  });
});

describe('an opening', () => {
  it('is refused when malformed', () => {
    for (const bytes of [new Uint8Array(), encodeOpening(opening).subarray(1), encodeOpening({ ...opening, blinding: new Uint8Array(3) })]) {
      assert.throws(() => decodeOpening(bytes), (e) => isEligibilityError(e, 'eligibility/bad-opening'));
    }
  });
});
