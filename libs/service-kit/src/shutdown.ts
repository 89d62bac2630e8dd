import { setMaxListeners } from 'node:events';

/** Injectable: tells long-lived work (event streams, polling) that the service is going down. */
export class Shutdown {
  readonly #controller = new AbortController();

  constructor() {
    // Each waiting request listens; how many may wait is limited where they do.
    setMaxListeners(0, this.#controller.signal);
  }

  /** Aborted when shutdown begins: an open stream ends then, so that the server can close. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  begin(): void {
    this.#controller.abort();
  }
}

/** @returns whether `work` ended within `timeoutMs`; a rejection passes through */
export async function endsWithin(timeoutMs: number, work: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), timeoutMs);
  });
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
