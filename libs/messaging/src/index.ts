/**
 * How services speak by message: topics, signed envelopes, and a bus that promises what Kafka promises, with Nest's
 * transport over it.
 */
export { deadLetterTopic, isDeadLetterTopic, TOPICS, type Topic } from './topics.js';
export type * from './port.js';
export { DROP_REASONS } from './port.js';
export { defineMessage, isMessage, type MessageDefinition, type ReceivedMessage, type SealedMessage } from './definition.js';
export { UnprocessableMessageError } from './errors.js';
export { ed25519Signer, staticDirectory, type KnownSender, type MessageSigner, type SenderDirectory } from './identity.js';
export { createPublisher, type MessagePublisher, type PublisherOptions } from './publisher.js';
export { MessageSealer, type SealerOptions, type SealOptions } from './sealer.js';
export { MessageReceiver, type Opened, type ReceiverOptions } from './receiver.js';
export { cacheReplayGuard, type ReplayCache, type ReplayGuard } from './replay.js';
export { decodeDeadLetter, encodeDeadLetter } from './dead-letter.js';
export { InProcessBus, type BusFaults, type InProcessBusOptions } from './in-process-bus.js';
export { KafkaBus, type KafkaBusOptions } from './kafka-bus.js';
export { type KafkaSettings, kafkaSettings, openKafkaBus } from './kafka-settings.js';
export { BusServer, type BusServerOptions, MessageContext } from './bus-server.js';
export { BusClient, type OutgoingRecord } from './bus-client.js';
export { OnTopic } from './on-topic.js';
export { HandlerErrorFilter } from './nest-filter.js';
export { openTransport, type Transport, type TransportDependencies, type TransportSettings, transportSettings } from './transport.js';
export * from './messages.js';
