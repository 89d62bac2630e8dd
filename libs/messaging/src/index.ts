export { deadLetterTopic, isDeadLetterTopic, TOPICS, type Topic } from './topics.js';
export type * from './port.js';
export { defineMessage, isMessage, type MessageDefinition, type ReceivedMessage, type SealedMessage } from './definition.js';
export { ed25519Signer, staticDirectory, type KnownSender, type MessageSigner, type SenderDirectory } from './identity.js';
export type { MessagePublisher, SealOptions } from './publisher.js';
