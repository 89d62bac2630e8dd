interface Event {
  readonly atMs: number;
  /** Events of one instant run in the order in which they were scheduled. */
  readonly order: number;
  readonly run: () => void;
}

/** Simulated time: a binary heap of events. */
export class EventQueue {
  readonly #heap: Event[] = [];
  #order = 0;
  nowMs = 0;

  after(delayMs: number, run: () => void): void {
    this.#order += 1;
    this.#heap.push({ atMs: this.nowMs + Math.max(0, delayMs), order: this.#order, run });
    this.#up(this.#heap.length - 1);
  }

  /** Runs the next event. @returns false where there is none */
  step(): boolean {
    const next = this.#heap[0];
    const last = this.#heap.pop();
    if (next === undefined || last === undefined) return false;
    if (this.#heap.length > 0) {
      this.#heap[0] = last;
      this.#down(0);
    }
    this.nowMs = next.atMs;
    next.run();
    return true;
  }

  #up(index: number): void {
    let at = index;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#before(at, parent)) return;
      this.#swap(at, parent);
      at = parent;
    }
  }

  #down(index: number): void {
    let at = index;
    for (;;) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      let least = at;
      if (left < this.#heap.length && this.#before(left, least)) least = left;
      if (right < this.#heap.length && this.#before(right, least)) least = right;
      if (least === at) return;
      this.#swap(at, least);
      at = least;
    }
  }

  #before(a: number, b: number): boolean {
    const [x, y] = [this.#heap[a], this.#heap[b]];
    if (x === undefined || y === undefined) return false;
    return x.atMs < y.atMs || (x.atMs === y.atMs && x.order < y.order);
  }

  #swap(a: number, b: number): void {
    const [x, y] = [this.#heap[a], this.#heap[b]];
    if (x === undefined || y === undefined) return;
    this.#heap[a] = y;
    this.#heap[b] = x;
  }
}
