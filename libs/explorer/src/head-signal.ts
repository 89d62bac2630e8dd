/** Wakes those who wait for the chain to grow. */
export class HeadSignal {
  readonly #waiting = new Set<() => void>();

  /** Call after each applied block. */
  grown(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of waiting) wake();
  }

  /** Resolves at the next block, after `waitMs`, or when the signal aborts, whichever comes first. */
  next(waitMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', wake);
        this.#waiting.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, waitMs);
      signal.addEventListener('abort', wake, { once: true });
      this.#waiting.add(wake);
      if (signal.aborted) wake();
    });
  }
}
