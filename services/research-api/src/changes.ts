/** Lets long polls know that something was written; what, they see by reading again. */
export class Changes {
  readonly #waiting = new Set<() => void>();

  happened(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of waiting) wake();
  }

  /** Reads until it gives something else than at first, it is final, or the time is over; then gives the last. */
  async until<Value>(read: () => Promise<Value>, isFinal: (value: Value) => boolean, waitMs: number, signal: AbortSignal): Promise<Value> {
    let value = await read();
    if (waitMs === 0) return value;
    const text = JSON.stringify(value);
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(waitMs)]);
    while (!deadline.aborted && !isFinal(value) && JSON.stringify(value) === text) {
      await this.#next(deadline);
      value = await read();
    }
    return value;
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
