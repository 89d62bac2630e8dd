import type { ObservationValue, ValueTest } from '@medveil/eligibility';

/** Bounds that a policy did not state: quantities lie in (-2^62, 2^62). */
const LEAST = 1n - (1n << 62n);
const GREATEST = (1n << 62n) - 1n;

/** What passes both; undefined where nothing does. A value in one unit is never a value in another, nor a code. */
export function bothTests(a: ValueTest, b: ValueTest): ValueTest | undefined {
  if (a.kind === 'any') return b;
  if (b.kind === 'any') return a;
  if (a.kind === 'range' && b.kind === 'range') {
    const min = a.min > b.min ? a.min : b.min;
    const max = a.max < b.max ? a.max : b.max;
    return a.unit === b.unit && min <= max ? { kind: 'range', unit: a.unit, min, max } : undefined;
  }
  if (a.kind === 'set' && b.kind === 'set') {
    const values = a.values.filter((v) => b.values.some((w) => w.system === v.system && w.code === v.code));
    return values.length > 0 ? { kind: 'set', values } : undefined;
  }
  return undefined;
}

/** A value that passes the test: the bound that was stated, the first code, or nothing but presence. */
export function passingValue(test: ValueTest): ObservationValue {
  if (test.kind === 'set') return { kind: 'coded', system: test.values[0]?.system ?? '', code: test.values[0]?.code ?? '' };
  if (test.kind === 'any') return { kind: 'present' };
  const { min, max, unit } = test;
  return { kind: 'quantity', unit, scaled: min > LEAST ? min : max < GREATEST ? max : 0n };
}

/** Whether `value` stands before everything that `last` is, among observations of one code on one day, which are kept in order of their values. */
export const staysBefore = (value: ObservationValue, last: ObservationValue): boolean =>
  value.kind === 'quantity' && last.kind === 'quantity' && value.unit === last.unit && value.scaled <= last.scaled;
