import type { ReplicaId } from '../replica-set.js';
import type { EventQueue } from './event-queue.js';
import type { Random } from './random.js';

export interface NetworkFaults {
  dropped: number;
  duplicated: number;
  partitioned: number;
}

/** Links that lose, repeat, delay (hence reorder) and part; from `heal` on they only delay. */
export class Network {
  readonly counts: NetworkFaults = { dropped: 0, duplicated: 0, partitioned: 0 };
  lossRate = 0;
  duplicationRate = 0;
  minDelayMs = 1;
  maxDelayMs = 10;
  /** A share of messages comes this much later than the others. */
  lateRate = 0;
  lateMs = 200;
  /** Links that are cut, as `from>to`. */
  readonly #cut = new Set<string>();

  constructor(
    readonly queue: EventQueue,
    readonly random: Random,
    readonly arrive: (from: ReplicaId, to: ReplicaId, bytes: Uint8Array) => void,
  ) {}

  send(from: ReplicaId, to: ReplicaId, bytes: Uint8Array): void {
    if (this.#cut.has(`${from}>${to}`)) {
      this.counts.partitioned += 1;
      return;
    }
    if (this.random.chance(this.lossRate)) {
      this.counts.dropped += 1;
      return;
    }
    this.#schedule(from, to, bytes);
    if (!this.random.chance(this.duplicationRate)) return;
    this.counts.duplicated += 1;
    this.#schedule(from, to, bytes);
  }

  #schedule(from: ReplicaId, to: ReplicaId, bytes: Uint8Array): void {
    const late = this.random.chance(this.lateRate) ? this.random.next() * this.lateMs : 0;
    const delayMs = this.minDelayMs + this.random.next() * (this.maxDelayMs - this.minDelayMs) + late;
    this.queue.after(delayMs, () => this.arrive(from, to, bytes));
  }

  cut(from: ReplicaId, to: ReplicaId): void {
    this.#cut.add(`${from}>${to}`);
  }

  mend(): void {
    this.#cut.clear();
  }

  heal(): void {
    this.mend();
    this.lossRate = 0;
    this.duplicationRate = 0;
    this.lateRate = 0;
    this.minDelayMs = 1;
    this.maxDelayMs = 10;
  }
}
