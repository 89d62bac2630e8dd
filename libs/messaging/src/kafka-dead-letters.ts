import { randomUUID } from 'node:crypto';
import type { Kafka, KafkaMessage } from 'kafkajs';
import { decodeDeadLetter } from './dead-letter.js';
import { messagingError } from './errors.js';
import { type KafkaAdmin, withinTime } from './kafka-client.js';
import type { KafkaSender } from './kafka-sender.js';
import type { DeadLetterBox, KeptDeadLetter, OutgoingMessage } from './port.js';
import { deadLetterTopic } from './topics.js';

export interface KafkaDeadLettersOptions {
  readonly kafka: Kafka;
  readonly admin: KafkaAdmin;
  readonly sender: KafkaSender;
  readonly publish: (message: OutgoingMessage) => Promise<void>;
  readonly timeoutMs: number;
}

/** A record without a value and with this header says that a letter was replayed: a log forgets nothing on request. */
const REPLAYED = 'replayed';

/** Dead letters of a topic, read from the beginning each time. Their ids are `<partition>-<offset>`. */
export class KafkaDeadLetters implements DeadLetterBox {
  readonly #options: KafkaDeadLettersOptions;

  constructor(options: KafkaDeadLettersOptions) {
    this.#options = options;
  }

  async list(topic: string, limit: number): Promise<readonly KeptDeadLetter[]> {
    const letters = new Map<string, KeptDeadLetter>();
    await this.#read(deadLetterTopic(topic), (partition, { offset, value, headers }) => {
      const replayed = headers?.[REPLAYED];
      if (replayed !== undefined) letters.delete(String(replayed));
      else if (value !== null) letters.set(`${partition}-${offset}`, { id: `${partition}-${offset}`, ...decodeDeadLetter(new Uint8Array(value)) });
    });
    return [...letters.values()].slice(0, limit);
  }

  async replay(topic: string, id: string): Promise<void> {
    const letter = (await this.list(topic, Number.MAX_SAFE_INTEGER)).find((each) => each.id === id);
    if (letter === undefined) throw messagingError('messaging/unknown-dead-letter', 'no such dead letter, or it was replayed', { topic, id });
    await this.#options.publish({ topic: letter.topic, key: letter.key, value: letter.value });
    await this.#options.sender.send(deadLetterTopic(topic), { key: letter.key, value: null, headers: { [REPLAYED]: id } });
  }

  /** Everything that the topic holds now. */
  async #read(topic: string, take: (partition: number, message: KafkaMessage) => void): Promise<void> {
    const { kafka, admin, timeoutMs } = this.#options;
    const offsets = await admin.use(async (connected) => connected.fetchTopicOffsets(topic));
    const left = new Map(offsets.filter(({ low, high }) => low !== high).map(({ partition, high }) => [partition, BigInt(high)]));
    if (left.size === 0) return;
    const groupId = `medveil-operator.${randomUUID()}`;
    const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: 100, allowAutoTopicCreation: false });
    try {
      await consumer.connect();
      await consumer.subscribe({ topics: [topic], fromBeginning: true });
      await withinTime(timeoutMs, new Promise<void>((resolve, reject) => {
        consumer.on('consumer.crash', ({ payload }) => reject(payload.error));
        void consumer.run({ autoCommit: false, eachBatch: async ({ batch: { partition, messages } }) => {
          for (const message of messages) {
            take(partition, message);
            if (BigInt(message.offset) + 1n >= (left.get(partition) ?? 0n)) left.delete(partition);
          }
          if (left.size === 0) resolve();
        } }).catch(reject);
      }));
    } finally {
      await consumer.disconnect().catch(() => undefined);
      await admin.use(async (connected) => connected.deleteGroups([groupId])).catch(() => undefined);
    }
  }
}
