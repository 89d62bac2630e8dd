/** How many may wait at a time; who comes then has the present answer at once. */
const MAX_WAITING = 10_000;

/** Wakes those who wait for the chain to grow. */
export class HeadSignal {
  readonly #waiting = new Set<() => void>();
  #stopped = false;

  /** Call after each applied block. */
  grown(): void {
    for (const wake of this.#waiting) wake();
  }

  /** Ends all waits, those to come too. */
  stop(): void {
    this.#stopped = true;
    this.grown();
  }

  /** Resolves at the next block or after `waitMs`. @returns whether it is worth waiting again: not once stopped, nor where too many wait */
  async next(waitMs: number): Promise<boolean> {
    if (this.#stopped || this.#waiting.size >= MAX_WAITING) return false;
    await new Promise<void>((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, waitMs);
      this.#waiting.add(wake);
    });
    return !this.#stopped;
  }
}
