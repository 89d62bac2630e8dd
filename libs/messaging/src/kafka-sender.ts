import kafkajs, { type Kafka, type Message, type Producer } from 'kafkajs';
import { messagingError } from './errors.js';
import { codedKafkaError, RETRY, saidGoodbye } from './kafka-client.js';

export interface KafkaSenderOptions {
  readonly kafka: Kafka;
  readonly maxQueued: number;
  readonly publishTimeoutMs: number;
  /** Of one request: a broker's limit holds for all messages of a partition in it. */
  readonly maxRequestBytes: number;
}

interface Waiting {
  readonly message: Message;
  readonly sizeBytes: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
  state: 'queued' | 'sent' | 'given up';
  timer: NodeJS.Timeout | undefined;
}

/** One topic's queue, with a producer of its own: what fails on a topic touches no other. */
interface Lane {
  readonly topic: string;
  readonly waiting: Waiting[];
  sending: Promise<void> | undefined;
  producer: Promise<Producer> | undefined;
}

/** Of a key and the framing of a record, at most. */
const RECORD_BYTES = 1_024;

/**
 * Sends with an idempotent producer and `acks=all`. Of a topic one request is under way at a time; what comes meanwhile goes with the
 * next: the order holds, and many small messages cost few requests.
 */
export class KafkaSender {
  readonly #options: KafkaSenderOptions;
  readonly #lanes = new Map<string, Lane>();

  constructor(options: KafkaSenderOptions) {
    this.#options = options;
  }

  /** @throws CodedError `messaging/queue-full`, `messaging/unavailable`, `messaging/unknown-topic`, `messaging/forbidden`, `messaging/too-large` */
  async send(topic: string, message: Message): Promise<void> {
    let lane = this.#lanes.get(topic);
    if (lane === undefined) this.#lanes.set(topic, (lane = { topic, waiting: [], sending: undefined, producer: undefined }));
    const { waiting } = lane;
    const { maxQueued, publishTimeoutMs } = this.#options;
    if (waiting.length >= maxQueued) throw messagingError('messaging/queue-full', 'too many messages wait for the broker', { topic, maxQueued });
    const sent = new Promise<void>((resolve, reject) => {
      const entry: Waiting = { message, sizeBytes: (message.value?.length ?? 0) + RECORD_BYTES, resolve, reject, state: 'queued', timer: undefined };
      entry.timer = setTimeout(() => {
        const code = entry.state === 'queued' ? 'messaging/queue-full' : 'messaging/unavailable';
        entry.state = 'given up';
        reject(messagingError(code, 'the broker did not confirm the message in time', { topic, publishTimeoutMs }));
      }, publishTimeoutMs);
      waiting.push(entry);
    });
    lane.sending ??= this.#drain(lane);
    return sent;
  }

  /** Waits for what is under way; each message has its time. */
  async close(): Promise<void> {
    const lanes = [...this.#lanes.values()];
    await Promise.all(lanes.map(async ({ sending }) => sending));
    await Promise.all(lanes.map(disconnect));
  }

  async #drain(lane: Lane): Promise<void> {
    for (let batch = this.#take(lane.waiting); batch.length > 0; batch = this.#take(lane.waiting)) {
      try {
        const producer = await (lane.producer ??= this.#connect());
        await producer.send({ topic: lane.topic, acks: -1, messages: batch.map(({ message }) => message) });
        for (const { resolve } of batch) resolve();
      } catch (error) {
        // Nobody knows whether the broker has the batch, and this producer would give its sequence numbers to the next one: the broker
        // would take that for a repetition and drop it. A new producer has numbers of its own.
        void disconnect(lane);
        for (const { reject } of batch) reject(codedKafkaError(error));
      }
      for (const { timer } of batch) clearTimeout(timer);
    }
    lane.sending = undefined;
  }

  /** The head of the queue, as much as fits into a request; those that were given up are left out. */
  #take(waiting: Waiting[]): Waiting[] {
    const batch: Waiting[] = [];
    let sizeBytes = 0;
    for (let next = waiting[0]; next !== undefined; next = waiting[0]) {
      if (batch.length > 0 && sizeBytes + next.sizeBytes > this.#options.maxRequestBytes) break;
      waiting.shift();
      if (next.state === 'given up') continue;
      next.state = 'sent';
      sizeBytes += next.sizeBytes;
      batch.push(next);
    }
    return batch;
  }

  async #connect(): Promise<Producer> {
    const producer = this.#options.kafka.producer({
      idempotent: true, retry: RETRY, allowAutoTopicCreation: false, createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
    });
    await producer.connect();
    return producer;
  }
}

async function disconnect(lane: Lane): Promise<void> {
  const { producer } = lane;
  lane.producer = undefined;
  await saidGoodbye(producer?.then(async (connected) => connected.disconnect()));
}
