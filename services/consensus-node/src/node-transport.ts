import type { RandomBytes } from '@medveil/encoding';
import type { Ledger, LedgerHead, ReplicaSet } from '@medveil/ledger';
import type { MessagePublisher } from '@medveil/messaging';
import { maxMessageBytes } from '@medveil/pbft';
import type { ServiceLog, ServiceMetrics } from '@medveil/service-kit';
import { busTransport } from './bus-transport.js';
import { DirectTransport } from './direct/direct-transport.js';
import type { Address } from './direct/outgoing-link.js';
import { measureTransport } from './metrics.js';
import type { ReplicaKeys } from './replica-keys.js';
import type { OpenTransport, ReplicaShell } from './replica-shell.js';
import type { ConsensusNodeSettings } from './settings.js';

export interface TransportParts {
  readonly settings: Pick<ConsensusNodeSettings, 'replica' | 'transport'>;
  readonly replicaKeys: Pick<ReplicaKeys, 'secretOf'>;
  readonly ledger: Ledger;
  readonly maxProposalBytes: number;
  readonly publisher: MessagePublisher;
  /** asked for once messages come */
  readonly shell: () => Pick<ReplicaShell, 'feedMessage' | 'room'>;
  readonly metrics: ServiceMetrics;
  readonly log: ServiceLog;
  readonly random: RandomBytes;
}

/** The transport that the settings name. @throws CodedError `consensus-node/cannot-listen` */
export async function openNodeTransport(parts: TransportParts): Promise<OpenTransport> {
  const { settings, replicaKeys, ledger, publisher, shell, metrics, log, random } = parts;
  const { transport } = settings;
  let direct: DirectTransport | undefined;
  const measured = measureTransport(metrics, () => direct?.counts());
  if (transport.kind === 'bus') return busTransport(settings.replica, publisher, log);
  direct = await DirectTransport.open({
    self: settings.replica,
    key: () => replicaKeys.secretOf(peersOf(ledger.head).find(({ id }) => id === settings.replica)?.publicKey ?? null),
    genesis: ledger.genesis,
    replicas: () => peersOf(ledger.head),
    listen: transport.listen,
    addresses: Object.fromEntries(Object.entries(transport.peers).map(([peer, address]) => [peer, addressOf(address)])),
    maxMessageBytes: maxMessageBytes(parts.maxProposalBytes),
    receive: (from, message) => {
      shell().feedMessage(from, message);
      return shell().room(from);
    },
    observer: {
      opened: (peer) => log.info('peer-connected', { sender: peer }),
      closed: (peer, code, wasOpen) => {
        measured.ended(code);
        if (wasOpen) log.warn('peer-disconnected', { sender: peer, code });
      },
      refused: (code) => {
        measured.refused(code);
        log.warn('peer-refused', { code });
      },
      dropped: (kind) => measured.dropped(kind),
    },
    random,
  });
  log.info('replica-listening', { url: `tls://${transport.listen.host}:${direct.port}` });
  return direct;
}

/** Who agrees on the next block, and who will from the one after on. */
function peersOf({ certifiers, nextSet }: LedgerHead): ReplicaSet {
  const known = new Set(certifiers.map(({ id }) => id));
  return [...certifiers, ...nextSet.filter(({ id }) => !known.has(id))];
}

/** @param text as the settings have it */
function addressOf(text: string): Address {
  const [host = '', port = ''] = text.split(':');
  return { host, port: Number(port) };
}
