import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { encodeCanonical, decodeCanonical, type CborValue } from '@medveil/encoding';
import {
  BIRTH_DATE,
  compilePolicy,
  type CompiledPolicy,
  DAY_MS,
  dayOf,
  decodePolicy,
  encodePolicy,
  isEligibilityError,
  LOINC,
  parsePolicy,
  policyHash,
  slotClassOf,
} from './index.js';
import { EARLIEST_MS, LATEST_MS } from './compiled-policy.js';
import { policySlots } from './policy-slots.js';
import { daysAgo, NOW_MS, POLICY, seededRandom } from './testing.js';

const compile = (text: string, seed = 'policy'): CompiledPolicy => compilePolicy(parsePolicy(text), { releasedAtMs: NOW_MS, random: seededRandom(seed) });
const has = (body: string): string => `{version: 1, all: [{has: ${body}}]}`;
const code = `code: {system: '${LOINC}', code: 4548-4}`;

describe('parsePolicy', () => {
  it('reads YAML and JSON alike', () => {
    const policy = parsePolicy(POLICY);
    assert.deepEqual(parsePolicy(JSON.stringify(policy)), policy);
  });

  it('says where a policy is wrong', () => {
    const cases = [
      [has(`{${code}, value: {atLeast: 1}}`), 'all.0.has.value.unit'],
      [has(`{${code}, within: {lastDays: 0}}`), 'all.0.has.within.lastDays'],
      [has(`{${code}, colour: red}`), 'all.0.has'],
      ['{version: 2, all: []}', 'version'],
      [`{version: 1, all: [{any: []}]}`, 'all.0.any'],
      [`{version: 1, all: [{lacks: {${code}, part: attic}}]}`, 'all.0.lacks.part'],
    ] as const;
    for (const [text, path] of cases) {
      assert.throws(() => parsePolicy(text), (e) => isEligibilityError(e, 'eligibility/bad-policy') && e.details['path'] === path, path);
    }
    assert.throws(() => parsePolicy('{version: 1,\n all: ['), (e) => isEligibilityError(e, 'eligibility/bad-policy') && e.message.includes('line 2'));
    assert.throws(() => parsePolicy('a: &a [*a]'), (e) => isEligibilityError(e, 'eligibility/bad-policy'));
  });
});

describe('compilePolicy', () => {
  it('makes ages into birth dates: n years are completed on the n-th birthday', () => {
    const [[clause] = []] = compile('{version: 1, all: [{age: {atLeast: 18, atMost: 65}}]}').groups;
    assert.deepEqual(clause?.code, BIRTH_DATE);
    assert.equal(clause.fromMs, Date.UTC(1960, 5, 16));
    assert.equal(clause.toMs, Date.UTC(2008, 5, 16) - 1);
  });

  it('makes relative windows absolute, in whole days', () => {
    const [[clause] = []] = compile(has(`{${code}, within: {lastDays: 180}}`)).groups;
    assert.equal(clause?.fromMs, daysAgo(180));
    assert.equal(clause.toMs, LATEST_MS);
    const [[fixed] = []] = compile(has(`{${code}, within: {from: 2025-01-01, to: 2025-12-31}}`)).groups;
    assert.deepEqual([fixed?.fromMs, fixed?.toMs], [Date.UTC(2025, 0, 1), Date.UTC(2026, 0, 1) - 1]);
    const [[ever] = []] = compile(has(`{${code}}`)).groups;
    assert.deepEqual([ever?.fromMs, ever?.toMs], [EARLIEST_MS, LATEST_MS]);
  });

  it('converts bounds exactly as records do', () => {
    const test = compile(has(`{code: {system: '${LOINC}', code: 2345-7}, value: {atLeast: 5.5, atMost: 7.0, unit: mmol/L}}`)).groups[0]?.[0]?.value;
    assert.deepEqual(test, { kind: 'range', unit: 'mg/dL', min: 9909n, max: 12611n });
  });

  it('sets the least T, and counts slots', () => {
    const policy = compile(POLICY);
    assert.equal(policy.leastDay, dayOf(NOW_MS) - 30);
    assert.equal(slotClassOf(policy), 8);
    assert.equal(policySlots(policy).length, 8);
  });

  it('refuses what no record could meet or no circuit holds', () => {
    const refused = [
      [has(`{${code}, value: {atLeast: 9, atMost: 8, unit: '%'}}`), 'eligibility/bad-policy'],
      [has(`{${code}, within: {from: 2025-02-30}}`), 'eligibility/bad-policy'],
      [has(`{${code}, within: {from: 2025-03-01, to: 2025-02-01}}`), 'eligibility/bad-policy'],
      [has(`{code: {system: x, code: y}}`), 'eligibility/bad-policy'],
      [has(`{${code}, value: {atLeast: 9, unit: kg}}`), 'eligibility/incommensurable-unit'],
      [`{version: 1, all: [{count: {${code}, times: 32}}, {has: {${code}}}]}`, 'eligibility/policy-too-large'],
    ] as const;
    for (const [text, expected] of refused) assert.throws(() => compile(text), (e) => isEligibilityError(e, expected), text);
  });
});

