import { ApiError } from '@medveil/client';
import { isCodedError } from '@medveil/encoding';

/** Long enough for a crowded machine; what takes longer is a failure that is told. */
export const PATIENCE_MS = 300_000;
const PAUSE_MS = 20;

const isAway = (error: unknown): boolean =>
  error instanceof ApiError ? error.status === 503 || error.status === 429 : isCodedError(error) && (error.code === 'client/unreachable' || error.code === 'client/timeout');

/** Asks until the answer is as wanted, whoever is away meanwhile: as a client does that tries again. @throws Error naming what was waited for */
export async function eventually<T>(what: string, ask: () => Promise<T>, wanted: (answer: T) => boolean = () => true): Promise<T> {
  let last: unknown = 'nothing';
  for (const deadlineMs = performance.now() + PATIENCE_MS; performance.now() < deadlineMs; ) {
    try {
      const answer = await ask();
      if (wanted(answer)) return answer;
      last = answer;
    } catch (error) {
      if (!isAway(error)) throw error;
      last = error;
    }
    await new Promise((resolve) => { setTimeout(resolve, PAUSE_MS); });
  }
  throw new Error(`${what}: not within ${PATIENCE_MS / 1000} s; last: ${last instanceof Error ? last.message : JSON.stringify(last)}`);
}
