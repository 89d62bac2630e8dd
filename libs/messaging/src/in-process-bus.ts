import { AsyncResource } from 'node:async_hooks';
import type { Clock } from '@medveil/encoding';
import { attempt, type AttemptOptions } from './attempt.js';
import { encodeDeadLetter } from './dead-letter.js';
import { assertSendable, messagingError } from './errors.js';
import { GroupQueues } from './group-queues.js';
import type { Entry } from './lane-queue.js';
import type { DeadLetter, DeadLetterBox, KeptDeadLetter, MessageBus, OutgoingMessage, PublishOptions, SubscribeOptions, Subscription } from './port.js';
import { seededRandom } from './seeded.js';
import { deadLetterTopic, isDeadLetterTopic } from './topics.js';

export interface InProcessBusOptions {
  readonly clock: Clock;
  /** Default: node's timers. */
  readonly schedule?: (delayMs: number, run: () => void) => () => void;
  /**
   * Groups that exist before their first member joins, by topic: messages wait for them, as they wait on a broker for a group
   * that has committed an offset. A message for a topic without any group is gone.
   */
  readonly groups?: Readonly<Record<string, readonly string[]>>;
  /** What a broker may do to messages, on purpose. Default: nothing. */
  readonly faults?: BusFaults;
  /** Messages waiting for one group of a topic; publishing waits beyond it. Default 10,000. */
  readonly maxQueued?: number;
  /** Default 1 MiB. */
  readonly maxMessageBytes?: number;
  /** Longest wait of a publisher for room; default 10 s. */
  readonly publishTimeoutMs?: number;
  /** Default 10: with the default backoff a handler has a quarter of a minute to get well. */
  readonly maxAttempts?: number;
  /** First and longest wait before another attempt, doubling; default 50 and 5,000 ms. */
  readonly backoffMs?: { readonly first: number; readonly longest: number };
  /** Dead letters kept to be looked at; default 1,000. */
  readonly maxDeadLetters?: number;
}

export interface BusFaults {
  readonly seed: number;
  /** Share of messages that a group gets twice, the second time after later ones of the same key, as after a lost commit. */
  readonly duplicateRate: number;
  readonly maxDelayMs: number;
  /** Take keys in random order. */
  readonly reorder: boolean;
}

/** The bus of one process. It carries bytes only, and keeps nothing on disk: see `PublishOptions.until`. */
export class InProcessBus implements MessageBus {
  readonly #clock: Clock;
  readonly #queues: GroupQueues;
  readonly #faults: BusFaults | undefined;
  readonly #random: () => number;
  readonly #maxMessageBytes: number;
  readonly #attempts: AttemptOptions;
  readonly #maxDeadLetters: number;
  readonly #deadLetters: KeptDeadLetter[] = [];
  #buried = 0;
  readonly #durableWaiters = new Set<(error: Error) => void>();
  /** Handlers must not inherit the publisher's async context (its transaction, its request). */
  readonly #scope = new AsyncResource('InProcessBus');
  #closed: Promise<void> | undefined;

