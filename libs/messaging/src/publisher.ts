import type { CborValue } from '@medveil/encoding';
import type { MessageDefinition, SealedMessage } from './definition.js';
import type { PublishOptions } from './port.js';

/**
 * How a service sends. Either at once (`publish`), or together with a state change: `seal` and put the result into the
 * outbox within the transaction; the relay then calls `publishSealed(message, { until: 'durable' })`.
 */
export interface MessagePublisher {
  /** Seals and sends. @returns the message id. @throws as `MessageBus.publish`, and `messaging/bad-payload` */
  publish<T extends CborValue>(definition: MessageDefinition<T>, payload: T, options: SealOptions & PublishOptions): Promise<string>;
  /** Validates, signs and encodes, and sends nothing. @throws CodedError `messaging/bad-payload`, `messaging/too-large` */
  seal<T extends CborValue>(definition: MessageDefinition<T>, payload: T, options: SealOptions): Promise<SealedMessage>;
  publishSealed(message: SealedMessage, options?: PublishOptions): Promise<void>;
}

export interface SealOptions {
  /** What order holds for: the claim's id, the sender's name. */
  readonly key: string;
  /** 16 to 32 bytes that make the message id; derived from what the message says where sending twice must look the same; default random. */
  readonly idBytes?: Uint8Array;
}
