/** Those who wait for a height; nothing of one stays behind when it gives up. */
export class HeightWaiters {
  readonly #waiting = new Set<{ readonly height: number; readonly wake: () => void }>();

  /** Resolves when `reached` is called with this height or a later one. @throws the reason of the first signal that aborts */
  wait(height: number, signals: readonly (AbortSignal | undefined)[]): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (settle: () => void) => () => {
        this.#waiting.delete(entry);
        for (const { signal, abort } of listening) signal.removeEventListener('abort', abort);
        settle();
      };
      const listening = signals.filter((signal) => signal !== undefined).map((signal) => ({ signal, abort: end(() => reject(reasonOf(signal))) }));
      const entry = { height, wake: end(resolve) };
      this.#waiting.add(entry);
      for (const { signal, abort } of listening) {
        if (signal.aborted) return abort();
        signal.addEventListener('abort', abort, { once: true });
      }
    });
  }

  reached(height: number): void {
    for (const entry of this.#waiting) if (entry.height <= height) entry.wake();
  }

  get size(): number {
    return this.#waiting.size;
  }
}

const reasonOf = (signal: AbortSignal): Error => (signal.reason instanceof Error ? signal.reason : new Error('aborted'));
