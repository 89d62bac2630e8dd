import type { OutgoingMessage } from './port.js';

/** One message in one group's queue of a topic. */
export interface Entry {
  readonly message: OutgoingMessage;
  attempt: number;
  /** Not to be handed out earlier. */
  readyAtMs: number;
  /** A repeated delivery made on purpose; it is not repeated again and nobody waits for it. */
  readonly isDuplicate: boolean;
  /** Called when the group has handled it, or given it to the dead letters. */
  readonly settled: () => void;
}

interface Lane {
  readonly key: string;
  readonly entries: Entry[];
  state: 'ready' | 'waiting' | 'busy';
}

export interface LaneQueueOptions {
  readonly nowMs: () => number;
  readonly schedule: (delayMs: number, run: () => void) => () => void;
  /** Picks the next of `count` ready lanes. */
  readonly pick: (count: number) => number;
  /** Something may have become ready. */
  readonly wake: () => void;
}

/**
 * The messages of one topic that wait for one group: a lane a key. Order holds within a lane and one message of it is out at a
 * time; which lane is next is `pick`'s choice.
 */
export class LaneQueue {
  readonly #options: LaneQueueOptions;
  readonly #lanes = new Map<string, Lane>();
  readonly #ready: Lane[] = [];
  readonly #timers = new Map<Lane, () => void>();
  #size = 0;

  constructor(options: LaneQueueOptions) {
    this.#options = options;
  }

  /** Messages waiting or being handled. */
  get size(): number {
    return this.#size;
  }

  get hasReady(): boolean {
    return this.#ready.length > 0;
  }

  push(entry: Entry): void {
    this.#size += 1;
    const key = entry.message.key;
    const lane = this.#lanes.get(key);
    if (lane !== undefined) {
      lane.entries.push(entry);
      return;
    }
    const fresh: Lane = { key, entries: [entry], state: 'waiting' };
    this.#lanes.set(key, fresh);
    this.#offer(fresh);
  }

  /** Hands out the head of a ready lane; the lane is busy until `done` or `retry`. */
  take(): Entry | undefined {
    if (this.#ready.length === 0) return undefined;
    const [lane] = this.#ready.splice(this.#options.pick(this.#ready.length), 1);
    if (lane === undefined) return undefined;
    lane.state = 'busy';
    return lane.entries[0];
  }

  /** The entry is through: the next of its lane may go. */
  done(entry: Entry): void {
    const lane = this.#busyLane(entry);
    lane.entries.shift();
    this.#size -= 1;
    if (lane.entries.length === 0) this.#lanes.delete(lane.key);
    else this.#offer(lane);
  }

  /** The entry stays the head of its lane and is handed out again at its `readyAtMs`. */
  retry(entry: Entry): void {
    this.#offer(this.#busyLane(entry));
  }

  clear(): Entry[] {
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
    const left = [...this.#lanes.values()].flatMap((lane) => lane.entries);
    this.#lanes.clear();
    this.#ready.length = 0;
    this.#size = 0;
    return left;
  }

  #busyLane(entry: Entry): Lane {
    const lane = this.#lanes.get(entry.message.key);
    if (lane === undefined || lane.state !== 'busy' || lane.entries[0] !== entry) throw new Error('the entry is not out');
    return lane;
  }

  #offer(lane: Lane): void {
    const delayMs = (lane.entries[0]?.readyAtMs ?? 0) - this.#options.nowMs();
    if (delayMs <= 0) {
      lane.state = 'ready';
      this.#ready.push(lane);
      this.#options.wake();
      return;
    }
    lane.state = 'waiting';
    this.#timers.set(lane, this.#options.schedule(delayMs, () => {
      this.#timers.delete(lane);
      this.#offer(lane);
    }));
  }
}
