const MAX_WAITING = 1_000;

/** Wakes who waits for news of one exchange. */
export class Changes {
  readonly #waiting = new Map<string, Set<() => void>>();
  #count = 0;

  notify(exchangeId: string): void {
    const waiting = this.#waiting.get(exchangeId) ?? [];
    this.#waiting.delete(exchangeId);
    for (const wake of waiting) wake();
  }

  /** Resolves with the next news, when the time is over, or when the signal ends it. */
  next(exchangeId: string, timeoutMs: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted || this.#count >= MAX_WAITING) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', wake);
        const others = this.#waiting.get(exchangeId);
        if (others?.delete(wake) === true && others.size === 0) this.#waiting.delete(exchangeId);
        this.#count -= 1;
        resolve();
      };
      const timer = setTimeout(wake, timeoutMs);
      signal.addEventListener('abort', wake, { once: true });
      const others = this.#waiting.get(exchangeId) ?? new Set();
      this.#waiting.set(exchangeId, others.add(wake));
      this.#count += 1;
    });
  }
}
