import { messagingError } from './errors.js';
import type { KafkaAdmin } from './kafka-client.js';
import { deadLetterTopic, isDeadLetterTopic } from './topics.js';

export interface KafkaTopicOptions {
  readonly partitions: number;
  readonly replicationFactor: number;
  readonly retentionHours: number;
  /** Dead letters wait for a person. */
  readonly deadLetterRetentionHours: number;
  readonly maxMessageBytes: number;
}

/** What a record adds to its value: key, headers, framing; and what a dead letter adds to the message in it. */
const OVERHEAD_BYTES = 64 * 1024;

/** Which topics there are. A missing one is an error at once: kafkajs would look for it for a quarter of a minute. */
export class KafkaTopics {
  readonly #admin: KafkaAdmin;
  readonly #options: KafkaTopicOptions;
  readonly #createsMissing: boolean;
  readonly #known = new Set<string>();

  constructor(admin: KafkaAdmin, options: KafkaTopicOptions, createsMissing: boolean) {
    this.#admin = admin;
    this.#options = options;
    this.#createsMissing = createsMissing;
  }

  /** @throws CodedError `messaging/unknown-topic`, `messaging/unavailable` */
  async require(topic: string): Promise<void> {
    if (this.#known.has(topic)) return;
    await this.#refresh();
    if (this.#known.has(topic)) return;
    if (!this.#createsMissing) throw messagingError('messaging/unknown-topic', 'no such topic', { topic });
    await this.create([topic]);
  }

  /** The broker says that it does not know the topic, or not any more. */
  forget(topic: string): void {
    this.#known.delete(topic);
  }

  /** Creates those that are missing, each with its dead-letter topic. */
  async create(topics: readonly string[]): Promise<void> {
    const all = [...new Set(topics.flatMap((topic) => (isDeadLetterTopic(topic) ? [topic] : [topic, deadLetterTopic(topic)])))];
    await this.#refresh();
    const missing = all.filter((topic) => !this.#known.has(topic));
    if (missing.length === 0) return;
    await this.#admin.use(async (admin) => admin.createTopics({ waitForLeaders: true, topics: missing.map((topic) => this.#definition(topic)) }));
    for (const topic of missing) this.#known.add(topic);
  }

  async #refresh(): Promise<void> {
    const topics = await this.#admin.use(async (admin) => admin.listTopics());
    this.#known.clear();
    for (const topic of topics) this.#known.add(topic);
  }

  #definition(topic: string) {
    const { partitions, replicationFactor, retentionHours, deadLetterRetentionHours, maxMessageBytes } = this.#options;
    const isForDeadLetters = isDeadLetterTopic(topic);
    const hours = isForDeadLetters ? deadLetterRetentionHours : retentionHours;
    return {
      topic,
      numPartitions: isForDeadLetters ? 1 : partitions,
      replicationFactor,
      configEntries: [
        { name: 'retention.ms', value: String(hours * 3_600_000) },
        { name: 'max.message.bytes', value: String(maxMessageBytes + (isForDeadLetters ? 2 : 1) * OVERHEAD_BYTES) },
        // With three replicas one may be away and no confirmed message is lost.
        { name: 'min.insync.replicas', value: String(replicationFactor > 2 ? 2 : 1) },
      ],
    };
  }
}
