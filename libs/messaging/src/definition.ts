import type { CborValue } from '@medveil/encoding';
import type { z } from 'zod';

/**
 * One kind of message: the one place that says what it is called, where it travels and what it holds. The schema
 * validates what is sent and what is received; its output must be encodable as canonical CBOR.
 */
export interface MessageDefinition<T extends CborValue = CborValue> {
  /** For example `claim-accepted`; unique in the system. */
  readonly type: string;
  /** Raised whenever the payload changes in a way that an older reader would misunderstand. */
  readonly version: number;
  readonly topic: string;
  readonly schema: z.ZodType<T>;
}

export const defineMessage = <T extends CborValue>(definition: MessageDefinition<T>): MessageDefinition<T> => Object.freeze(definition);

/** What a receiver hands to a handler, after signature, sender and payload were checked. */
export interface ReceivedMessage<T extends CborValue = CborValue> {
  readonly id: string;
  readonly type: string;
  readonly version: number;
  readonly topic: string;
  readonly sender: string;
  readonly sentAtMs: number;
  readonly payload: T;
}

/** A signed message, ready to travel or to wait in an outbox. */
export interface SealedMessage {
  readonly id: string;
  readonly topic: string;
  readonly key: string;
  /** The envelope's canonical bytes. */
  readonly envelope: Uint8Array;
}

/** Narrows a received message (of a topic with several types) to one definition. */
export const isMessage = <T extends CborValue>(
  message: ReceivedMessage,
  definition: MessageDefinition<T>,
): message is ReceivedMessage<T> => message.type === definition.type && message.version === definition.version;
