/**
 * The bus: moves serialised bytes between services and promises only what Kafka promises. Delivery is at least once; order
 * holds per topic and key, and nowhere else; each consumer group sees each message, its members share the work.
 */
export interface MessageBus {
  /**
   * Takes one message; waits while the topic is full (back-pressure).
   * @throws CodedError `messaging/too-large`; `messaging/queue-full` after the bus's publish timeout; `messaging/unavailable` where the
   *   broker did not confirm in that time (it may have the message); `messaging/unknown-topic`, `messaging/forbidden`, `messaging/closed`
   */
  publish(message: OutgoingMessage, options?: PublishOptions): Promise<void>;
  /** Joins `group` on `topics`. Messages reach `handler` from now on; another member of the group shares them. */
  subscribe(options: SubscribeOptions): Subscription;
  readonly deadLetterBox: DeadLetterBox;
  /** Resolves where the bus takes messages: a readiness check. */
  check(): Promise<void>;
  /** Stops deliveries, waits for running handlers, then refuses everything. Idempotent. */
  close(): Promise<void>;
}

export interface OutgoingMessage {
  readonly topic: string;
  /** Messages of one topic and key are handled in the order of their publishing. At most 256 characters. */
  readonly key: string;
  readonly value: Uint8Array;
  /** Outside the signed envelope, believed by nobody: what ties logs and traces together (@medveil/correlation). */
  readonly headers?: MessageHeaders;
}

/** A few short texts by name. */
export type MessageHeaders = Readonly<Record<string, string>>;

export interface PublishOptions {
  /**
   * When the promise resolves. `queued` (default): the bus has it. `durable`: it will not be lost if this process dies now:
   * on Kafka, for both, every in-sync replica has it (`acks=all`); on the in-process bus, which keeps nothing on disk, every group has handled it or given it to the
   * dead letters. The outbox relay waits for `durable`; a message handler must not (it could wait for itself).
   */
  readonly until?: 'queued' | 'durable';
}

export interface SubscribeOptions {
  readonly group: string;
  readonly topics: readonly string[];
  /**
   * Resolves when the message's effect is durable. Where it throws, the message is tried again after a backoff, its key
   * blocked meanwhile; after the last attempt, or at once for an `UnprocessableMessageError`, it goes to the dead letters.
   */
  readonly handler: (delivery: Delivery) => Promise<void>;
  /** Messages (of different keys) in the hands of this member at once; default 8. */
  readonly concurrency?: number;
  readonly observer?: DeliveryObserver;
}

/** What a bus tells of a subscription. Every method must return at once. */
export interface DeliveryObserver {
  /** The handler ended, and what becomes of the message. `delivery` is the object that the handler had. */
  handled?(delivery: Delivery, outcome: HandlingOutcome, durationMs: number): void;
  /** Dropped before any handler: nobody of this system could have sent it. */
  dropped?(topic: string, reason: DropReason): void;
  /** Messages of a topic that wait for this subscription: in this process, and at the broker as of the last fetch. */
  waiting?(topic: string, inHand: number, atBroker: number): void;
}

export type HandlingOutcome = 'ok' | 'retry' | 'dead-letter';

export interface Delivery extends OutgoingMessage {
  readonly group: string;
  /** 1 for the first attempt of this group */
  readonly attempt: number;
}

export interface Subscription {
  /** Takes no more messages and waits for the running handlers; what is left stays queued for the group. Idempotent. */
  close(): Promise<void>;
}

/** What a dead-letter topic carries, as canonical CBOR (`encodeDeadLetter`, `decodeDeadLetter`). */
export interface DeadLetter {
  readonly topic: string;
  readonly key: string;
  readonly value: Uint8Array;
  readonly group: string;
  readonly attempts: number;
  /** The code of the last error (`handler/failed` where it had none); never its message, which may quote data. */
  readonly reason: string;
  readonly failedAtMs: number;
}

export interface KeptDeadLetter extends DeadLetter {
  readonly id: string;
}

/** The dead letters of a bus, for an operator. */
export interface DeadLetterBox {
  /** Those of a topic that were not replayed, oldest first. */
  list(topic: string, limit: number): Promise<readonly KeptDeadLetter[]>;
  /**
   * Publishes the message again on its topic, where every group gets it: those that have handled it know it by its id. The letter is listed no
   * more; fails the message again, there is a new one.
   * @throws CodedError `messaging/unknown-dead-letter`, and as `MessageBus.publish`
   */
  replay(topic: string, id: string): Promise<void>;
}

/** What a service counts of its messages; `service-kit` turns it into metrics. Every method must return at once. */
export interface MessageObserver extends Pick<DeliveryObserver, 'dropped' | 'waiting'> {
  /** The bus has it. */
  published?(topic: string): void;
  /** A handler ended, of a message that was believed. */
  handled?(topic: string, type: string, outcome: HandlingOutcome, durationMs: number): void;
}

export type DropReason = (typeof DROP_REASONS)[number];
export const DROP_REASONS = [
  'malformed', 'too-large', 'unknown-type', 'unknown-version', 'wrong-topic', 'unknown-sender', 'not-allowed', 'bad-signature', 'bad-payload', 'replay',
] as const;

export type MessagingErrorCode =
  | 'messaging/bad-message'
  | 'messaging/bad-payload'
  | 'messaging/closed'
  | 'messaging/forbidden'
  | 'messaging/queue-full'
  | 'messaging/too-large'
  | 'messaging/unavailable'
  | 'messaging/unknown-dead-letter'
  | 'messaging/unknown-topic'
  | 'messaging/unprocessable';
