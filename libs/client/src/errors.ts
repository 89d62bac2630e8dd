import { CodedError } from '@medveil/encoding';
import type { Problem } from './api/common.js';

export type ClientErrorCode =
  | 'client/unreachable'
  | 'client/timeout'
  | 'client/not-a-problem'
  | 'client/too-large'
  | 'client/unexpected-answer'
  | 'client/unverified'
  | 'client/wrong-genesis'
  | 'client/rejected'
  | 'client/nonce-used'
  | 'client/gave-up';

/** The service answered with problem+json: `code` is the service's own. */
export class ApiError extends CodedError {
  constructor(
    readonly problem: Problem,
    readonly url: string,
    /** milliseconds, from Retry-After, where the service gave one */
    readonly retryAfterMs: number | null = null,
  ) {
    super(problem.code, problem.detail ?? problem.title, problem.details ?? {});
    this.name = 'ApiError';
  }

  get status(): number {
    return this.problem.status;
  }
}

/** Whether a service is away or late: to be asked again, as often as it takes. */
export const isAway = (error: unknown): boolean =>
  error instanceof ApiError ? error.status >= 500 : error instanceof CodedError && error.code.startsWith('client/');
