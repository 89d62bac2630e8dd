/**
 * FHIR dates. A FHIR `date` or `dateTime` is a year, a month, a day or an instant with its zone. What is kept of it
 * is the calendar day as it was written where the patient was: converting 23:30 in Boston to UTC would move it
 * to the next day and tell nobody anything.
 */
const DATE_TIME =
  /^(?<year>\d{4})(?:-(?<month>0[1-9]|1[0-2])(?:-(?<day>0[1-9]|[12]\d|3[01])(?:T(?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d{1,9})?(?:Z|[+-](?:0\d|1[0-4]):[0-5]\d))?)?)?$/;

export const DAY_MS = 86_400_000;

export interface CalendarDate {
  readonly year: number;
  readonly month?: number;
  readonly day?: number;
}

/** @returns undefined where the text is no FHIR date, or names a day that does not exist */
export function parseDate(text: string): CalendarDate | undefined {
  const groups = DATE_TIME.exec(text)?.groups;
  if (groups === undefined) return undefined;
  const year = Number(groups['year']);
  // The years that a policy can speak of. (And Date.UTC reads years below 100 as 19xx.)
  if (year < 1800 || year >= 2300) return undefined;
  if (groups['month'] === undefined) return { year };
  const month = Number(groups['month']);
  if (groups['day'] === undefined) return { year, month };
  const day = Number(groups['day']);
  return new Date(Date.UTC(year, month - 1, day)).getUTCDate() === day ? { year, month, day } : undefined;
}

export const isDate = (text: string): boolean => parseDate(text) !== undefined;

/** The FHIR text of a date, to the precision that it has. */
export function formatDate({ year, month, day }: CalendarDate): string {
  const parts = [String(year).padStart(4, '0')];
  if (month !== undefined) parts.push(String(month).padStart(2, '0'));
  if (month !== undefined && day !== undefined) parts.push(String(day).padStart(2, '0'));
  return parts.join('-');
}

/** UTC milliseconds of the first day that the date can mean. */
export const dateToMs = ({ year, month = 1, day = 1 }: CalendarDate): number => Date.UTC(year, month - 1, day);

export function msToDate(timeMs: number): Required<CalendarDate> {
  const date = new Date(timeMs);
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
}

/** Whole years from birth to the given day; a birth known to the year only counts from its first day. */
export function ageAt(birth: CalendarDate, atMs: number): number {
  const at = msToDate(atMs);
  const before = at.month < (birth.month ?? 1) || (at.month === (birth.month ?? 1) && at.day < (birth.day ?? 1));
  return at.year - birth.year - (before ? 1 : 0);
}
