import { CONSENSUS_MESSAGE, type MessagePublisher } from '@medveil/messaging';
import type { ServiceLog } from '@medveil/service-kit';
import type { OpenTransport } from './replica-shell.js';

/** Messages that wait to be handed to the bus; more are dropped, since the protocol repeats what matters. */
const MAX_WAITING = 10_000;
const MAX_WAITING_BYTES = 128 * 1024 * 1024;

/**
 * Replica to replica over the bus, keyed by sender: the bus keeps each sender's order. A message that cannot be
 * published is lost, as on any network.
 */
export function busTransport(self: string, publisher: MessagePublisher, log: ServiceLog): OpenTransport {
  let waiting = 0;
  let waitingBytes = 0;
  let tail: Promise<void> = Promise.resolve();
  return {
    send: (to, kind, bytes) => {
      if (waiting >= MAX_WAITING || waitingBytes + bytes.length > MAX_WAITING_BYTES) return;
      waiting += 1;
      waitingBytes += bytes.length;
      tail = tail
        .then(async () => {
          await publisher.publish(CONSENSUS_MESSAGE, { to: to === 'all' ? null : to, bytes }, { key: self });
        })
        .catch((error: unknown) => log.error('consensus-message-not-sent', error, { messageType: kind }))
        .finally(() => {
          waiting -= 1;
          waitingBytes -= bytes.length;
        });
    },
    close: () => tail,
    replicasChanged: () => undefined,
  };
}
