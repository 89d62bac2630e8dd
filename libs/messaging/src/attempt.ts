import type { Clock } from '@medveil/encoding';
import { failureReason, UnprocessableMessageError } from './errors.js';
import type { Delivery, DeliveryObserver } from './port.js';

export interface AttemptOptions {
  readonly clock: Clock;
  /** Deliveries of one message to one group before it is a dead letter. */
  readonly maxAttempts: number;
  /** First and longest wait before another attempt, doubling. */
  readonly backoffMs: { readonly first: number; readonly longest: number };
}

export type AttemptOutcome = { readonly kind: 'done' } | { readonly kind: 'retry'; readonly waitMs: number } | { readonly kind: 'dead-letter'; readonly reason: string };

/** Hands a message to its handler and says what becomes of it. Never throws. */
export async function attempt(delivery: Delivery, run: (delivery: Delivery) => Promise<void>, options: AttemptOptions, observer: DeliveryObserver = {}): Promise<AttemptOutcome> {
  const { clock, maxAttempts, backoffMs } = options;
  const startedMs = clock();
  try {
    await run(delivery);
  } catch (error) {
    const isLast = delivery.attempt >= maxAttempts || error instanceof UnprocessableMessageError;
    observer.handled?.(delivery, isLast ? 'dead-letter' : 'retry', clock() - startedMs);
    if (isLast) return { kind: 'dead-letter', reason: failureReason(error) };
    return { kind: 'retry', waitMs: Math.min(backoffMs.first * 2 ** (delivery.attempt - 1), backoffMs.longest) };
  }
  observer.handled?.(delivery, 'ok', clock() - startedMs);
  return { kind: 'done' };
}
