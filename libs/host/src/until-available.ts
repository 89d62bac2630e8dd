import { CodedError, isCodedError } from '@medveil/encoding';

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;

/**
 * Tries until the server behind `run` answers: whatever starts first, the system comes up.
 * @throws CodedError `host/dependency-away` after `timeoutMs`; any error that is not about availability at once
 */
export async function untilAvailable<T>(dependency: string, timeoutMs: number, run: () => Promise<T>): Promise<T> {
  const deadlineMs = performance.now() + timeoutMs;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    try {
      return await run();
    } catch (cause) {
      if (!isCodedError(cause) || !cause.code.endsWith('/unavailable')) throw cause;
      if (performance.now() + pauseMs > deadlineMs) {
        throw new CodedError('host/dependency-away', `the ${dependency} did not answer within ${timeoutMs / 1000} s (${cause.code})`, { dependency, timeoutMs }, { cause });
      }
    }
    await new Promise((resolve) => { setTimeout(resolve, pauseMs); });
  }
}
