import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import {
  type Observation, PART_TYPES, type RecordTree, buildRecord, compilePolicy, dayOf, matches, validatePolicy,
} from '@medveil/eligibility';
import { sha256 } from '@medveil/encoding';
import {
  EXAMPLE_STUDIES, type FhirError, type PreparedRecord, RULE_SET_NAMES, type RuleSetName, type Study, deriveStudy,
  generatePatients, offersFormat, parseBundle, prepareRecord,
} from '../index.js';
import { NOW_MS, bytesOf, seededBytes } from '../testing/fixtures.js';

function prepare(count: number, ruleSet: RuleSetName): PreparedRecord[] {
  return [...generatePatients({ seed: 1, count, referenceTimeMs: NOW_MS })].map((bundle) =>
    prepareRecord(parseBundle(bytesOf(bundle)), { ruleSet, random: seededBytes(3), referenceTimeMs: NOW_MS }));
}

function treeOf(record: PreparedRecord): RecordTree {
  const parts = Object.fromEntries(PART_TYPES.map((part) => [part, {
    observations: record.observations.filter((item) => item.part === part), digest: sha256(record.parts[part]),
  }]));
  return buildRecord({ parts, recordSecret: new Uint8Array(32), datePrecision: record.datePrecision });
}

const isMetBy = (study: Study, tree: RecordTree): boolean =>
  matches(compilePolicy(validatePolicy(study.policy), { releasedAtMs: NOW_MS, random: seededBytes(5) }), tree, {
    timeDay: dayOf(NOW_MS), selfAttested: false,
  });

const DIABETES: Observation = {
  part: 'conditions', code: { system: 'http://snomed.info/sct', code: '44054006' }, timeMs: 0, value: { kind: 'present' },
};
const weight = (scaled: bigint): Observation => ({
  part: 'vital-signs', code: { system: 'http://loinc.org', code: '29463-7' }, timeMs: 0, value: { kind: 'quantity', scaled, unit: 'kg' },
});

/** The clause that tells two body weights apart, given in the integers of their code: grams. */
const clauseBetween = (low: bigint, high: bigint): string =>
  JSON.stringify(deriveStudy([{ observations: [weight(low)] }, { observations: [weight(high)] }]).study.policy.all[0]);

describe('example studies', () => {
  let records: PreparedRecord[] = [];
  let trees: RecordTree[] = [];
  before(() => {
    records = prepare(5, 'limited-data-set');
    trees = records.map(treeOf);
  });

  for (const study of EXAMPLE_STUDIES) {
    it(`${study.id}: some of five generated patients meet it, some do not`, () => {
      const met = trees.filter((tree) => isMetBy(study, tree)).length;
      assert.ok(met > 0 && met < trees.length, String(met));
    });

    it(`${study.id}: who meets it has the data in the format asked for`, () => {
      for (const [index, tree] of trees.entries()) {
        if (!isMetBy(study, tree)) continue;
        const asked = Object.fromEntries(study.parts.map((part) => [part, records[index]?.parts[part] ?? new Uint8Array()]));
        assert.ok(offersFormat(study.format, asked));
      }
    });

    it(`${study.id}: names its parts in order`, () => {
      assert.deepEqual(study.parts, PART_TYPES.filter((part) => study.parts.includes(part)));
    });
  }

  it('a format that names a type or profile that is not there is not offered', () => {
    const parts = { laboratory: records[0]?.parts.laboratory ?? new Uint8Array() };
    assert.equal(offersFormat({ profile: null, resourceTypes: ['Observation', 'Procedure'] }, parts), false);
    assert.equal(offersFormat({ profile: 'http://hl7.org/fhir/StructureDefinition/bp', resourceTypes: [] }, parts), false);
    assert.equal(offersFormat({ profile: null, resourceTypes: [] }, parts), true);
  });
});

describe('a derived study', () => {
  it('is met by exactly the records that it says, under every rule set', () => {
    for (const ruleSet of RULE_SET_NAMES) {
      const records = prepare(4, ruleSet);
      const { study, meets, doesNotMeet, explanation } = deriveStudy(records);
      const met = records.flatMap((record, index) => (isMetBy(study, treeOf(record)) ? [index] : []));
      assert.deepEqual(met, meets);
      assert.deepEqual([...meets, ...doesNotMeet].toSorted((a, b) => a - b), [0, 1, 2, 3]);
      assert.ok(meets.length > 0 && doesNotMeet.length > 0 && explanation.length > 0);
    }
  });

  it('falls back to a code that only some records hold', () => {
    const { study, meets } = deriveStudy([{ observations: [DIABETES] }, { observations: [] }]);
    assert.deepEqual(meets, [0]);
    assert.deepEqual(study.parts, ['conditions']);
  });

  it('is not made where nothing tells the records apart', () => {
    const same = { observations: [DIABETES] };
    for (const records of [[], [same], [same, same]]) {
      assert.throws(() => deriveStudy(records), (error: FhirError) => error.code === 'fhir/no-separating-study');
    }
  });

  it('writes thresholds that survive the way through units and decimals', () => {
    assert.match(clauseBetween(70_000n, 70_001n), /"atLeast":"70.001"/);
    assert.match(clauseBetween(50_000n, 70_000n), /"atLeast":"60"/);
    assert.match(clauseBetween(0n, 5n), /"atLeast":"0.003"/);
  });
});
