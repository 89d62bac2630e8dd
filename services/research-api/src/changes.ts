/** Lets long polls know that something was written; what, they see by reading again. */
export class Changes {
  readonly #waiting = new Set<() => void>();
  #count = 0;

  happened(): void {
    this.#count += 1;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of waiting) wake();
  }

  /** Reads until it gives something else than at first, it is final, or the time is over; then gives the last. */
  async until<Value>(read: () => Promise<Value>, isFinal: (value: Value) => boolean, waitMs: number, signal: AbortSignal): Promise<Value> {
    let seen = this.#count;
    let value = await read();
    if (waitMs === 0) return value;
    const text = JSON.stringify(value);
    // Not AbortSignal.any over AbortSignal.timeout: Node may collect such a timeout before it fires, and the wait would not end.
    const deadline = new AbortController();
    const end = (): void => deadline.abort();
    const timer = setTimeout(end, waitMs);
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
    try {
      while (!deadline.signal.aborted && !isFinal(value) && JSON.stringify(value) === text) {
        // What happened while it was read may not be in what was read.
        if (seen === this.#count) await this.#next(deadline.signal);
        seen = this.#count;
        value = await read();
      }
      return value;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
    }
  }

  #next(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        signal.removeEventListener('abort', wake);
        this.#waiting.delete(wake);
        resolve();
      };
      signal.addEventListener('abort', wake, { once: true });
      this.#waiting.add(wake);
      if (signal.aborted) wake();
    });
  }
}
