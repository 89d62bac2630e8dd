import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { buildRecord, compilePolicy, decodeIndex, encodeIndex, explain, LOINC, type Observation, PART_TYPES, type PartType, partOfCode, toQuantity, validatePolicy } from './index.js';

const NOW_MS = Date.UTC(2026, 5, 1);
const DAY_MS = 86_400_000;
const HBA1C = { system: LOINC, code: '4548-4' };
const WEIGHT = { system: LOINC, code: '29463-7' };

const observation = fc.record({ which: fc.boolean(), days: fc.integer({ min: 0, max: 800 }), value: fc.integer({ min: 3, max: 120 }) }).map(({ which, days, value }): Observation => {
  const code = which ? HBA1C : WEIGHT;
  return { part: partOfCode(code) ?? 'other', code, timeMs: NOW_MS - days * DAY_MS, value: toQuantity(code, value, which ? '%' : 'kg') };
});
const byPart = (observations: readonly Observation[]) => Object.fromEntries(PART_TYPES.map((part) => [part, observations.filter((one) => one.part === part)])) as Record<PartType, Observation[]>;

const policies = [
  { latest: { code: HBA1C, value: { atLeast: 6.5, unit: '%' }, within: { lastDays: 365 } } }, { has: { code: WEIGHT, value: { atMost: 80, unit: 'kg' } } },
  { lacks: { code: HBA1C, within: { lastDays: 200 } } }, { count: { code: WEIGHT, times: 3 } },
].map((clause) => compilePolicy(validatePolicy({ version: 1, all: [clause] }), { releasedAtMs: NOW_MS, random: (length) => new Uint8Array(length) }));

describe('screening by an index', () => {
  it('answers as the tree does, clause by clause and leaf by leaf', () => {
    const facts = { timeDay: Math.floor(NOW_MS / DAY_MS), selfAttested: false };
    fc.assert(fc.property(fc.array(observation, { maxLength: 12 }), fc.constantFrom('day' as const, 'year' as const), (observations, datePrecision) => {
      const sorted = byPart(observations);
      const parts = Object.fromEntries(PART_TYPES.map((part) => [part, { observations: sorted[part], digest: new Uint8Array(32) }]));
      const tree = buildRecord({ parts, recordSecret: new Uint8Array(32), datePrecision });
      const index = decodeIndex(encodeIndex(sorted, datePrecision));
      for (const policy of policies) assert.deepEqual(explain(policy, index, facts), explain(policy, tree, facts));
    }), { numRuns: 8 });
  });

  it('reads no bytes that are not an index', () => {
    const bytes = encodeIndex(byPart([]), 'day');
    const bad = [new Uint8Array(), bytes.subarray(0, -1), Uint8Array.of(...bytes, 0), Uint8Array.of(2, ...bytes.subarray(1)), Uint8Array.of(1, 2, ...bytes.subarray(2)), new Uint8Array(bytes.length)];
    for (const one of bad) assert.throws(() => decodeIndex(one), (error: Error & { code?: string }) => error.code === 'eligibility/bad-record');
  });
});
