import { inSpan, outgoingHeaders } from '@medveil/correlation';
import type { CborValue } from '@medveil/encoding';
import type { ClientProxy } from '@nestjs/microservices';
import { lastValueFrom } from 'rxjs';
import type { MessageDefinition, SealedMessage } from './definition.js';
import type { OutgoingRecord } from './bus-client.js';
import type { MessageObserver, PublishOptions } from './port.js';
import { MessageSealer, type SealerOptions, type SealOptions } from './sealer.js';

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

export interface PublisherOptions extends SealerOptions {
  readonly client: ClientProxy;
  readonly observer?: MessageObserver;
}

/** The publisher of one service: its own signature on whatever transport the configuration chose. */
export function createPublisher({ client, observer, ...sealing }: PublisherOptions): MessagePublisher {
  const sealer = new MessageSealer(sealing);
  const publishSealed = async (message: SealedMessage, options: PublishOptions = {}): Promise<void> => {
    await inSpan(`${message.topic} publish`, { role: 'producer', attributes: { 'messaging.destination.name': message.topic } }, async () => {
      const record: OutgoingRecord = { key: message.key, value: message.envelope, headers: outgoingHeaders(), ...options };
      await lastValueFrom(client.emit<undefined, OutgoingRecord>(message.topic, record), { defaultValue: undefined });
    });
    observer?.published?.(message.topic);
  };
  return {
    seal: async (definition, payload, options) => sealer.seal(definition, payload, options),
    publishSealed,
    publish: async (definition, payload, options) => {
      const message = await sealer.seal(definition, payload, options);
      await publishSealed(message, options.until === undefined ? {} : { until: options.until });
      return message.id;
    },
  };
}
