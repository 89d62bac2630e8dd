/** Repeats `step` until stopped: at once, after the wait that it returns, or when notified. */
export class Loop {
  readonly #step: () => Promise<number>;
  #running: Promise<void> | undefined;
  #stopping = false;
  #notified = false;
  #wake: (() => void) | undefined;

  /** @param step returns how many milliseconds to wait before the next; must not throw */
  constructor(step: () => Promise<number>) {
    this.#step = step;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  notify(): void {
    this.#notified = true;
    this.#wake?.();
  }

  /** Ends after the step in progress. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#wake?.();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#stopping) {
      this.#notified = false;
      const waitMs = await this.#step();
      if (!this.#stopping && !this.#notified) await this.#sleep(waitMs);
    }
  }

  async #sleep(waitMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, waitMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = undefined;
  }
}

/** Doubling from `first`, at most `longest`. @param failures how many there were, at least 1 */
export const backoffMs = ({ first, longest }: { readonly first: number; readonly longest: number }, failures: number): number =>
  Math.min(first * 2 ** Math.min(failures - 1, 30), longest);
