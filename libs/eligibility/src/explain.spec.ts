import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { buildRecord, compilePolicy, EMPTY_PART_DIGEST, explain, LOINC, matches, type Observation, parsePolicy, SNOMED, toQuantity } from './index.js';
import { DAY_MS } from './observation.js';
import { daysAgo, exampleInputs, HBA1C, NOW_MS, seededRandom } from './testing.js';

const facts = { timeDay: NOW_MS / DAY_MS, selfAttested: false };
const { record } = exampleInputs();
const clause = (body: string) =>
  compilePolicy(parsePolicy(`{version: 1, all: [${body}]}`), { releasedAtMs: NOW_MS, random: seededRandom('explain') });
const reason = (body: string, options: Partial<typeof facts> = {}) => explain(clause(body), record, { ...facts, ...options }).groups[0]?.clauses[0]?.reason;
const hba1c = `code: {system: '${LOINC}', code: 4548-4}`;
/** A day after today's, as policies write it. */
const dayText = (n: number) => new Date(daysAgo(0) + n * DAY_MS).toISOString().slice(0, 10);

describe('explain', () => {
  it('says of each clause what matched and what did not', () => {
    const expected = [
      [`{has: {${hba1c}, value: {atLeast: 7.1, unit: '%'}}}`, 'matched'],
      [`{has: {${hba1c}, value: {atLeast: 7.11, unit: '%'}}}`, 'value-does-not-match'],
      [`{has: {${hba1c}, within: {lastDays: 9}}}`, 'none-in-window'],
      [`{has: {${hba1c}, within: {lastDays: 10}}}`, 'matched'],
      [`{has: {code: {system: '${LOINC}', code: 8302-2}}}`, 'code-not-in-record'],
      [`{latest: {${hba1c}, value: {atMost: 7, unit: '%'}}}`, 'value-does-not-match'],
      [`{latest: {${hba1c}, value: {atMost: 7, unit: '%'}, within: {to: 2026-05-01}}}`, 'matched'],
      [`{count: {${hba1c}, times: 4}}`, 'matched'],
      [`{count: {${hba1c}, times: 5}}`, 'too-few'],
      [`{count: {${hba1c}, value: {atLeast: 6.8, unit: '%'}, times: 2}}`, 'matched'],
      [`{count: {${hba1c}, value: {atLeast: 6.9, unit: '%'}, times: 2}}`, 'too-few'],
      [`{lacks: {${hba1c}}}`, 'present-in-window'],
      [`{lacks: {${hba1c}, within: {lastDays: 9}}}`, 'matched'],
      [`{lacks: {part: conditions, code: {system: '${SNOMED}', code: '46635009'}}}`, 'matched'],
      [`{lacks: {part: allergies, code: {system: '${SNOMED}', code: '46635009'}}}`, 'matched'],
      [`{age: {atLeast: 61}}`, 'matched'],
      [`{age: {atLeast: 62}}`, 'none-in-window'],
      [`{age: {atMost: 61}}`, 'matched'],
      [`{age: {atMost: 60}}`, 'none-in-window'],
    ] as const;
    for (const [body, result] of expected) assert.equal(reason(body), result, body);
  });

  it('proves neither absence nor a last value on what patients attest themselves', () => {
    assert.equal(reason(`{lacks: {${hba1c}, within: {lastDays: 9}}}`, { selfAttested: true }), 'not-provable-when-self-attested');
    assert.equal(reason(`{latest: {${hba1c}}}`, { selfAttested: true }), 'not-provable-when-self-attested');
    assert.equal(reason(`{has: {${hba1c}}}`, { selfAttested: true }), 'matched');
    assert.equal(explain(clause(`{has: {${hba1c}}}`), record, { ...facts, selfAttested: true }).attestation, 'self-attested-not-accepted');
  });

  it('wants an attestation that is recent enough', () => {
    const policy = clause(`{has: {${hba1c}}}`);
    assert.equal(explain(policy, record, { ...facts, timeDay: policy.leastDay }).attestation, 'accepted');
    assert.equal(explain(policy, record, { ...facts, timeDay: policy.leastDay - 1 }).attestation, 'too-old');
  });

  it('refuses windows finer than years on a record whose dates were cut to the year', () => {
    const yearly = buildRecord({ recordSecret: new Uint8Array(32), parts: {}, datePrecision: 'year' });
    const of = (body: string) => explain(clause(body), yearly, facts).groups[0]?.clauses[0]?.reason;
    assert.equal(of(`{lacks: {${hba1c}, within: {from: 2025-01-01, to: 2025-12-31}}}`), 'matched');
    assert.equal(of(`{lacks: {${hba1c}, within: {from: 2025-01-02, to: 2025-12-31}}}`), 'window-finer-than-dates');
  });

  it('agrees with a plain reading of the observations', () => {
    const entry = fc.record({ day: fc.integer({ min: 0, max: 20 }), value: fc.integer({ min: 40, max: 60 }) });
    const run = fc.record({
      entries: fc.array(entry, { maxLength: 12 }),
      from: fc.integer({ min: 0, max: 20 }),
      length: fc.integer({ min: 0, max: 10 }),
      atLeast: fc.integer({ min: 40, max: 60 }),
      times: fc.integer({ min: 2, max: 4 }),
    });
    fc.assert(
      fc.property(run, ({ entries, from, length, atLeast, times }) => {
        const observations = entries.map(
          ({ day, value }): Observation => ({ part: 'laboratory', code: HBA1C, timeMs: daysAgo(0) + day * DAY_MS, value: toQuantity(HBA1C, value / 10, '%') }),
        );
        const small = buildRecord({ recordSecret: new Uint8Array(32), parts: { laboratory: { observations, digest: EMPTY_PART_DIGEST } } });
        const within = `within: {from: '${dayText(from)}', to: '${dayText(from + length)}'}`;
        const value = `value: {atLeast: ${atLeast / 10}, unit: '%'}`;
        const inWindow = entries.filter((e) => e.day >= from && e.day <= from + length);
        const passing = inWindow.filter((e) => e.value >= atLeast);
        const lastDay = Math.max(...inWindow.map((e) => e.day));
        const last = Math.max(...inWindow.filter((e) => e.day === lastDay).map((e) => e.value));
        const holds = (body: string) => matches(clause(body), small, facts);
        assert.equal(holds(`{has: {${hba1c}, ${within}, ${value}}}`), passing.length > 0);
        assert.equal(holds(`{lacks: {${hba1c}, ${within}}}`), inWindow.length === 0);
        assert.equal(holds(`{count: {${hba1c}, ${within}, ${value}, times: ${times}}}`), passing.length >= times);
        assert.equal(holds(`{latest: {${hba1c}, ${within}, ${value}}}`), inWindow.length > 0 && last >= atLeast);
      }),
      { numRuns: 40 },
    );
  });
});
