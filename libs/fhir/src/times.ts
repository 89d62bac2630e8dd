import { dateToMs, parseDate } from './dates.js';

/**
 * The day of a fact: the first of the given dates that is there, at UTC midnight. A date known to the month or year
 * counts from its first day.
 */
export function timeOf(...dates: readonly (string | undefined)[]): number | undefined {
  const text = dates.find((date) => date !== undefined);
  const date = text === undefined ? undefined : parseDate(text);
  return date === undefined ? undefined : dateToMs(date);
}

/**
 * Where the record does not say when: 1970-01-01, which meets a clause without a window and no recent window.
 * Leaving the fact out would let its absence be proved.
 */
export const UNDATED_MS = 0;
