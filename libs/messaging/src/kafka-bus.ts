import type { Clock } from '@medveil/encoding';
import type { Kafka } from 'kafkajs';
import { accessOf } from './kafka-access.js';
import { assertSendable, messagingError } from './errors.js';
import { HandlerSlots } from './handler-slots.js';
import { KafkaAdmin, kafkaClient, type KafkaConnectionOptions } from './kafka-client.js';
import { KafkaDeadLetters } from './kafka-dead-letters.js';
import { KafkaMember } from './kafka-member.js';
import { KafkaSender } from './kafka-sender.js';
import { type KafkaTopicOptions, KafkaTopics } from './kafka-topics.js';
import type { DeadLetterBox, MessageBus, OutgoingMessage, PublishOptions, SubscribeOptions, Subscription } from './port.js';

export interface KafkaBusOptions extends KafkaConnectionOptions {
  readonly clock: Clock;
  readonly topics: KafkaTopicOptions;
  /** Creates topics on first use: for development. Otherwise the operator does, and a missing one is an error. */
  readonly createMissingTopics: boolean;
  /**
   * Topics that only the present matters of (the consensus protocol has its own memory): their consumers join under a group id of this
   * process's own, from the next message on. Rejoining under the old id after a crash would wait for the old session to end.
   */
  readonly presentTopics: readonly string[];
  /** Makes those group ids: unique for each process. */
  readonly bootId: string;
  readonly maxMessageBytes: number;
  /** Messages waiting for the broker, of one topic. */
  readonly maxQueued: number;
  readonly publishTimeoutMs: number;
  readonly maxAttempts: number;
  readonly backoffMs: { readonly first: number; readonly longest: number };
  readonly sessionTimeoutMs: number;
  readonly pollMs: number;
  /** Messages, and bytes, that a member reads ahead of one partition. */
  readonly maxReadAhead: number;
  readonly maxReadAheadBytes: number;
  /** Of the readiness check and of administration. */
  readonly checkTimeoutMs: number;
}

const DEFAULT_CONCURRENCY = 8;

/** The bus on Apache Kafka. */
export class KafkaBus implements MessageBus {
  readonly #options: KafkaBusOptions;
  readonly #kafka: Kafka;
  readonly #admin: KafkaAdmin;
  readonly #topics: KafkaTopics;
  readonly #sender: KafkaSender;
  readonly #members = new Set<KafkaMember>();
  readonly deadLetterBox: DeadLetterBox;
  #closed: Promise<void> | undefined;

  constructor(options: KafkaBusOptions) {
    this.#options = options;
    this.#kafka = kafkaClient(options);
    this.#admin = new KafkaAdmin(this.#kafka, options.checkTimeoutMs);
    this.#topics = new KafkaTopics(this.#admin, options.topics, options.createMissingTopics);
    const sender = new KafkaSender({ kafka: this.#kafka, maxQueued: options.maxQueued, publishTimeoutMs: options.publishTimeoutMs, maxRequestBytes: options.maxMessageBytes });
    this.#sender = sender;
    this.deadLetterBox = new KafkaDeadLetters({ kafka: this.#kafka, admin: this.#admin, sender, publish: async (message) => this.publish(message), timeoutMs: options.publishTimeoutMs });
  }

  /** Creates the topics that are missing, and their dead-letter topics: the operator's task. */
  async createTopics(topics: readonly string[]): Promise<void> {
    this.#assertOpen();
    await this.#topics.create(topics);
  }

  /** Lets each service do with messages what it must, and nothing else: the operator's task, as a user who may administer the cluster. */
  async grantAccess(services: readonly string[]): Promise<void> {
    this.#assertOpen();
    const acl = services.flatMap(accessOf);
    await this.#admin.use(async (admin) => admin.createAcls({ acl }));
  }

  async publish(message: OutgoingMessage, _options: PublishOptions = {}): Promise<void> {
    this.#assertOpen();
    assertSendable(message, this.#options.maxMessageBytes);
    await this.#send(message);
  }

  subscribe(options: SubscribeOptions): Subscription {
    this.#assertOpen();
    const slots = new HandlerSlots(options.concurrency ?? DEFAULT_CONCURRENCY);
    const members = options.topics.map((topic) => this.#join(topic, options, slots));
    return {
      close: async () => {
        await Promise.all(members.map(async (member) => member.close()));
        for (const member of members) this.#members.delete(member);
      },
    };
  }

  /** @throws CodedError `messaging/unavailable` also where a subscription has not joined its group (yet) */
  async check(): Promise<void> {
    this.#assertOpen();
    await this.#admin.use(async (admin) => admin.describeCluster());
    const waiting = [...this.#members].filter((member) => !member.isJoined).length;
    if (waiting > 0) throw messagingError('messaging/unavailable', 'a consumer has not joined its group', { consumers: waiting });
  }

  async close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    await Promise.all([...this.#members].map(async (member) => member.close()));
    this.#members.clear();
    await this.#sender.close();
    await this.#admin.close();
  }

  /** A consumer group for each topic: the members of a group must all have the same topics, and subscriptions of one group may differ. */
  #join(topic: string, { group, handler, observer }: SubscribeOptions, slots: HandlerSlots): KafkaMember {
    const { clock, maxAttempts, backoffMs, sessionTimeoutMs, pollMs, maxReadAhead, maxReadAheadBytes, presentTopics, bootId } = this.#options;
    const isOfThePresent = presentTopics.includes(topic);
    const member = new KafkaMember({
      kafka: this.#kafka, topic, group, handler, slots, clock, sessionTimeoutMs, pollMs,
      groupId: isOfThePresent ? `${group}.${topic}.${bootId}` : `${group}.${topic}`,
      fromBeginning: !isOfThePresent,
      attempts: { clock, maxAttempts, backoffMs },
      observer: observer ?? {},
      maxQueued: maxReadAhead,
      maxQueuedBytes: maxReadAheadBytes,
      requireTopic: async (name) => this.#topics.require(name),
      send: async (message) => this.#send(message),
    });
    this.#members.add(member);
    return member;
  }

  async #send({ topic, key, value, headers }: OutgoingMessage): Promise<void> {
    // A copy: nobody can change a message that is under way.
    const copy = Buffer.from(value);
    await this.#topics.require(topic);
    try {
      await this.#sender.send(topic, { key, value: copy, ...(headers === undefined ? {} : { headers }) });
    } catch (error) {
      if (error instanceof Error && Reflect.get(error, 'code') === 'messaging/unknown-topic') this.#topics.forget(topic);
      throw error;
    }
  }

  #assertOpen(): void {
    if (this.#closed !== undefined) throw messagingError('messaging/closed', 'the bus is closed');
  }
}
