import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { DynamicModule, Provider } from '@nestjs/common';
import { createContract, stateKeys } from '@medveil/agreements';
import { ConsensusNodeClient, HttpClient } from '@medveil/client';
import { createIdempotencyStore, type Database } from '@medveil/database';
import { fromBase64Url } from '@medveil/encoding';
import { LedgerReader } from '@medveil/explorer';
import {
  anyOf, assertionMemory, assertionTrust, certificateEndMs, type Infrastructure, loadNetwork, loadVerifiers, measureCertificates, measureDisk, measureHeight,
  messageKeyOf, type Network, openVault, OPERATOR, partyTokens, partyTokenSource, senderDirectory, type Stores, TokenController, TokenService,
} from '@medveil/host';
import { type KeyVault, signingKeyFromSeed } from '@medveil/identity';
import { Ledger, loadGenesis, type Receipt } from '@medveil/ledger';
import { LevelStore } from '@medveil/ledger/level';
import { BLOCK_COMMITTED, cacheReplayGuard, createPublisher, DROP_REASONS, ed25519Signer, type MessageObserver, MessageReceiver } from '@medveil/messaging';
import { createLog, defineModule, Health, messageObserver, type RunningService, runService, type ServiceLog, ServiceMetrics, Shutdown } from '@medveil/service-kit';
import { BlocksController } from './blocks.controller.js';
import { Circuits } from './circuits.js';
import { DepositStore } from './deposit-store.js';
import { EarlyCheck } from './early-check.js';
import { ERROR_STATUSES } from './errors.js';
import { EvidenceController } from './evidence.controller.js';
import { EvidenceStore } from './evidence-store.js';
import { FollowerLedger } from './follower-ledger.js';
import { LedgerController } from './ledger.controller.js';
import { contractObserver, type ContractObserver, measureContract } from './metrics.js';
import { PolicyStore } from './policy-store.js';
import { ReadModel } from './read-model.js';
import { RequirementsController } from './requirements.controller.js';
import type { ContractSettings } from './settings.js';
import { Submissions } from './submissions.js';
import { Treasury } from './treasury.js';
import { VoucherDesk } from './voucher-desk.js';
import { TreasuryController } from './treasury.controller.js';

const NAME = 'contract';
const VERSION = '0.1.0';
const REPLAY_MEMORY_MS = 10 * 60_000;
/** What this service keeps: `prepare` of its main file brings it up to date. */
export const STORES: Stores = { database: { schema: NAME, migrations: new URL('../migrations/', import.meta.url) } };
/** How often a deposit that could not be minted at once is looked at again. */
const TREASURY_POLL_MS = 2_000;

/** Follows the ledger, takes transactions in, serves reads with proofs. */
export async function startContract(settings: ContractSettings, infrastructure: Infrastructure): Promise<RunningService> {
  const { clock, random, transport, cache } = infrastructure;
  const log = createLog({ service: NAME, level: settings.logLevel, clock });
  const metrics = new ServiceMetrics({ service: NAME, process: infrastructure.measureProcess });
  const health = new Health();
  const network = await loadNetwork(settings.networkFile);
  const vault = await openVault(settings.vault, random);
  const database = await infrastructure.databases.open(STORES.database);
  const messages = messageObserver(metrics, log, { topics: [BLOCK_COMMITTED.topic], dropReasons: DROP_REASONS });
  const parts = await assemble(settings, infrastructure, network, vault, database, { log, messages, observer: contractObserver(metrics) }).catch(async (error: unknown) => {
    await database.close();
    throw error;
  });
  health.register('database', () => database.check());
  health.register('ledger', async () => parts.follower.check());
  measureHeight(metrics, () => parts.ledger.head.header.height);
  measureContract(metrics, parts, clock);
  measureDisk(metrics, settings.dataFolder);
  const authorityEndMs = certificateEndMs(fromBase64Url(network.caCertificate));
  measureCertificates(metrics, () => ({ authority: authorityEndMs }));
  const receiver = new MessageReceiver({
    network: network.chainId,
    definitions: [BLOCK_COMMITTED],
    directory: senderDirectory(network),
    replay: cacheReplayGuard(cache, NAME, REPLAY_MEMORY_MS),
    observer: messages,
  });
  const treasuryPoll = parts.treasury === undefined ? undefined : setInterval(() => parts.treasury?.wake(), TREASURY_POLL_MS);
  const service = await runService({
    name: NAME,
    version: VERSION,
    mode: settings.mode,
    module: moduleOf(parts),
    http: settings.http,
    log,
    metrics,
    health,
    clock,
    random,
    tokens: anyOf(
      parts.tokens,
      partyTokens({
        parties: {
          [OPERATOR]: { publicKey: fromBase64Url(settings.operatorPublicKey), scopes: null },
          pkg: { publicKey: messageKeyOf(network, 'pkg'), scopes: ['ledger:read', 'transactions:submit'] },
          'proxy-cloud': { publicKey: messageKeyOf(network, 'proxy-cloud'), scopes: ['ledger:read', 'transactions:submit'] },
        },
        audience: NAME,
        clock,
      }),
    ),
    errors: ERROR_STATUSES,
    idempotency: createIdempotencyStore({ database, clock, random }),
    cache,
    consumers: [transport.server({ group: NAME, receiver, observer: messages })],
    resources: [
      { name: 'follower', close: () => parts.follower.stop() },
      { name: 'treasury', close: async () => { clearInterval(treasuryPoll); await parts.treasury?.idle(); } },
      { name: 'ledger', close: () => parts.ledger.store.close() },
      { name: 'database', close: () => database.close() },
    ],
  });
  // Who waits for a block is answered before the server waits for them.
  service.app.get(Shutdown).signal.addEventListener('abort', () => parts.follower.reader.stop(), { once: true });
  parts.follower.start();
  parts.treasury?.wake();
  return service;
}

