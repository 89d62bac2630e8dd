import { LaneQueue } from './lane-queue.js';
import type { OutgoingMessage } from './port.js';

/**
 * Messages of one partition in the hands of one member: ordered by key, in parallel over keys, and the offset up to which all of them are
 * through. It lives as long as the assignment: after the group was rebalanced the broker gives everything anew from the committed offset.
 */
export class KafkaPartition {
  readonly lanes: LaneQueue;
  readonly running = new Set<Promise<void>>();
  /** The group was rebalanced: what is still running ends, and counts for nothing. */
  isOver = false;
  isPaused = false;
  /** Messages that the broker had beyond those of the last fetch. */
  behind = 0;
  /** The last offset that was committed. */
  committed: bigint | undefined;
  /** In the order of the partition: a Set keeps the order of insertion. */
  readonly #open = new Set<bigint>();
  #next: bigint | undefined;
  #queuedBytes = 0;

  constructor(
    readonly topic: string,
    readonly partition: number,
    /** Handlers of an earlier assignment that still run: nothing is handed out before they end, so that a key is in one pair of hands. */
    readonly earlier: Promise<void> | undefined,
    timing: { readonly nowMs: () => number; readonly wake: () => void },
  ) {
    this.lanes = new LaneQueue({
      nowMs: timing.nowMs,
      schedule: (delayMs, run) => {
        const timer = setTimeout(run, delayMs);
        return () => clearTimeout(timer);
      },
      pick: () => 0,
      wake: timing.wake,
    });
  }

  get queued(): number {
    return this.lanes.size;
  }

  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /** @param settled called when the message is through */
  push(message: OutgoingMessage, offset: bigint, settled: () => void): void {
    this.skip(offset);
    this.#open.add(offset);
    this.#queuedBytes += message.value.length;
    this.lanes.push({
      message,
      attempt: 1,
      readyAtMs: 0,
      isDuplicate: false,
      settled: () => {
        this.#open.delete(offset);
        this.#queuedBytes -= message.value.length;
        settled();
      },
    });
  }

  /** An offset without a message for the handler. */
  skip(offset: bigint): void {
    this.#next = offset + 1n;
  }

  /** What to commit: the offset of the first message that is not through. */
  get position(): bigint | undefined {
    const [first] = this.#open;
    return first ?? this.#next;
  }

  /** Forgets what waits. @returns when the last running handler has ended */
  async end(): Promise<void> {
    this.isOver = true;
    this.lanes.clear();
    await Promise.all([this.earlier, ...this.running]);
  }
}
