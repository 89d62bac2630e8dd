import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  buildRecord, type CompiledPolicy, compilePolicy, EMPTY_PART_DIGEST, explain, LOINC, matches, type Observation, SNOMED, toQuantity, validatePolicy,
} from '@medveil/eligibility';
import { isCodedError } from '@medveil/encoding';
import { EXAMPLE_STUDIES } from '@medveil/fhir';
import fc from 'fast-check';
import { satisfyingSample } from './satisfying-sample.js';

const NOW_MS = Date.UTC(2026, 5, 15, 9, 30);
const random = (length: number) => new Uint8Array(length).fill(9);
const recordSecret = random(32);

const compile = (policy: unknown): CompiledPolicy => compilePolicy(validatePolicy(policy), { releasedAtMs: NOW_MS, random });
const find = (policy: CompiledPolicy) => satisfyingSample(policy, { nowMs: NOW_MS, recordSecret });

function assertMeets(policy: CompiledPolicy): void {
  const { record, timeDay } = find(policy);
  const explained = explain(policy, record, { timeDay, selfAttested: false });
  assert.ok(explained.matched, JSON.stringify(explained.groups.map(({ clauses }) => clauses.map(({ reason }) => reason))));
}

const refuses = (policy: unknown, group: number): void =>
  assert.throws(() => find(compile(policy)), (error) => isCodedError(error) && error.code === 'research-api/unsatisfiable-policy' && error.details['group'] === group);

const HBA1C = { system: LOINC, code: '4548-4' };
const PCR = { system: LOINC, code: '94500-6' };
const coded = (code: string) => ({ system: SNOMED, code });
const percent = (atLeast?: number, atMost?: number) => ({ unit: '%', ...(atLeast === undefined ? {} : { atLeast }), ...(atMost === undefined ? {} : { atMost }) });

describe('a sample that meets a policy', () => {
  it('is found for every example study', () => {
    for (const study of EXAMPLE_STUDIES) assertMeets(compile(study.policy));
  });

  it('keeps what a clause sees last apart from what others count', () => {
    assertMeets(compile({
      version: 1,
      all: [
        { latest: { code: HBA1C, value: percent(undefined, 6), within: { lastDays: 30 } } },
        { latest: { code: HBA1C, value: percent(9), within: { from: '2025-01-01', to: '2025-12-31' } } },
        { count: { code: HBA1C, value: percent(8), times: 3, within: { lastDays: 400 } } },
        { latest: { code: HBA1C, value: percent(5) } },
      ],
    }));
    assertMeets(compile({ version: 1, all: [{ lacks: { code: PCR, within: { lastDays: 90 } } }, { has: { code: PCR, value: { oneOf: [coded('1')] } } }] }));
  });

  it('takes another alternative where the first one cannot hold beside the rest', () => {
    assertMeets(compile({
      version: 1,
      all: [
        { any: [{ has: { code: PCR } }, { has: { code: HBA1C } }] },
        { lacks: { code: PCR } },
        { any: [{ latest: { code: HBA1C, value: percent(9) } }, { latest: { code: HBA1C, value: percent(undefined, 7) } }] },
        { latest: { code: HBA1C, value: percent(undefined, 6) } },
      ],
    }));
  });

  it('reaches into the future only where the policy asks for it', () => {
    const { timeDay } = find(compile({ version: 1, all: [{ has: { code: HBA1C, within: { from: '2027-01-01' } } }] }));
    assert.ok(timeDay * 86_400_000 >= Date.UTC(2027, 0, 1));
    assert.equal(find(compile({ version: 1, all: [{ has: { code: HBA1C } }] })).timeDay, Math.floor(NOW_MS / 86_400_000));
  });

  it('does not exist where criteria exclude each other, and the group is named', () => {
    refuses({ version: 1, all: [{ has: { code: PCR } }, { lacks: { code: PCR } }] }, 1);
    refuses({ version: 1, all: [{ age: { atLeast: 65 } }, { age: { atMost: 17 } }] }, 1);
    refuses({ version: 1, all: [{ latest: { code: HBA1C, value: percent(9) } }, { has: { code: PCR } }, { latest: { code: HBA1C, value: percent(undefined, 7) } }] }, 2);
    refuses({ version: 1, all: [{ any: [{ has: { code: PCR } }, { count: { code: PCR, times: 2 } }] }, { lacks: { code: PCR } }] }, 0);
  });

  const clause = fc.oneof(
    fc.record({ from: fc.integer({ min: 1, max: 6 }), days: fc.integer({ min: 0, max: 6 }) }).map(({ from, days }) => ({
      within: { from: `2026-01-0${from}`, to: `2026-01-${String(from + days).padStart(2, '0')}` },
    })),
    fc.constant({}),
  ).chain((window) => fc.tuple(
    fc.constantFrom('has', 'latest', 'count', 'lacks'),
    fc.constantFrom(HBA1C, PCR),
    fc.integer({ min: 4, max: 9 }),
    fc.integer({ min: 0, max: 2 }),
    fc.boolean(),
  ).map(([kind, code, low, width, valued]) => {
    const value = !valued ? {} : { value: code === HBA1C ? percent(low, low + width) : { oneOf: [coded(String(low)), coded(String(low + width + 1))] } };
    if (kind === 'lacks') return { lacks: { code, ...window } };
    if (kind === 'count') return { count: { code, ...window, ...value, times: 2 } };
    return { [kind]: { code, ...window, ...value } };
  }));
  const policies = fc.array(fc.oneof(clause, fc.array(clause, { minLength: 1, maxLength: 2 }).map((any) => ({ any }))), { minLength: 1, maxLength: 5 })
    .map((all) => compile({ version: 1, all }));

  it('is sound for any policy: what is found meets it, and what is refused is refused with a group', () => {
    fc.assert(fc.property(policies, (policy) => {
      try {
        const { record, timeDay } = find(policy);
        return matches(policy, record, { timeDay, selfAttested: false });
      } catch (error) {
        return isCodedError(error) && error.code === 'research-api/unsatisfiable-policy' && Number(error.details['group']) < policy.groups.length;
      }
    }), { numRuns: 50, seed: 7 });
  });

  const observation = fc.tuple(fc.constantFrom(HBA1C, PCR), fc.integer({ min: 1, max: 14 }), fc.integer({ min: 4, max: 11 })).map(([code, day, value]): Observation => ({
    part: 'laboratory',
    code,
    timeMs: Date.UTC(2026, 0, day),
    value: code === HBA1C ? toQuantity(HBA1C, value, '%') : { kind: 'coded', ...coded(String(value)) },
  }));

  it('is found wherever there is a record that meets the policy', () => {
    fc.assert(fc.property(policies, fc.array(observation, { maxLength: 6 }), (policy, observations) => {
      const record = buildRecord({ parts: { laboratory: { observations, digest: EMPTY_PART_DIGEST } }, recordSecret });
      const { groups } = explain(policy, record, { timeDay: policy.leastDay, selfAttested: false });
      const met = policy.groups.filter((_, index) => groups[index]?.matched === true);
      if (met.length > 0) assertMeets({ ...policy, groups: met });
    }), { numRuns: 50, seed: 11 });
  });
});
