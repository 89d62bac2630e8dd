import { CONSENSUS_MESSAGE, type MessagePublisher, type SealedMessage } from '@medveil/messaging';
import type { MessageType } from '@medveil/pbft';
import type { ServiceLog } from '@medveil/service-kit';
import type { OpenTransport } from './replica-shell.js';

/** Messages that wait to be handed to the bus, or for its word; more are dropped, since the protocol repeats what matters. */
const MAX_WAITING = 10_000;
const MAX_WAITING_BYTES = 128 * 1024 * 1024;

/**
 * Replica to replica over the bus, keyed by sender: the bus keeps each sender's order. They are signed one after the other, and none
 * waits for the bus's word on the one before, so that what a replica says at once goes with one request. A message that cannot be
 * published is lost, as on any network.
 */
export function busTransport(self: string, publisher: MessagePublisher, log: ServiceLog): OpenTransport {
  let waiting = 0;
  let waitingBytes = 0;
  let signing: Promise<unknown> = Promise.resolve();
  const underWay = new Set<Promise<void>>();

  const follow = (published: Promise<void>, kind: MessageType, size: number): void => {
    const ended = published
      .catch((error: unknown) => log.error('consensus-message-not-sent', error, { messageType: kind }))
      .finally(() => {
        waiting -= 1;
        waitingBytes -= size;
        underWay.delete(ended);
      });
    underWay.add(ended);
  };

  return {
    send: (to, kind, bytes) => {
      if (waiting >= MAX_WAITING || waitingBytes + bytes.length > MAX_WAITING_BYTES) return;
      waiting += 1;
      waitingBytes += bytes.length;
      const sealed: Promise<SealedMessage> = signing.then(async () => publisher.seal(CONSENSUS_MESSAGE, { to: to === 'all' ? null : to, bytes }, { key: self }));
      signing = sealed.catch(() => undefined);
      follow(sealed.then(async (message) => publisher.publishSealed(message)), kind, bytes.length);
    },
    close: async () => { await Promise.all(underWay); },
    replicasChanged: () => undefined,
  };
}
