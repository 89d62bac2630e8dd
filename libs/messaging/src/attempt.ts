import type { Clock } from '@medveil/encoding';
import { failureReason, UnprocessableMessageError } from './errors.js';
import type { Delivery, MessageObserver } from './port.js';

export interface AttemptOptions {
  readonly clock: Clock;
  readonly observer: MessageObserver;
  /** Deliveries of one message to one group before it is a dead letter. */
  readonly maxAttempts: number;
  /** First and longest wait before another attempt, doubling. */
  readonly backoffMs: { readonly first: number; readonly longest: number };
}

export type AttemptOutcome = { readonly kind: 'done' } | { readonly kind: 'retry'; readonly waitMs: number } | { readonly kind: 'dead-letter'; readonly reason: string };

/** Hands a message to its handler and says what becomes of it. Never throws. */
export async function attempt(delivery: Delivery, run: (delivery: Delivery) => Promise<void>, options: AttemptOptions): Promise<AttemptOutcome> {
  const { clock, observer, maxAttempts, backoffMs } = options;
  const { topic, group } = delivery;
  const startedMs = clock();
  try {
    await run(delivery);
  } catch (error) {
    const isLast = delivery.attempt >= maxAttempts || error instanceof UnprocessableMessageError;
    observer.handled?.(topic, group, isLast ? 'dead-letter' : 'retry', clock() - startedMs);
    if (isLast) return { kind: 'dead-letter', reason: failureReason(error) };
    return { kind: 'retry', waitMs: Math.min(backoffMs.first * 2 ** (delivery.attempt - 1), backoffMs.longest) };
  }
  observer.handled?.(topic, group, 'ok', clock() - startedMs);
  return { kind: 'done' };
}
