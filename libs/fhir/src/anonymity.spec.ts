import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { anonymityOf, quasiIdentifierClass, quasiIdentifiersOf, RULE_SET_NAMES } from './index.js';
import { bytesOf, deidentified, PATIENT } from './testing/fixtures.js';

const classOf = (patient: object, ruleSet: (typeof RULE_SET_NAMES)[number]): string =>
  quasiIdentifierClass(quasiIdentifiersOf(deidentified([{ ...PATIENT, ...patient }], ruleSet).parts.demographics));

describe('k-anonymity', () => {
  it('counts people who look the same by what the rule set keeps', () => {
    const people = [
      { birthDate: '1980-05-17', address: [{ postalCode: '02139', state: 'MA' }] }, { birthDate: '1980-11-02', address: [{ postalCode: '02142', state: 'MA' }] },
      { birthDate: '1980-05-17', gender: 'male', address: [{ postalCode: '02139', state: 'MA' }] },
    ];
    const report = (ruleSet: (typeof RULE_SET_NAMES)[number], k: number) => anonymityOf(people.map((person) => classOf(person, ruleSet)), k);
    assert.deepEqual(report('limited-data-set', 2), { k: 2, people: 3, groups: 3, smallestGroup: 1, peopleBelow: 3, warning: true });
    assert.deepEqual(report('safe-harbor', 2), { k: 2, people: 3, groups: 2, smallestGroup: 1, peopleBelow: 1, warning: true });
    assert.equal(report('safe-harbor', 1).warning, false);
  });

  it('warns exactly where somebody stands in a group smaller than k', () => {
    fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: 6 }).map(String), { maxLength: 60 }), fc.integer({ min: 1, max: 12 }), (classes, k) => {
      const { smallestGroup, peopleBelow, people, groups, warning } = anonymityOf(classes, k);
      const size = (one: string) => classes.filter((other) => other === one).length;
      assert.equal(peopleBelow, classes.filter((one) => size(one) < k).length);
      assert.equal(warning, classes.length > 0 && smallestGroup < k);
      assert.deepEqual([people, groups], [classes.length, new Set(classes).size]);
    }));
  });

  it('treats what is not there as alike, and refuses what is no part or no k', () => {
    assert.deepEqual(quasiIdentifiersOf(bytesOf({ resourceType: 'Bundle', type: 'collection' })), { birthDate: null, gender: null, postalCode: null, state: null });
    assert.throws(() => quasiIdentifiersOf(bytesOf({ entry: 1 })), /does not have its form/);
    assert.throws(() => quasiIdentifiersOf(new Uint8Array([255])), /is not JSON/);
    for (const k of [0, 1.5, Number.NaN]) assert.throws(() => anonymityOf([], k), /whole number/);
    assert.deepEqual(anonymityOf([]), { k: 5, people: 0, groups: 0, smallestGroup: 0, peopleBelow: 0, warning: false });
  });
});
