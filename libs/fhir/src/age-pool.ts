import { type CalendarDate, ageAt, msToDate, parseDate } from './dates.js';
import { type JsonObject, own } from './json.js';
import type { RuleSet } from './rule-sets.js';

/**
 * The first year that may be shown of a patient older than the rule set's oldest age: the birth date is given as
 * this year, and no earlier date is given at all, since an onset in 1931 says as much as a birth in 1931.
 * The age counts at the reference time, or at death where that was before.
 * @returns undefined where the patient's age is not pooled
 */
export function pooledBirthYear(patient: JsonObject, ruleSet: RuleSet, referenceTimeMs: number): number | undefined {
  const birth = dateOf(patient, 'birthDate');
  if (birth === undefined) return undefined;
  const today = msToDate(referenceTimeMs);
  const death = dateOf(patient, 'deceasedDateTime');
  const last = death !== undefined && isBefore(death, today) ? death : today;
  const age = ageAt(birth, Date.UTC(last.year, (last.month ?? 12) - 1, last.day ?? 28));
  return age > ruleSet.oldestAgeYears ? last.year - ruleSet.oldestAgeYears - 1 : undefined;
}

function dateOf(resource: JsonObject, field: string): CalendarDate | undefined {
  const text = own(resource, field);
  return typeof text === 'string' ? parseDate(text) : undefined;
}

const isBefore = (a: CalendarDate, b: CalendarDate): boolean =>
  Date.UTC(a.year, (a.month ?? 1) - 1, a.day ?? 1) < Date.UTC(b.year, (b.month ?? 1) - 1, b.day ?? 1);