describe('the canonical policy', () => {
  const policy = compile(POLICY);

  it('round-trips and keeps its hash', () => {
    const decoded = decodePolicy(encodePolicy(policy));
    assert.deepEqual(decoded, policy);
    assert.deepEqual(policyHash(decoded), policyHash(policy));
  });

  it('has a hash that every field moves', () => {
    const [group = []] = policy.groups;
    const [clause] = group;
    assert.ok(clause);
    const changes: Partial<typeof clause>[] = [
      { kind: 'latest' },
      { part: 'other' },
      { code: { system: LOINC, code: '1' } },
      { fromMs: clause.fromMs - DAY_MS },
      { toMs: clause.toMs + DAY_MS },
      { times: 2 },
      { value: { kind: 'range', unit: '%', min: 0n, max: 1n } },
      { value: { kind: 'range', unit: 'kg', min: 0n, max: 1n } },
      { value: { kind: 'set', values: [{ system: 'a', code: 'b' }] } },
    ];
    const changed: CompiledPolicy[] = [
      { ...policy, nonce: new Uint8Array(16) },
      { ...policy, leastDay: policy.leastDay + 1 },
      { ...policy, acceptSelfAttested: true },
      { ...policy, groups: policy.groups.toReversed() },
      { ...policy, groups: policy.groups.slice(1) },
      { ...policy, groups: [policy.groups.flat()] },
    ];
    for (const change of changes) changed.push({ ...policy, groups: [[{ ...clause, ...change }], ...policy.groups.slice(1)] });
    const hashes = [policy, ...changed].map((p) => Buffer.from(policyHash(p)).toString('hex'));
    assert.equal(new Set(hashes).size, hashes.length);
  });

  it('cannot be guessed: the same policy released twice has two hashes', () => {
    assert.notDeepEqual(policyHash(compile(POLICY, 'another')), policyHash(policy));
  });

  it('stays what it was: formats that are on ledgers do not change', () => {
    assert.equal(Buffer.from(policyHash(policy)).toString('hex'), '0d94d6e46a2594bbf212d776837975de395f1c6c153fb170d4878a157be10db0');
  });

  it('refuses bytes that no compiler wrote', () => {
    const value = decodeCanonical(encodePolicy(policy)) as { groups: { fromMs: number; kind: string; value: CborValue; times: number }[][] };
    const broken = (change: (clause: { fromMs: number; kind: string; value: CborValue; times: number }) => object) => {
      const [[first] = [], ...rest] = value.groups;
      return encodeCanonical({ ...value, groups: [[{ ...first, ...change(first ?? assert.fail()) }], ...rest] });
    };
    const refused = [
      [broken((c) => ({ fromMs: c.fromMs + 3_600_000 })), 'eligibility/window-too-fine'],
      [broken(() => ({ kind: 'absent', value: { kind: 'range', unit: '%', min: 0, max: 1 } })), 'eligibility/bad-policy'],
      [broken(() => ({ kind: 'latest', times: 2 })), 'eligibility/bad-policy'],
      [broken(() => ({ value: { kind: 'range', unit: '%', min: 2, max: 1 } })), 'eligibility/bad-policy'],
      [broken(() => ({ times: 0 })), 'eligibility/bad-policy'],
      [broken(() => ({ extra: 1 })), 'eligibility/bad-policy'],
      [encodeCanonical({ ...value, groups: [] }), 'eligibility/bad-policy'],
      [encodeCanonical({ ...value, groups: [[]] }), 'eligibility/bad-policy'],
      [encodePolicy(policy).subarray(1), 'eligibility/bad-policy'],
    ] as const;
    for (const [bytes, expected] of refused) assert.throws(() => decodePolicy(bytes), (e) => isEligibilityError(e, expected));
  });
});
