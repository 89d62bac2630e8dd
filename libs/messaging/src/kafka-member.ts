import type { Clock } from '@medveil/encoding';
import type { Consumer, EachBatchPayload, IHeaders, Kafka } from 'kafkajs';
import { attempt, type AttemptOptions } from './attempt.js';
import { encodeDeadLetter } from './dead-letter.js';
import { MAX_KEY_LENGTH } from './errors.js';
import type { HandlerSlots } from './handler-slots.js';
import { RETRY, saidGoodbye } from './kafka-client.js';
import { KafkaPartition } from './kafka-partition.js';
import type { Entry } from './lane-queue.js';
import type { DeliveryObserver, MessageHeaders, OutgoingMessage, SubscribeOptions } from './port.js';
import { deadLetterTopic, isDeadLetterTopic } from './topics.js';

export interface KafkaMemberOptions {
  readonly kafka: Kafka;
  readonly topic: string;
  readonly group: string;
  readonly handler: SubscribeOptions['handler'];
  /** Shared with the members of the same subscription on other topics. */
  readonly slots: HandlerSlots;
  readonly groupId: string;
  /** Where a group begins that has committed nothing yet: at the first message that is kept, or with the next one. */
  readonly fromBeginning: boolean;
  readonly clock: Clock;
  readonly attempts: AttemptOptions;
  readonly observer: DeliveryObserver;
  /** After so long without a sign of this member its partitions go to others. */
  readonly sessionTimeoutMs: number;
  /** How long the broker holds an empty fetch back. */
  readonly pollMs: number;
  /** Of one partition; beyond it no more is fetched. */
  readonly maxQueued: number;
  readonly maxQueuedBytes: number;
  /** @throws CodedError where the topic is not there */
  readonly requireTopic: (topic: string) => Promise<void>;
  /** Resolves when the broker has it for good. */
  readonly send: (message: OutgoingMessage) => Promise<void>;
}

const LONGEST_PAUSE_MS = 5_000;
const FIRST_PAUSE_MS = 100;
const FETCH_BYTES = 1024 * 1024;
const MAX_HEADERS = 8;
const MAX_HEADER_BYTES = 256;

/** One member of a topic's consumer group: reads ahead within limits, hands out by key, commits what is through. */
export class KafkaMember {
  readonly #options: KafkaMemberOptions;
  readonly #partitions = new Map<string, KafkaPartition>();
  readonly #ending = new Map<string, Promise<void>>();
  readonly #stop = new AbortController();
  #consumer: Consumer | undefined;
  #started: Promise<void>;
  #pumpScheduled = false;
  #committing: Promise<void> | undefined;
  #isJoined = false;
  #closed: Promise<void> | undefined;

