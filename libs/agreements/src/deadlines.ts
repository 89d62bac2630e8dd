import type { StateReader } from '@medveil/ledger';
import { AgreementsFault } from './errors.js';
import { type DeadlineSubject, deadlineTable, type Writable } from './state.js';

/**
 * The index of what waits for block time. Its keys sort by time, so the first entry is the next deadline; an entry
 * is removed as soon as what it waits for has happened otherwise, so there are never stale ones.
 */
const TIME_DIGITS = 16;

const place = (atMs: number, subject: DeadlineSubject): [string, string] => [atMs.toString().padStart(TIME_DIGITS, '0'), idOf(subject)];

const idOf = (subject: DeadlineSubject): string =>
  subject.kind === 'claim' ? subject.claimId : subject.kind === 'requirement' ? subject.requirementId : subject.requestId;

export const addDeadline = (state: Writable, atMs: number, subject: DeadlineSubject): void =>
  deadlineTable.write(state, subject, ...place(atMs, subject));

export const removeDeadline = (state: Writable, atMs: number, subject: DeadlineSubject): void =>
  deadlineTable.remove(state, ...place(atMs, subject));

export interface DueDeadline {
  readonly atMs: number;
  readonly subject: DeadlineSubject;
}

/** Deadlines at or before `timeMs`, earliest first, at most `limit`. */
export function dueDeadlines(view: StateReader, timeMs: number, limit: number): DueDeadline[] {
  const due: DueDeadline[] = [];
  for (const [key, value] of view.entries(`${deadlineTable.prefix}/`)) {
    const atMs = timeOf(key);
    if (due.length === limit || atMs > timeMs) break;
    due.push({ atMs, subject: deadlineTable.decode(value) });
  }
  return due;
}

/** UTC ms; null where nothing waits. */
export function earliestDeadlineMs(view: StateReader): number | null {
  for (const [key] of view.entries(`${deadlineTable.prefix}/`)) return timeOf(key);
  return null;
}

function timeOf(key: string): number {
  const atMs = Number(key.split('/')[1]);
  if (!Number.isSafeInteger(atMs)) throw new AgreementsFault('agreements/corrupt-state', 'a deadline without a time', { table: deadlineTable.prefix });
  return atMs;
}