  constructor(options: InProcessBusOptions) {
    this.#clock = options.clock;
    this.#faults = options.faults;
    this.#random = seededRandom(options.faults?.seed ?? 0);
    this.#maxMessageBytes = options.maxMessageBytes ?? 1024 * 1024;
    this.#attempts = {
      clock: options.clock, maxAttempts: options.maxAttempts ?? 10, backoffMs: options.backoffMs ?? { first: 50, longest: 5_000 },
    };
    this.#maxDeadLetters = options.maxDeadLetters ?? 1_000;
    const reorder = options.faults?.reorder ?? false;
    this.#queues = new GroupQueues({
      nowMs: options.clock,
      schedule: options.schedule ?? nodeTimer,
      pick: (count) => (reorder ? Math.floor(this.#random() * count) : 0),
      maxQueued: options.maxQueued ?? 10_000,
      publishTimeoutMs: options.publishTimeoutMs ?? 10_000,
      run: async (entry, subscriber) => this.#run(entry, subscriber),
    });
    for (const [topic, groups] of Object.entries(options.groups ?? {})) {
      for (const group of groups) this.#queues.declare(topic, group);
    }
  }

  async publish(message: OutgoingMessage, options: PublishOptions = {}): Promise<void> {
    this.#assertOpen();
    assertSendable(message, this.#maxMessageBytes);
    // A copy: nobody can change a message that is under way.
    const copy = { ...message, value: message.value.slice() };
    const durable = await this.#queues.whenRoom(message.topic, () => this.#enqueue(copy));
    if (options.until === 'durable') await durable();
  }

  subscribe(options: SubscribeOptions): Subscription {
    this.#assertOpen();
    return this.#queues.join(options);
  }

  /** The latest dead letters. */
  readonly deadLetterBox: DeadLetterBox = {
    list: async (topic, limit) => this.#deadLetters.filter((letter) => letter.topic === topic).slice(0, limit),
    replay: async (topic, id) => {
      const index = this.#deadLetters.findIndex((letter) => letter.topic === topic && letter.id === id);
      const [letter] = index === -1 ? [] : this.#deadLetters.splice(index, 1);
      if (letter === undefined) throw messagingError('messaging/unknown-dead-letter', 'no such dead letter, or it was replayed', { topic, id });
      await this.publish({ topic, key: letter.key, value: letter.value });
    },
  };

  async check(): Promise<void> {
    this.#assertOpen();
  }

  async close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    await this.#queues.close();
    for (const reject of this.#durableWaiters) reject(closedError());
    this.#durableWaiters.clear();
  }

  #assertOpen(): void {
    if (this.#closed !== undefined) throw closedError();
  }

  /** @returns a function to wait until every group is through with the message */
  #enqueue(message: OutgoingMessage): () => Promise<void> {
    const queues = this.#queues.of(message.topic);
    let pending = queues.length;
    let onSettled: (() => void) | undefined;
    const settled = () => {
      pending -= 1;
      if (pending === 0) onSettled?.();
    };
    for (const queue of queues) queue.push(this.#entry(message, settled, false));
    return async () =>
      new Promise<void>((resolve, reject) => {
        if (pending === 0) return resolve();
        this.#durableWaiters.add(reject);
        onSettled = () => {
          this.#durableWaiters.delete(reject);
          resolve();
        };
        return undefined;
      });
  }

  #entry(message: OutgoingMessage, settled: () => void, isDuplicate: boolean): Entry {
    const delayMs = this.#faults === undefined ? 0 : Math.floor(this.#random() * (this.#faults.maxDelayMs + 1));
    return { message, attempt: 1, readyAtMs: delayMs === 0 ? 0 : this.#clock() + delayMs, isDuplicate, settled };
  }

  async #run(entry: Entry, { group, handler, observer }: SubscribeOptions): Promise<'done' | 'repeat' | 'retry'> {
    const delivery = { ...entry.message, group, attempt: entry.attempt };
    const outcome = await attempt(delivery, async (message) => this.#scope.runInAsyncScope(async () => handler(message)), this.#attempts, observer);
    if (outcome.kind === 'retry') {
      entry.attempt += 1;
      entry.readyAtMs = this.#clock() + outcome.waitMs;
      return 'retry';
    }
    if (outcome.kind === 'dead-letter') {
      this.#bury(entry, group, outcome.reason);
      return 'done';
    }
    const repeat = !entry.isDuplicate && this.#faults !== undefined && this.#random() < this.#faults.duplicateRate;
    return repeat ? 'repeat' : 'done';
  }

  /** A dead letter that no handler of the dead-letter topic could handle ends here. */
  #bury(entry: Entry, group: string, reason: string): void {
    const { topic, key, value } = entry.message;
    if (isDeadLetterTopic(topic)) return;
    const letter: DeadLetter = { topic, key, value, group, attempts: entry.attempt, reason, failedAtMs: this.#clock() };
    this.#deadLetters.push({ id: String((this.#buried += 1)), ...letter });
    if (this.#deadLetters.length > this.#maxDeadLetters) this.#deadLetters.shift();
    const target = deadLetterTopic(topic);
    // No waiting for room: the key would stay blocked behind a message that is already given up.
    if (this.#queues.hasRoom(target)) this.#enqueue({ topic: target, key, value: encodeDeadLetter(letter) });
  }
}

const closedError = () => messagingError('messaging/closed', 'the bus is closed');

function nodeTimer(delayMs: number, run: () => void): () => void {
  const timer = setTimeout(run, delayMs);
  return () => clearTimeout(timer);
}
