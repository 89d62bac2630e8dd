import { ApiError } from '@medveil/client';

/** The code of a service's refusal, or `accepted`. */
export const codeOf = (asked: Promise<unknown>): Promise<string> =>
  asked.then(() => 'accepted', (error: unknown) => (error instanceof ApiError ? error.code : String(error)));
