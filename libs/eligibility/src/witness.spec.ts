import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { attest, buildRecord, buildWitness, compilePolicy, DAY_MS, EMPTY_PART_DIGEST, isEligibilityError, issuerKeyFromSeed, PART_TYPES, type RecordTree, validatePolicy } from './index.js';
import { exampleInputs, NOW_MS, seededRandom } from './testing.js';
import { fits } from './witness.js';

const SMALL = { slots: 8, depth: 0, tops: 3, issuerDepth: 5 };
const EVERYDAY = { slots: 8, depth: 3, tops: 0, issuerDepth: 5 };
const CODE = { system: 's', code: 'c' };

/** A record with so many observations in each of the first parts. */
const recordOf = (counts: readonly number[]): RecordTree =>
  buildRecord({
    recordSecret: new Uint8Array(32),
    parts: Object.fromEntries(counts.map((count, i) => {
      const part = PART_TYPES[i] ?? assert.fail();
      const observations = Array.from({ length: count }, (_, day) => ({ part, code: CODE, timeMs: day * DAY_MS, value: { kind: 'present' as const } }));
      return [part, { observations, digest: EMPTY_PART_DIGEST }];
    })),
  });

/** A clause for each of the first eight parts. */
const policy = compilePolicy(validatePolicy({ version: 1, all: PART_TYPES.slice(0, 8).map((part) => ({ lacks: { part, code: CODE } })) }), {
  releasedAtMs: NOW_MS,
  random: seededRandom('witness'),
});

/** What a function fails with. */
function code(make: () => unknown): string {
  try {
    make();
    return 'none';
  } catch (error) {
    return isEligibilityError(error) ? error.code : String(error);
  }
}

describe('the smallest circuit', () => {
  it('takes 20 observations, but not by fives in four parts', () => {
    const places = fc.array(fc.integer({ min: 0, max: 7 }), { minLength: 20, maxLength: 20 });
    fc.assert(
      fc.property(places, (chosen) => {
        const counts = Array.from({ length: 8 }, (_, part) => chosen.filter((place) => place === part).length);
        assert.equal(fits(recordOf(counts), policy, SMALL), counts.filter((count) => count === 5).length < 4);
      }),
      { numRuns: 8 },
    );
    assert.equal(fits(recordOf([5, 5, 5, 5]), policy, SMALL), false);
  });

  it('takes parts of up to 24, in up to three of those that the policy looks into', () => {
    assert.equal(fits(recordOf([24, 24, 24, 4]), policy, SMALL), true);
    assert.equal(fits(recordOf([25]), policy, SMALL), false);
    assert.equal(fits(recordOf([24, 24, 24, 5]), policy, SMALL), false);
    assert.equal(fits(recordOf([24, 24, 24, 4, 4, 4, 4, 4, 624]), policy, SMALL), true);
    assert.equal(fits(recordOf([24, 24, 24, 5]), policy, EVERYDAY), true);
  });
});

describe('buildWitness', () => {
  it('says what is missing before any work is done', () => {
    const inputs = exampleInputs();
    assert.equal(code(() => buildWitness(inputs, SMALL)), 'none');
    assert.equal(code(() => buildWitness(inputs, { ...SMALL, slots: 16 })), 'eligibility/no-circuit-fits');
    assert.equal(code(() => buildWitness(inputs, { ...SMALL, tops: 0 })), 'eligibility/no-circuit-fits');
    const { partsRoot } = inputs.record;
    const stranger = attest(issuerKeyFromSeed(new Uint8Array(32)), { partsRoot, timeDay: inputs.attestation.timeDay, subject: 1n });
    assert.equal(code(() => buildWitness({ ...inputs, attestation: stranger }, SMALL)), 'eligibility/bad-issuer');
    assert.equal(code(() => buildWitness({ ...inputs, attestation: { ...stranger, issuer: inputs.attestation.issuer } }, SMALL)), 'eligibility/bad-attestation');
  });
});
