import { AsyncLocalStorage } from 'node:async_hooks';

/** What ties the log lines of one request, and of one exchange, together. */
export interface Correlation {
  readonly requestId?: string;
  readonly exchangeId?: string;
}

const storage = new AsyncLocalStorage<Correlation>();

export const currentCorrelation = (): Correlation => storage.getStore() ?? {};

/** Runs `fn`, and whatever it starts, under `correlation` (added to what is already there). */
export const withCorrelation = <T>(correlation: Correlation, fn: () => T): T =>
  storage.run({ ...currentCorrelation(), ...correlation }, fn);

const TOKEN = /^[A-Za-z0-9_-]{8,80}$/;

/** A caller's request or exchange id where it has an acceptable form. */
export const acceptedCorrelationId = (header: unknown): string | undefined =>
  typeof header === 'string' && TOKEN.test(header) ? header : undefined;
