import { createJobs, createOutbox, createOutboxRelay } from '@medveil/database';
import { fromBase64Url } from '@medveil/encoding';
import {
  anyOf, assertionMemory, assertionTrust, certificateEndMs, committeesOf, type Infrastructure, loadNetwork, measureCertificates, type Network, openVault, OPERATOR,
  partyTokens, type Stores, TokenService,
} from '@medveil/host';
import { loadGenesis } from '@medveil/ledger';
import { createPublisher, ed25519Signer } from '@medveil/messaging';
import { afgh06, loadEngine } from '@medveil/pre';
import { createLog, defineModule, Health, jobObserver, measureJobs, measureOutbox, messageObserver, type RunningService, runService, type ServiceLog, ServiceMetrics } from '@medveil/service-kit';
import { Certificates } from './certificates.js';
import type { PkgContext } from './context.js';
import { connectContract } from './contract-ledger.js';
import { EnrolmentTokens } from './enrolment-tokens.js';
import { Enrolments } from './enrolments.js';
import { ERROR_STATUSES } from './errors.js';
import { keepHouse } from './housekeeping.js';
import { IdentityProviders } from './identity-providers.js';
import { Issuers } from './issuers.js';
import { loadKeys } from './keys.js';
import { LedgerJobs } from './ledger-jobs.js';
import type { LedgerConnection } from './ledger-port.js';
import { PublicParameters } from './parameters.js';
import { PartyController } from './party.controller.js';
import { PublicController } from './public.controller.js';
import { RevocationRegister } from './revocation-register.js';
import { Revocations } from './revocations.js';
import type { PkgSettings } from './settings.js';
import { SCHEMA } from './tables.js';
import { TCerts } from './t-certs.js';

const NAME = 'pkg';
const VERSION = '0.1.0';
/** What this service keeps: `prepare` of its main file brings it up to date. */
export const STORES: Stores = { database: { schema: SCHEMA, migrations: new URL('../migrations/', import.meta.url) } };

interface Resource {
  readonly name: string;
  close(): Promise<void>;
}

/** Where a part tells what happens in it. */
export interface Measured {
  readonly log: ServiceLog;
  readonly metrics: ServiceMetrics;
}

/** How the service reaches the ledger; `connectContract` unless a test brings another. */
export type ConnectLedger = (context: PkgContext, genesis: Uint8Array, measured: Measured) => Promise<LedgerConnection>;

/** The PKG: enrolment authority, issuer of pseudonyms, register of accredited issuers. */
export async function startPkg(settings: PkgSettings, infrastructure: Infrastructure, connectLedger: ConnectLedger = connectContract): Promise<RunningService> {
  const resources: Resource[] = [];
  try {
    return await start(settings, infrastructure, connectLedger, resources);
  } catch (error) {
    for (const resource of resources) await resource.close();
    throw error;
  }
}

/** @param resources what was opened, in the order of closing */
async function start(settings: PkgSettings, infrastructure: Infrastructure, connectLedger: ConnectLedger, resources: Resource[]): Promise<RunningService> {
  const { clock, random } = infrastructure;
  const log = createLog({ service: NAME, level: settings.logLevel, clock });
  const metrics = new ServiceMetrics({ service: NAME, process: infrastructure.measureProcess });
  const health = new Health();
  const network = await loadNetwork(settings.networkFile);
  const genesis = loadGenesis(fromBase64Url(network.genesis));
  const { context, relay } = await openContext(settings, infrastructure, network, resources, { log, metrics });
  const { database, jobs, outbox } = context;
  health.register('database', () => database.check());

  const register = new RevocationRegister(context);
  await register.open();
  const certificates = new Certificates(context, register);
  const tokens = new EnrolmentTokens(context);
  const enrolments = new Enrolments(context, tokens, certificates, register);
  const tCerts = new TCerts(context, certificates);
  const issuers = new Issuers(context, certificates);
  const revocations = new Revocations(context, register, issuers);
  const tokenService = openTokenService(context, network, register);

  const ledger = await connectLedger(context, genesis.bytes, { log, metrics });
  resources.splice(resources.length - 1, 0, { name: 'ledger', close: () => ledger.close() });
  new LedgerJobs(context, issuers, ledger, log).register();
  await keepHouse({ database, jobs, tokens, tCerts, clock });
  measureOutbox(metrics, outbox);
  measureJobs(metrics, jobs);
  const authorityEndMs = certificateEndMs(fromBase64Url(network.caCertificate));
  measureCertificates(metrics, () => ({ authority: authorityEndMs }));

  const service = await runService({
    name: NAME,
    version: VERSION,
    mode: settings.mode,
    module: defineModule(NAME, {
      controllers: [PublicController, PartyController],
      providers: [
        { provide: PublicParameters, useValue: new PublicParameters(network, genesis, settings) },
        { provide: TokenService, useValue: tokenService },
        { provide: RevocationRegister, useValue: register },
        { provide: EnrolmentTokens, useValue: tokens },
        { provide: Enrolments, useValue: enrolments },
        { provide: IdentityProviders, useValue: new IdentityProviders(context) },
        { provide: TCerts, useValue: tCerts },
        { provide: Issuers, useValue: issuers },
        { provide: Revocations, useValue: revocations },
      ],
    }),
    http: settings.http,
    log,
    metrics,
    health,
    clock,
    random,
    tokens: anyOf(
      partyTokens({ parties: { [OPERATOR]: { publicKey: fromBase64Url(settings.operatorPublicKey), scopes: null } }, audience: NAME, clock }),
      tokenService,
    ),
    errors: ERROR_STATUSES,
    cache: infrastructure.cache,
    resources: resources.splice(0),
  });
  relay.start();
  jobs.start();
  return service;
}

async function openContext(settings: PkgSettings, infrastructure: Infrastructure, network: Network, resources: Resource[], { log, metrics }: Measured) {
  const { clock, random } = infrastructure;
  const keys = await loadKeys(await openVault(settings.vault, random), network, loadGenesis(fromBase64Url(network.genesis)), { clock, random });
  const publisher = createPublisher({
    client: infrastructure.transport.client(), network: network.chainId, signer: ed25519Signer(NAME, keys.messageSeed), observer: messageObserver(metrics, log, { topics: [], dropReasons: [] }), clock, random,
  });
  const preKeys = afgh06(await loadEngine());
  const database = await infrastructure.databases.open(STORES.database);
  const relay = createOutboxRelay({ database, clock, random, publish: (message) => publisher.publishSealed(message, { until: 'durable' }) });
  const jobs = createJobs({
    database,
    clock,
    random,
    onAttempt: jobObserver(metrics, log),
  });
  resources.push({ name: 'jobs', close: () => jobs.stop() }, { name: 'outbox', close: () => relay.stop() }, { name: 'database', close: () => database.close() });
  const context: PkgContext = {
    settings, chainId: network.chainId, keys, epochs: network.epochs, committees: committeesOf(network), preKeys, database, jobs,
    outbox: createOutbox(database, clock), outboxChanged: () => relay.notify(), publisher, clock, random,
  };
  return { context, relay };
}

/** Access tokens for E-Certs. That an assertion is used once is remembered in the database, so a restart forgets nothing. */
function openTokenService({ chainId, keys, database, clock, random }: PkgContext, network: Network, register: RevocationRegister): TokenService {
  const trust = assertionTrust({ network, audience: NAME, clock, firstUse: assertionMemory(database, clock), revocation: register.check });
  return new TokenService({ issuer: NAME, audience: NAME, chainId, key: keys.tokenKey, trust, clock, random });
}
