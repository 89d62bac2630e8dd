import { messagingError } from './errors.js';
import { type Entry, LaneQueue } from './lane-queue.js';
import type { SubscribeOptions, Subscription } from './port.js';

export interface GroupQueuesOptions {
  readonly nowMs: () => number;
  readonly schedule: (delayMs: number, run: () => void) => () => void;
  readonly pick: (count: number) => number;
  readonly maxQueued: number;
  readonly publishTimeoutMs: number;
  /** Handles one entry and says what becomes of it. Must not throw. */
  readonly run: (entry: Entry, subscriber: SubscribeOptions) => Promise<'done' | 'repeat' | 'retry'>;
}

interface Member {
  readonly subscriber: SubscribeOptions;
  readonly concurrency: number;
  readonly running: Set<Promise<void>>;
  closing: boolean;
}

interface GroupQueue {
  readonly topic: string;
  readonly group: string;
  readonly lanes: LaneQueue;
  readonly members: Member[];
}

/** A publisher that waits for room. */
interface Waiter {
  readonly admit: () => void;
  readonly reject: (error: Error) => void;
}

const DEFAULT_CONCURRENCY = 8;

/** The queues of all topics and groups, their members, and the publishers that wait for room. */
export class GroupQueues {
  readonly #options: GroupQueuesOptions;
  readonly #byTopic = new Map<string, Map<string, GroupQueue>>();
  readonly #waiting = new Map<string, Waiter[]>();
  #pumpScheduled = false;
  #closed = false;

  constructor(options: GroupQueuesOptions) {
    this.#options = options;
  }

  declare(topic: string, group: string): GroupQueue {
    let groups = this.#byTopic.get(topic);
    if (groups === undefined) this.#byTopic.set(topic, (groups = new Map()));
    let queue = groups.get(group);
    if (queue === undefined) {
      const { nowMs, schedule, pick } = this.#options;
      queue = { topic, group, members: [], lanes: new LaneQueue({ nowMs, schedule, pick, wake: () => this.#schedulePump() }) };
      groups.set(group, queue);
    }
    return queue;
  }

  of(topic: string): LaneQueue[] {
    return [...(this.#byTopic.get(topic)?.values() ?? [])].map((queue) => queue.lanes);
  }

  hasRoom(topic: string): boolean {
    return (this.#waiting.get(topic)?.length ?? 0) === 0 && this.#allBelowLimit(topic);
  }

  /** Runs `take` as soon as every group of the topic has room: at once, or in the order of asking. */
  async whenRoom<T>(topic: string, take: () => T): Promise<T> {
    const waiting = this.#waiting.get(topic) ?? [];
    if (waiting.length === 0 && this.#allBelowLimit(topic)) return take();
    this.#waiting.set(topic, waiting);
    const { publishTimeoutMs, schedule } = this.#options;
    return new Promise<T>((resolve, reject) => {
      const cancel = schedule(publishTimeoutMs, () => {
        removeFrom(waiting, waiter);
        reject(messagingError('messaging/queue-full', 'no consumer made room in time', { topic, publishTimeoutMs }));
      });
      const waiter: Waiter = {
        admit: () => {
          cancel();
          resolve(take());
        },
        reject: (error) => {
          cancel();
          reject(error);
        },
      };
      waiting.push(waiter);
    });
  }

  join(options: SubscribeOptions): Subscription {
    const member: Member = {
      subscriber: options,
      concurrency: options.concurrency ?? DEFAULT_CONCURRENCY,
      running: new Set(),
      closing: false,
    };
    const queues = options.topics.map((topic) => this.declare(topic, options.group));
    for (const queue of queues) queue.members.push(member);
    this.#schedulePump();
    return {
      close: async () => {
        member.closing = true;
        for (const queue of queues) removeFrom(queue.members, member);
        await Promise.all(member.running);
      },
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    const queues = this.#all();
    const running = queues.flatMap(({ members }) => members.flatMap((member) => [...member.running]));
    for (const waiters of this.#waiting.values()) {
      for (const { reject } of waiters) reject(messagingError('messaging/closed', 'the bus is closed'));
    }
    this.#waiting.clear();
    await Promise.all(running);
    for (const { lanes } of queues) lanes.clear();
  }

  #all(): GroupQueue[] {
    const all: GroupQueue[] = [];
    for (const groups of this.#byTopic.values()) all.push(...groups.values());
    return all;
  }

  #allBelowLimit(topic: string): boolean {
    return this.of(topic).every((lanes) => lanes.size < this.#options.maxQueued);
  }

  #schedulePump(): void {
    if (this.#pumpScheduled || this.#closed) return;
    this.#pumpScheduled = true;
    setImmediate(() => {
      this.#pumpScheduled = false;
      if (!this.#closed) for (const queue of this.#all()) this.#pump(queue);
    });
  }

  #pump(queue: GroupQueue): void {
    while (queue.lanes.hasReady) {
      const member = queue.members.find((candidate) => !candidate.closing && candidate.running.size < candidate.concurrency);
      if (member === undefined) return;
      // The next message goes to the next member.
      removeFrom(queue.members, member);
      queue.members.push(member);
      const entry = queue.lanes.take();
      if (entry === undefined) return;
      const work = this.#work(queue, member, entry).finally(() => {
        member.running.delete(work);
        this.#schedulePump();
      });
      member.running.add(work);
    }
  }

  async #work(queue: GroupQueue, member: Member, entry: Entry): Promise<void> {
    const outcome = await this.#options.run(entry, member.subscriber);
    if (this.#closed && outcome === 'retry') return;
    if (outcome === 'retry') {
      queue.lanes.retry(entry);
      return;
    }
    queue.lanes.done(entry);
    entry.settled();
    if (outcome === 'repeat') queue.lanes.push({ ...entry, attempt: 1, isDuplicate: true, settled: () => undefined });
    member.subscriber.observer?.waiting?.(queue.topic, queue.lanes.size, 0);
    this.#admit(queue.topic);
  }

  /** Each publisher that gets in fills the room that the next one looks for. */
  #admit(topic: string): void {
    const waiting = this.#waiting.get(topic) ?? [];
    while (waiting.length > 0 && this.#allBelowLimit(topic)) waiting.shift()?.admit();
  }
}

function removeFrom<T>(list: T[], item: T): void {
  const index = list.indexOf(item);
  if (index !== -1) list.splice(index, 1);
}
