/** How many messages are handled at once, over all topics of one subscription. */
export class HandlerSlots {
  readonly #waiting: (() => void)[] = [];
  #free: number;

  constructor(count: number) {
    this.#free = count;
  }

  /** @returns false where none is free */
  take(): boolean {
    if (this.#free === 0) return false;
    this.#free -= 1;
    return true;
  }

  release(): void {
    this.#free += 1;
    for (const notify of this.#waiting) notify();
  }

  /** @param notify called whenever one became free */
  onFree(notify: () => void): void {
    this.#waiting.push(notify);
  }
}
