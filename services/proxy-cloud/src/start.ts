import { ContractClient, HttpClient, LedgerAccess, LedgerFollower } from '@medveil/client';
import { createIdempotencyStore, createJobs } from '@medveil/database';
import { fromBase64Url, toBase64Url } from '@medveil/encoding';
import {
  anyOf, assertionMemory, assertionTrust, certificateEndMs, type Infrastructure, LedgerCursor, loadNetwork, measureCertificates, measureFollower, openVault,
  OPERATOR, partyTokens, partyTokenSource, type Stores, TokenController, TokenService,
} from '@medveil/host';
import { accountId, hpkeKeyPairFromSeed, signingKeyFromSeed } from '@medveil/identity';
import { afgh06, loadEngine } from '@medveil/pre';
import { createLog, defineModule, Health, jobObserver, measureJobs, type RunningService, runService, ServiceMetrics } from '@medveil/service-kit';
import { Bodies } from './bodies.js';
import { BodiesController, GrantsController, ParametersController } from './controllers.js';
import { ERROR_STATUSES } from './errors.js';
import { Grants } from './grants.js';
import { blockHandler } from './ledger-events.js';
import { grantObserver } from './metrics.js';
import { ProxyIdentity } from './proxy-identity.js';
import type { ProxyCloudSettings } from './settings.js';
import { SCHEMA } from './tables.js';

const NAME = 'proxy-cloud';
const VERSION = '0.1.0';
/** What this service keeps: `prepare` of its main file brings it up to date. */
export const STORES: Stores = { database: { schema: SCHEMA, migrations: new URL('../migrations/', import.meta.url) }, objects: true };

/** Stores ciphertext and re-encrypts for accepted claims; follows the ledger by proofs. */
export async function startProxyCloud(settings: ProxyCloudSettings, infrastructure: Infrastructure): Promise<RunningService> {
  const { clock, random, cache } = infrastructure;
  const log = createLog({ service: NAME, level: settings.logLevel, clock });
  const metrics = new ServiceMetrics({ service: NAME, process: infrastructure.measureProcess });
  const health = new Health();
  const network = await loadNetwork(settings.networkFile);
  const vault = await openVault(settings.vault, random);
  const database = await infrastructure.databases.open(STORES.database);
  const store = await infrastructure.openObjectStore(NAME);
  const account = signingKeyFromSeed(await vault.get('account-key'));
  const hpke = await hpkeKeyPairFromSeed(await vault.get('hpke-seed'));
  const jobs = createJobs({ database, clock, random, concurrency: settings.concurrency, onAttempt: jobObserver(metrics, log) });
  const bodies = new Bodies(store, database, clock, settings);
  const contract = new ContractClient(new HttpClient({
    baseUrl: settings.contractUrl,
    propagate: true,
    token: partyTokenSource(NAME, signingKeyFromSeed(await vault.get('message-key')), { scopes: ['ledger:read', 'transactions:submit'], audience: 'contract' }, { clock, random }),
  }));
  const measured = measureFollower(metrics, () => follower);
  const follower: LedgerFollower = new LedgerFollower({
    genesis: fromBase64Url(network.genesis),
    contract,
    cursor: new LedgerCursor(database),
    handle: blockHandler(() => ledger, bodies, () => grants),
    onError: (error) => {
      measured.failed(error);
      log.error('ledger-not-followed', error, { height: follower.height });
    },
  });
  const ledger = new LedgerAccess(follower, contract, clock);
  const grants: Grants = new Grants({
    database, jobs, ledger, chainId: network.chainId, pre: afgh06(await loadEngine()), hpke, author: { account }, observer: grantObserver(metrics, log), clock, random,
  });
  const tokens = new TokenService({
    issuer: NAME,
    audience: NAME,
    chainId: network.chainId,
    key: signingKeyFromSeed(await vault.get('token-key')),
    // A revoked pseudonym gets nothing by a token: its claims are not on the ledger, and only those move anything here.
    trust: assertionTrust({ network, audience: NAME, clock, firstUse: assertionMemory(database, clock), revocation: { isECertRevoked: () => false, isTCertRevoked: () => false } }),
    clock,
    random,
  });
  health.register('database', () => database.check());
  health.register('object-store', () => store.check());
  measureJobs(metrics, jobs);
  const authorityEndMs = certificateEndMs(fromBase64Url(network.caCertificate));
  measureCertificates(metrics, () => ({ authority: authorityEndMs }));
  const identity = new ProxyIdentity({ account: accountId(account.publicKey), hpkePublicKey: toBase64Url(hpke.publicKey), maxBodyBytes: settings.maxBodyBytes });
  const service = await runService({
    name: NAME,
    version: VERSION,
    mode: settings.mode,
    module: defineModule('proxy-cloud-parts', {
      controllers: [TokenController, ParametersController, BodiesController, GrantsController],
      providers: [
        { provide: TokenService, useValue: tokens },
        { provide: ProxyIdentity, useValue: identity },
        { provide: Bodies, useValue: bodies },
        { provide: Grants, useValue: grants },
      ],
    }),
    http: settings.http,
    log,
    metrics,
    health,
    clock,
    random,
    tokens: anyOf(tokens, partyTokens({ parties: { [OPERATOR]: { publicKey: fromBase64Url(settings.operatorPublicKey), scopes: null } }, audience: NAME, clock })),
    errors: ERROR_STATUSES,
    idempotency: createIdempotencyStore({ database, clock, random }),
    cache,
    resources: [
      { name: 'jobs', close: () => jobs.stop() },
      { name: 'follower', close: () => follower.stop() },
      { name: 'object-store', close: () => store.close() },
      { name: 'database', close: () => database.close() },
    ],
  });
  await follower.start();
  jobs.start();
  return service;
}
