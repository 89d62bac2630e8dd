import { fromBase64Url } from '@medveil/encoding';
import { ConsensusNodeClient, HttpClient } from '@medveil/client';
import {
  certificateEndMs, type Infrastructure, loadNetwork, loadVerifiers, measureCertificates, measureDisk, messageKeyOf, type Network, OPERATOR, openVault, partyTokens, partyTokenSource, senderDirectory, type ShareHolder,
} from '@medveil/host';
import { hpkeKeyPairFromSeed, type KeyVault, signingKeyFromSeed } from '@medveil/identity';
import { loadGenesis } from '@medveil/ledger';
import { cacheReplayGuard, createPublisher, DROP_REASONS, ed25519Signer, MessageReceiver, TRANSACTION_SUBMITTED } from '@medveil/messaging';
import { createLog, defineModule, Health, messageObserver, type RunningService, runService, ServiceMetrics, Shutdown } from '@medveil/service-kit';
import { ERROR_STATUSES } from './errors.js';
import { ExplorerController } from './explorer.controller.js';
import { MessagesController, UNDERSTOOD } from './messages.controller.js';
import { measureNode } from './metrics.js';
import { ConsensusNode } from './node.js';
import { OpeningsController, OpeningShares } from './openings.controller.js';
import { OperatorController } from './operator.controller.js';
import { ReplicaKeys } from './replica-keys.js';
import type { ConsensusNodeSettings } from './settings.js';
import { SnapshotsController } from './snapshots.controller.js';
import { snapshotPeer } from './state-transfer.js';
import { TransactionsController } from './transactions.controller.js';

const VERSION = '0.1.0';
/** How long a message's id is remembered; transactions and protocol messages are idempotent anyway. */
const REPLAY_MEMORY_MS = 10 * 60_000;

/** In the vault, beside the key that the replica votes with: this replica has taken part. */
const STARTED = 'replica-started';

/** Opens the ledger, joins the protocol, serves the explorer. */
export async function startConsensusNode(settings: ConsensusNodeSettings, infrastructure: Infrastructure): Promise<RunningService> {
  const { clock, random, transport, cache } = infrastructure;
  const name = settings.replica;
  const log = createLog({ service: name, level: settings.logLevel, clock });
  const metrics = new ServiceMetrics({ service: name, process: infrastructure.measureProcess });
  const health = new Health();
  const network = await loadNetwork(settings.networkFile);
  const vault = await openVault(settings.vault, random);
  const messages = messageObserver(metrics, log, {
    topics: [...new Set([TRANSACTION_SUBMITTED, ...UNDERSTOOD].map(({ topic }) => topic))], dropReasons: DROP_REASONS,
  });
  const publisher = createPublisher({
    client: transport.client(),
    observer: messages,
    network: network.chainId,
    signer: ed25519Signer(name, await vault.get('message-key')),
    clock,
    random,
  });
  const tokens = partyTokens({
    parties: {
      [OPERATOR]: { publicKey: fromBase64Url(settings.operatorPublicKey), scopes: null },
      contract: { publicKey: messageKeyOf(network, 'contract'), scopes: ['ledger:read', 'transactions:submit'] },
      ...replicaParties(network),
    },
    audience: 'consensus-node',
    clock,
  });
  const token = partyTokenSource(name, signingKeyFromSeed(await vault.get('message-key')), { scopes: ['ledger:read'], audience: 'consensus-node' }, { clock, random });
  const node = await ConsensusNode.open({
    settings,
    genesis: loadGenesis(fromBase64Url(network.genesis)),
    verifiers: await loadVerifiers(network, settings.mode),
    replicaKeys: await ReplicaKeys.open(vault, random),
    operator: signingKeyFromSeed(await vault.get('operator-key')),
    snapshotPeers: Object.entries(settings.snapshots.peers).map(([peer, baseUrl]) => snapshotPeer(peer, new ConsensusNodeClient(new HttpClient({ baseUrl, token, propagate: true })))),
    publisher,
    started: {
      isSet: async () => (await vault.find(STARTED)) !== null,
      set: async () => {
        if ((await vault.find(STARTED)) === null) await vault.put(STARTED, Uint8Array.of(1));
      },
    },
    clock,
    random,
    metrics,
    log,
  });
  measureNode(metrics, node, clock);
  measureDisk(metrics, settings.dataFolder);
  const authorityEndMs = certificateEndMs(fromBase64Url(network.caCertificate));
  measureCertificates(metrics, () => ({ authority: authorityEndMs }));
  health.register('replica', async () => node.check());
  const receiver = new MessageReceiver({
    network: network.chainId,
    definitions: [TRANSACTION_SUBMITTED, ...UNDERSTOOD],
    directory: senderDirectory(network),
    replay: cacheReplayGuard(cache, name, REPLAY_MEMORY_MS),
    observer: messages,
  });
  const module = defineModule('consensus-node-parts', {
    controllers: [ExplorerController, TransactionsController, OperatorController, SnapshotsController, MessagesController, OpeningsController],
    providers: [{ provide: ConsensusNode, useValue: node }, { provide: OpeningShares, useValue: new OpeningShares(network, await holderOf(vault, name), random) }],
  });
  const service = await runService({
    name,
    version: VERSION,
    mode: settings.mode,
    module,
    http: settings.http,
    log,
    metrics,
    health,
    clock,
    random,
    tokens,
    errors: ERROR_STATUSES,
    cache,
    consumers: [transport.server({ group: name, receiver, observer: messages })],
    resources: [{ name: 'replica', close: () => node.close() }],
  });
  // Who waits for a block is answered before the server waits for them.
  service.app.get(Shutdown).signal.addEventListener('abort', () => node.reader.stop(), { once: true });
  node.start();
  return service;
}

/** Of pseudonyms. A replica that joined after the T-Certs of an epoch were made may have none. */
async function holderOf(vault: KeyVault, id: string): Promise<ShareHolder | null> {
  const seed = await vault.find('hpke-seed');
  return seed === null ? null : { committee: 'replicas', id, hpke: await hpkeKeyPairFromSeed(seed) };
}

/** The other nodes may read: blocks, proofs, snapshots. */
const replicaParties = (network: Network) =>
  Object.fromEntries(
    Object.keys(network.messageKeys)
      .filter((sender) => /^replica-\d+$/.test(sender))
      .map((sender) => [sender, { publicKey: messageKeyOf(network, sender), scopes: ['ledger:read'] }]),
  );
