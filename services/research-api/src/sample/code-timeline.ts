import { BIRTH_DATE, type Coding, type CompiledClause, DAY_MS, GENDER, type Observation, type ObservationValue, type ValueTest } from '@medveil/eligibility';
import { bothTests, passingValue, staysBefore } from './value-tests.js';

/** Steps that a search may take before it counts as having found nothing. */
export interface SearchBudget {
  left: number;
}

/**
 * Days between two neighbouring bounds of windows: within it nothing changes but the order of what happens.
 * `fromMs` is the start of its first day, `toMs` the end of its last.
 */
interface Span {
  readonly index: number;
  readonly fromMs: number;
  readonly toMs: number;
}

/** The last observation that a `latest` clause sees: in which span, and what it has to pass. */
interface Last {
  readonly clause: CompiledClause;
  readonly span: Span;
  readonly test: ValueTest;
}

/** A person has one of each. */
const isSingle = (code: Coding): boolean => [BIRTH_DATE, GENDER].some((single) => single.system === code.system && single.code === code.code);

/**
 * Observations of one code in one part that make all the clauses hold at once.
 *
 * Time is cut into spans by the bounds of all windows, and by the end of today. In each span lies nothing, or some
 * observations and after them a last one: a `latest` clause cares for the last one of the last span that is not empty in its
 * window, a count for how many there are. So it is enough to choose a span for each clause.
 * @param clauses of one part and code
 * @param endOfTodayMs spans after it are used only where no earlier one will do
 * @returns undefined where there are none
 */
export function observationsOfCode(clauses: readonly CompiledClause[], endOfTodayMs: number, budget: SearchBudget): Observation[] | undefined {
  const [first] = clauses;
  if (first === undefined) return [];
  const spans = usableSpans(clauses, endOfTodayMs);
  const wanted = clauses.filter(({ kind }) => kind !== 'absent');
  if (wanted.length === 0) return [];
  if (isSingle(first.code)) return singleObservation(wanted, spans);
  const latest = wanted.filter(({ kind }) => kind === 'latest');
  return placeLatest(latest, [], spans, budget, (lasts) => placePresent(wanted.filter(({ kind }) => kind === 'present'), lasts, spans));
}

const covers = (clause: CompiledClause, span: Span): boolean => clause.fromMs <= span.fromMs && span.toMs <= clause.toMs;

/** Where observations may lie, the most natural first: up to today from late to early, then the future from early to late. */
function usableSpans(clauses: readonly CompiledClause[], endOfTodayMs: number): Span[] {
  const cuts = [...new Set([endOfTodayMs + 1, ...clauses.flatMap(({ fromMs, toMs }) => [fromMs, toMs + 1])])].toSorted((a, b) => a - b);
  const spans = cuts.slice(0, -1).map((fromMs, index): Span => ({ index, fromMs, toMs: (cuts[index + 1] ?? fromMs) - 1 }));
  const free = spans.filter((span) => clauses.every((clause) => clause.kind !== 'absent' || !covers(clause, span)));
  const past = free.filter(({ toMs }) => toMs <= endOfTodayMs);
  return [...past.toReversed(), ...free.filter(({ toMs }) => toMs > endOfTodayMs)];
}

function singleObservation(wanted: readonly CompiledClause[], spans: readonly Span[]): Observation[] | undefined {
  const span = spans.find((candidate) => wanted.every((clause) => covers(clause, candidate)));
  const test = wanted.reduce<ValueTest | undefined>((both, { value }) => (both === undefined ? undefined : bothTests(both, value)), { kind: 'any' });
  const [first] = wanted;
  if (first === undefined || span === undefined || test === undefined || wanted.some(({ times }) => times > 1)) return undefined;
  return [observation(first, span.fromMs, passingValue(test))];
}

/** Gives each `latest` clause the span of the observation it sees, such that none of them hides another's. */
function placeLatest<Found>(
  latest: readonly CompiledClause[],
  placed: readonly Last[],
  spans: readonly Span[],
  budget: SearchBudget,
  then: (lasts: readonly Last[]) => Found | undefined,
): Found | undefined {
  const [clause, ...others] = latest;
  if (clause === undefined) return then(placed);
  for (const span of spans) {
    budget.left -= 1;
    if (budget.left < 0) return undefined;
    if (!covers(clause, span) || placed.some((last) => hides(span, last) || hides(last.span, { clause, span }))) continue;
    const sharing = placed.find((last) => last.span === span);
    const test = sharing === undefined ? clause.value : bothTests(sharing.test, clause.value);
    if (test === undefined) continue;
    const updated = placed.map((last) => (last.span === span ? { ...last, test } : last));
    const found = placeLatest(others, [...updated, { clause, span, test }], spans, budget, then);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Whether an observation in `span` would come after the one that the clause is to see. */
const hides = (span: Span, last: Pick<Last, 'clause' | 'span'>): boolean => covers(last.clause, span) && span.index > last.span.index;

/** The counted ones go before the last one of their span, on its first day where the last one is on another. */
function placePresent(present: readonly CompiledClause[], lasts: readonly Last[], spans: readonly Span[]): Observation[] | undefined {
  const bySpan = new Map(lasts.map((last) => [last.span, last]));
  const found = [...bySpan.values()].map(({ clause, span, test }) => observation(clause, lastDayOf(span), passingValue(test)));
  for (const clause of present) {
    const placed = spans.filter((span) => covers(clause, span) && !lasts.some((last) => hides(span, last)))
      .map((span) => observationBefore(clause, span, bySpan.get(span)))
      .find((made) => made !== undefined);
    if (placed === undefined) return undefined;
    for (let n = 0; n < clause.times; n += 1) found.push(placed);
  }
  return found;
}

function observationBefore(clause: CompiledClause, span: Span, last: Last | undefined): Observation | undefined {
  const value = passingValue(clause.value);
  if (last === undefined || lastDayOf(span) !== span.fromMs) return observation(clause, span.fromMs, value);
  const shared = bothTests(clause.value, last.test);
  if (shared !== undefined) return observation(clause, span.fromMs, passingValue(shared));
  return staysBefore(value, passingValue(last.test)) ? observation(clause, span.fromMs, value) : undefined;
}

const lastDayOf = (span: Span): number => span.toMs + 1 - DAY_MS;

const observation = ({ part, code }: CompiledClause, timeMs: number, value: ObservationValue): Observation => ({ part, code, timeMs, value });
