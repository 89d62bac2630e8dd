import type { Queries, TransactionQueries } from './port.js';

/** A sealed message on its way out; `@medveil/messaging`'s `SealedMessage` fits. */
export interface OutboxMessage {
  /** Unique: adding the same id twice keeps the first. */
  readonly id: string;
  readonly topic: string;
  readonly key: string;
  readonly envelope: Uint8Array;
}

/** Messages that leave if, and only if, the transaction that made them commits. */
export interface Outbox {
  /** @throws CodedError `outbox/message-too-large` */
  add(tx: TransactionQueries, message: OutboxMessage): Promise<void>;
  /** Messages waiting and dead, for metrics and readiness. */
  counts(): Promise<{ waiting: number; dead: number }>;
}

/** Publishes the outbox in the order of insertion, at least once, one relay at a time per schema. */
export interface OutboxRelay {
  start(): void;
  /** Looks now, not at the next poll; call it after a transaction that added messages. */
  notify(): void;
  /** Publishes what is waiting now and returns how many left; for tests and for draining at shutdown. */
  drain(): Promise<number>;
  /** Ends after the message in hand. Idempotent. */
  stop(): Promise<void>;
}

export interface OutboxRelayOptions {
  /** Resolves when the broker has the message for good. */
  readonly publish: (message: OutboxMessage) => Promise<void>;
  /** Errors for which trying again is pointless: the message is kept as dead and the next one goes. Default: none. */
  readonly isPermanent?: (error: unknown) => boolean;
  /** Messages read at once; default 64. */
  readonly batchSize?: number;
  /** Default 1000 ms. */
  readonly pollMs?: number;
  /** First and longest wait after a failed publish; default 100 and 10,000 ms, doubling. */
  readonly backoffMs?: { readonly first: number; readonly longest: number };
}

/** Message ids that were processed: the truth that makes at-least-once delivery harmless. */
export interface Inbox {
  /**
   * Runs `effect` and remembers `messageId` for `consumer` in one transaction.
   * @returns `duplicate` without running `effect` where it was processed before
   */
  processOnce(
    message: { readonly consumer: string; readonly messageId: string },
    effect: (tx: TransactionQueries) => Promise<void>,
  ): Promise<'processed' | 'duplicate'>;
  /** The same inside a transaction of the caller's: true for the first time. */
  markOnce(tx: TransactionQueries, message: { readonly consumer: string; readonly messageId: string }): Promise<boolean>;
  has(message: { readonly consumer: string; readonly messageId: string }, queries?: Queries): Promise<boolean>;
  /** Forgets messages processed before `beforeMs`, of one consumer or of all. @returns how many */
  prune(beforeMs: number, consumer?: string): Promise<number>;
}