async function assemble(
  settings: ContractSettings,
  { clock, random, transport }: Infrastructure,
  network: Network,
  vault: KeyVault,
  database: Database,
  { log, messages, observer }: { readonly log: ServiceLog; readonly messages: MessageObserver; readonly observer: ContractObserver },
) {
  const machine = createContract({ verifiers: await loadVerifiers(network, settings.mode) });
  await mkdir(settings.dataFolder, { recursive: true });
  const store = await LevelStore.open(join(settings.dataFolder, 'ledger'));
  const ledger = await Ledger.open({ genesis: loadGenesis(fromBase64Url(network.genesis)), store, stateMachine: machine });
  const messageSeed = await vault.get('message-key');
  const publisher = createPublisher({ client: transport.client(), network: network.chainId, signer: ed25519Signer(NAME, messageSeed), observer: messages, clock, random });
  const submissions = new Submissions(store, new EarlyCheck(ledger, machine, clock), publisher, clock, settings.maxPendingTransactions, (waitedMs) => observer.committed(waitedMs));
  const treasurySeed = await vault.find('treasury-key');
  const treasury = treasurySeed === null ? undefined : new Treasury(signingKeyFromSeed(treasurySeed), ledger, new DepositStore(database), new VoucherDesk(ledger, vault), submissions, clock, log);
  const evidence = new EvidenceStore(database, ledger, clock);
  await evidence.prune();
  const token = partyTokenSource(NAME, signingKeyFromSeed(messageSeed), { scopes: ['ledger:read'], audience: 'consensus-node' }, { clock, random });
  const follower = new FollowerLedger({
    ledger,
    nodes: settings.nodeUrls.map((baseUrl) => new ConsensusNodeClient(new HttpClient({ baseUrl, token, retries: 0, timeoutMs: 5_000, propagate: true }))),
    clock,
    log,
    gapPollMs: settings.gapPollMs,
    onApplied: (applied) => {
      submissions.committed(applied.transactionIds);
      observer.applied(applied.receipts);
      treasury?.afterBlock(applied);
      if (applied.receipts.some(endsDispute)) evidence.prune().catch((error: unknown) => log.error('evidence-not-pruned', error));
    },
  });
  const tokens = new TokenService({
    issuer: NAME,
    audience: NAME,
    chainId: network.chainId,
    key: signingKeyFromSeed(await vault.get('token-key')),
    trust: assertionTrust({
      network,
      audience: NAME,
      clock,
      firstUse: assertionMemory(database, clock),
      // The ledger knows revoked pseudonyms; what a member without a pin sends, it refuses by itself.
      revocation: { isTCertRevoked: ({ serial }) => ledger.view().has(stateKeys.revokedSerial(serial)), isECertRevoked: () => false },
    }),
    clock,
    random,
  });
  return { ledger, submissions, treasury, follower, tokens, model: new ReadModel(ledger), policies: new PolicyStore(database), evidence, circuits: new Circuits(ledger, network) };
}

const endsDispute = ({ events }: Receipt): boolean => events.some(({ type, data }) => type === 'ruled' || (type === 'settled' && data['how'] === 'unruled'));

type Parts = Awaited<ReturnType<typeof assemble>>;

function moduleOf(parts: Parts): DynamicModule {
  const providers: Provider[] = [
    { provide: LedgerReader, useValue: parts.follower.reader },
    { provide: FollowerLedger, useValue: parts.follower },
    { provide: Submissions, useValue: parts.submissions },
    { provide: ReadModel, useValue: parts.model },
    { provide: PolicyStore, useValue: parts.policies },
    { provide: EvidenceStore, useValue: parts.evidence },
    { provide: Circuits, useValue: parts.circuits },
    { provide: TokenService, useValue: parts.tokens },
  ];
  const controllers = [TokenController, LedgerController, RequirementsController, EvidenceController, BlocksController];
  if (parts.treasury === undefined) return defineModule('contract-parts', { controllers, providers });
  return defineModule('contract-parts', {
    controllers: [...controllers, TreasuryController],
    providers: [...providers, { provide: Treasury, useValue: parts.treasury }],
  });
}