  constructor(options: KafkaMemberOptions) {
    this.#options = options;
    options.slots.onFree(() => this.#schedulePump());
    this.#started = this.#start();
  }

  /** It has its share of the partitions. */
  get isJoined(): boolean {
    return this.#isJoined;
  }

  async close(): Promise<void> {
    this.#closed ??= this.#end();
    return this.#closed;
  }

  async #end(): Promise<void> {
    this.#stop.abort();
    await saidGoodbye(this.#started);
    await Promise.all(Array.from(this.#partitions.values(), async ({ running }) => Promise.all(running)));
    for (const { lanes } of this.#partitions.values()) lanes.clear();
    await saidGoodbye(this.#committing);
    await saidGoodbye(this.#commit());
    await saidGoodbye(this.#consumer?.disconnect());
    this.#isJoined = false;
  }

  /** Tries until it is a member, or closed. */
  async #start(): Promise<void> {
    for (let pauseMs = FIRST_PAUSE_MS; !this.#stop.signal.aborted; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      try {
        await this.#options.requireTopic(this.#options.topic);
        await this.#join();
        return;
      } catch {
        await this.#consumer?.disconnect().catch(() => undefined);
        await pause(pauseMs, this.#stop.signal);
      }
    }
  }

  async #join(): Promise<void> {
    const { kafka, topic, groupId, fromBeginning, sessionTimeoutMs, pollMs, maxQueuedBytes } = this.#options;
    const consumer = kafka.consumer({
      groupId,
      sessionTimeout: sessionTimeoutMs,
      heartbeatInterval: Math.floor(sessionTimeoutMs / 4),
      rebalanceTimeout: Math.max(sessionTimeoutMs, 10_000),
      maxWaitTimeInMs: pollMs,
      maxBytesPerPartition: Math.min(maxQueuedBytes, FETCH_BYTES),
      allowAutoTopicCreation: false,
      // This class starts a new consumer itself.
      retry: { ...RETRY, restartOnFailure: async () => false },
    });
    this.#consumer = consumer;
    consumer.on('consumer.group_join', () => this.#onAssigned(consumer));
    consumer.on('consumer.crash', () => this.#onCrash(consumer));
    await consumer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning });
    await consumer.run({ autoCommit: false, eachBatch: async (payload) => this.#onBatch(payload) });
  }

  /** Called before anything of the new assignment is fetched. */
  #onAssigned(consumer: Consumer): void {
    if (this.#consumer !== consumer) return;
    const paused = [...this.#partitions.values()].filter(({ isPaused }) => isPaused);
    this.#endPartitions();
    consumer.resume(paused.map(({ topic, partition }) => ({ topic, partitions: [partition] })));
    this.#isJoined = true;
  }

  #onCrash(consumer: Consumer): void {
    if (this.#consumer !== consumer || this.#stop.signal.aborted) return;
    this.#isJoined = false;
    this.#endPartitions();
    this.#started = pause(FIRST_PAUSE_MS, this.#stop.signal).then(async () => this.#start());
  }

  #endPartitions(): void {
    for (const [name, partition] of this.#partitions) this.#ending.set(name, partition.end());
    this.#partitions.clear();
  }

  /** Takes a batch over and returns at once, so that the consumer goes on fetching and gives signs of life. */
  async #onBatch({ batch }: EachBatchPayload): Promise<void> {
    const partition = this.#partitionOf(batch.topic, batch.partition);
    for (const { key, value, headers, offset } of batch.messages) {
      const position = BigInt(offset);
      const text = key?.toString() ?? '';
      // What no sender of this system could have sent is nobody's to handle.
      if (key === null || value === null || text.length > MAX_KEY_LENGTH) {
        this.#options.observer.dropped?.(batch.topic, 'malformed');
        partition.skip(position);
      } else {
        partition.push({ topic: batch.topic, key: text, value: new Uint8Array(value), headers: shortHeaders(headers) }, position, () => this.#onSettled(partition));
      }
    }
    partition.behind = Number(batch.offsetLag());
    this.#tellWaiting();
    this.#limit(partition);
    this.#commitSoon();
  }

  #tellWaiting(): void {
    const { topic, observer } = this.#options;
    const partitions = [...this.#partitions.values()];
    observer.waiting?.(topic, sum(partitions.map(({ queued }) => queued)), sum(partitions.map(({ behind }) => behind)));
  }

  #partitionOf(topic: string, number: number): KafkaPartition {
    const name = `${topic}/${number}`;
    let partition = this.#partitions.get(name);
    if (partition === undefined) {
      const earlier = this.#ending.get(name);
      partition = new KafkaPartition(topic, number, earlier, { nowMs: this.#options.clock, wake: () => this.#schedulePump() });
      this.#partitions.set(name, partition);
      void earlier?.then(() => {
        if (this.#ending.get(name) === earlier) this.#ending.delete(name);
        this.#schedulePump();
      });
    }
    return partition;
  }

  #schedulePump(): void {
    if (this.#pumpScheduled || this.#stop.signal.aborted) return;
    this.#pumpScheduled = true;
    setImmediate(() => {
      this.#pumpScheduled = false;
      this.#pump();
    });
  }

  #pump(): void {
    const { slots } = this.#options;
    for (const [name, partition] of this.#partitions) {
      while (!this.#stop.signal.aborted && partition.lanes.hasReady && !this.#ending.has(name) && slots.take()) {
        const entry = partition.lanes.take();
        if (entry === undefined) throw new Error('a ready lane has an entry');
        const work = this.#work(partition, entry).finally(() => {
          partition.running.delete(work);
          slots.release();
        });
        partition.running.add(work);
      }
    }
  }

  async #work(partition: KafkaPartition, entry: Entry): Promise<void> {
    const { group, handler, attempts, observer } = this.#options;
    const outcome = await attempt({ ...entry.message, group, attempt: entry.attempt }, handler, attempts, observer);
    if (partition.isOver) return;
    if (outcome.kind === 'dead-letter' && !(await this.#bury(partition, entry, outcome.reason))) return;
    if (outcome.kind === 'retry') {
      if (this.#stop.signal.aborted) return;
      entry.attempt += 1;
      entry.readyAtMs = this.#options.clock() + outcome.waitMs;
      partition.lanes.retry(entry);
      return;
    }
    partition.lanes.done(entry);
    entry.settled();
  }

  /**
   * Writes the dead letter down; until then the message is not through. A dead letter that no handler could handle ends here.
   * @returns false where the member or its assignment ended first: another one will come to the same end
   */
  async #bury(partition: KafkaPartition, { message, attempt: attempts }: Entry, reason: string): Promise<boolean> {
    const { topic, key, value } = message;
    if (isDeadLetterTopic(topic)) return true;
    const letter = encodeDeadLetter({ topic, key, value, group: this.#options.group, attempts, reason, failedAtMs: this.#options.clock() });
    for (let pauseMs = FIRST_PAUSE_MS; !partition.isOver && !this.#stop.signal.aborted; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      try {
        await this.#options.send({ topic: deadLetterTopic(topic), key, value: letter });
        return !partition.isOver;
      } catch {
        await pause(pauseMs, this.#stop.signal);
      }
    }
    return false;
  }

  #onSettled(partition: KafkaPartition): void {
    this.#tellWaiting();
    this.#limit(partition);
    this.#commitSoon();
  }

  /** Back-pressure: a partition with too much in hand is not fetched until half of it is through. */
  #limit(partition: KafkaPartition): void {
    if (partition.isOver || this.#stop.signal.aborted) return;
    const { maxQueued, maxQueuedBytes } = this.#options;
    const place = [{ topic: partition.topic, partitions: [partition.partition] }];
    const load = Math.max(partition.queued / maxQueued, partition.queuedBytes / maxQueuedBytes);
    if (!partition.isPaused && load >= 1) {
      partition.isPaused = true;
      this.#consumer?.pause(place);
    } else if (partition.isPaused && load <= 0.5) {
      partition.isPaused = false;
      this.#consumer?.resume(place);
    }
  }

  /** One commit is under way at a time; what is through meanwhile goes with the next. */
  #commitSoon(): void {
    this.#committing ??= this.#commit().finally(() => {
      this.#committing = undefined;
      if (!this.#stop.signal.aborted && this.#uncommitted().length > 0) this.#commitSoon();
    });
  }

  /** A commit that fails costs repeated messages after a restart, nothing else; the next one covers it. */
  async #commit(): Promise<void> {
    const due = this.#uncommitted();
    const consumer = this.#consumer;
    if (due.length === 0 || consumer === undefined) return;
    try {
      await consumer.commitOffsets(due.map(({ partition: { topic, partition }, position }) => ({ topic, partition, offset: String(position) })));
      for (const { partition, position } of due) partition.committed = position;
    } catch {
      await pause(FIRST_PAUSE_MS, this.#stop.signal);
    }
  }

  #uncommitted(): { readonly partition: KafkaPartition; readonly position: bigint }[] {
    return [...this.#partitions.values()].flatMap((partition) => {
      const { position, committed } = partition;
      return position === undefined || position === committed ? [] : [{ partition, position }];
    });
  }
}

/** Those that could be of this system: anybody who may write to the topic can add others, of any size. */
function shortHeaders(headers: IHeaders = {}): MessageHeaders {
  const short = Object.entries(headers).slice(0, MAX_HEADERS).filter((entry): entry is [string, Buffer] => Buffer.isBuffer(entry[1]) && entry[1].length <= MAX_HEADER_BYTES);
  return Object.fromEntries(short.map(([name, text]) => [name, text.toString()]));
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

/** Ends early when the signal does. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end);
  });
}
