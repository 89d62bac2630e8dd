import type { DynamicModule } from '@nestjs/common';
import { HttpClient, PkgClient } from '@medveil/client';
import { createIdempotencyStore, createJobs } from '@medveil/database';
import { createProver, type Prover } from '@medveil/eligibility';
import { fromBase64Url } from '@medveil/encoding';
import {
  type CircuitFolder, type Infrastructure, loadNetwork, measuredProver, nativeProgram, type Network, openVault, OPERATOR, partyTokens, readCircuitFolders,
  StorageSealer, type Stores, TrailStore,
} from '@medveil/host';
import type { ObjectStore } from '@medveil/object-store';
import { afgh06, loadEngine } from '@medveil/pre';
import { createLog, defineModule, Health, jobObserver, type RunningService, runService, ServiceMetrics } from '@medveil/service-kit';
import { Changes } from './changes.js';
import { CohortsController } from './cohorts/cohorts.controller.js';
import { Cohorts } from './cohorts/cohorts.js';
import type { ResearchContext } from './context.js';
import { Deliveries } from './deliveries/deliveries.js';
import { DeliveriesController } from './deliveries/deliveries.controller.js';
import { DeliveryStore } from './deliveries/delivery-store.js';
import { PUBLISH_EVIDENCE, publishEvidenceJob } from './deliveries/evidence.js';
import { receiveJob, receiveKind } from './deliveries/receive.js';
import { SealedObjects } from './deliveries/sealed-objects.js';
import { ERROR_STATUSES } from './errors.js';
import { ENROL, enrolmentJob } from './institutions/enrolment.js';
import { RENEW, renewalJob } from './institutions/certificates.js';
import { InstitutionSecrets } from './institutions/institution-keys.js';
import { TrailController } from './institutions/trail.controller.js';
import { InstitutionStore } from './institutions/institution-store.js';
import { Institutions } from './institutions/institutions.js';
import { InstitutionsController } from './institutions/institutions.controller.js';
import { ledgerEventHandler } from './ledger/ledger-events.js';
import { Credentials, LedgerLink } from './ledger/ledger-link.js';
import { RELEASE, releaseJob } from './requirements/release.js';
import { RequirementStore } from './requirements/requirement-store.js';
import { Requirements } from './requirements/requirements.js';
import { measureResearch } from './metrics.js';
import { RequirementsController } from './requirements/requirements.controller.js';
import type { ResearchApiSettings } from './settings.js';
import { SCHEMA } from './tables.js';
import { WebhooksController } from './webhooks/webhooks.controller.js';
import { Webhooks } from './webhooks/webhooks.js';

const NAME = 'research-api';
const VERSION = '0.1.0';
/** What this service keeps: `prepare` of its main file brings it up to date. */
export const STORES: Stores = { database: { schema: SCHEMA, migrations: new URL('../migrations/', import.meta.url) }, objects: true };

/** What this service needs of its host: it sends and takes no messages. */
export type ResearchInfrastructure = Pick<Infrastructure, 'clock' | 'random' | 'cache' | 'databases' | 'measureProcess' | 'openObjectStore'>;

/** Starts the agent: serves at once; enrols, releases, receives and checks in the background. */
export async function startResearchApi(settings: ResearchApiSettings, infrastructure: ResearchInfrastructure): Promise<RunningService> {
  const { clock, random, cache } = infrastructure;
  const log = createLog({ service: NAME, level: settings.logLevel, clock });
  const metrics = new ServiceMetrics({ service: NAME, process: infrastructure.measureProcess });
  const health = new Health();
  const network = await loadNetwork(settings.networkFile);
  const circuits = await readCircuitFolders(settings.circuitFolders, network, settings.mode);
  const database = await infrastructure.databases.open(STORES.database);
  const store = await infrastructure.openObjectStore(NAME);
  const jobs = createJobs({ database, clock, random, onAttempt: jobObserver(metrics, log) });
  const context = await openContext(settings, infrastructure, network, { database, jobs, log, metrics });
  const made = createProver(
    settings.prover, { threads: settings.proverWorkers, random }, settings.nativeProver === undefined ? undefined : nativeProgram(settings.nativeProver),
  );
  const prover = measuredProver(made, { workers: settings.proverWorkers, circuits: circuits.map(({ instance }) => instance.name), metrics, clock });
  const { link, module } = assemble(context, network, circuits, prover, store, await StorageSealer.open(context.vault, random));
  health.register('database', () => database.check());
  health.register('object-store', () => store.check());
  measureResearch(context);
  const service = await runService({
    name: NAME,
    version: VERSION,
    mode: settings.mode,
    module,
    http: settings.http,
    log,
    metrics,
    health,
    clock,
    random,
    tokens: partyTokens({ parties: { [OPERATOR]: { publicKey: fromBase64Url(settings.operatorPublicKey), scopes: null } }, audience: NAME, clock }),
    errors: ERROR_STATUSES,
    idempotency: createIdempotencyStore({ database, clock, random }),
    cache,
    resources: resourcesOf(context, link, prover, store),
  });
  await link.connect();
  context.jobs.start();
  return service;
}

async function openContext(
  settings: ResearchApiSettings,
  { clock, random }: ResearchInfrastructure,
  network: Network,
  parts: Pick<ResearchContext, 'database' | 'jobs' | 'log' | 'metrics'>,
): Promise<ResearchContext> {
  return {
    settings,
    chainId: network.chainId,
    caCertificate: fromBase64Url(network.caCertificate),
    ...parts,
    vault: await openVault(settings.vault, random),
    pre: afgh06(await loadEngine()),
    changes: new Changes(),
    clock,
    random,
  };
}

function assemble(
  context: ResearchContext,
  network: Network,
  circuits: readonly CircuitFolder[],
  prover: Prover,
  store: ObjectStore,
  sealer: StorageSealer,
): { link: LedgerLink; module: DynamicModule } {
  const { settings, database, jobs, vault, pre, clock, random, log, metrics } = context;
  const institutions = new InstitutionStore(database);
  const requirements = new RequirementStore(database);
  const deliveries = new DeliveryStore(database);
  const secrets = new InstitutionSecrets(vault, pre);
  const credentials = new Credentials(secrets, { clock, random });
  const sealed = new SealedObjects(store, sealer);
  const trail = new TrailStore(database, (tx, accounts) => institutions.byAccount(tx, accounts));
  const webhooks = new Webhooks(context, sealer);
  const link = new LedgerLink({
    genesis: fromBase64Url(network.genesis),
    contractUrl: settings.contractUrl,
    evidenceUrls: settings.evidenceUrls,
    database,
    institutions,
    credentials,
    handle: ledgerEventHandler({ context, institutions, requirements, deliveries, trail, webhooks }),
    clock,
    log,
    metrics,
  });
  const pkg = new PkgClient(new HttpClient({ baseUrl: settings.pkgUrl }));
  jobs.handle(ENROL, enrolmentJob({ context, store: institutions, secrets, pkg, link }));
  jobs.handle(RENEW, renewalJob({ context, store: institutions, secrets, credentials }));
  jobs.handle(RELEASE, releaseJob({ context, store: requirements, secrets, link, circuits, prover }));
  jobs.handle(receiveKind(settings), receiveJob({ context, institutions, requirements, deliveries, secrets, credentials, link, sealed }));
  jobs.handle(PUBLISH_EVIDENCE, publishEvidenceJob({ context, secrets, link, sealed }, deliveries));
  const applications = new Institutions(context, institutions, secrets, link);
  const module = defineModule('research-api-parts', {
    controllers: [InstitutionsController, RequirementsController, DeliveriesController, CohortsController, TrailController, WebhooksController],
    providers: [
      { provide: Institutions, useValue: applications },
      { provide: Requirements, useValue: new Requirements(context, requirements, applications, secrets, link, circuits) },
      { provide: Deliveries, useValue: new Deliveries(context, deliveries, sealed) },
      { provide: Cohorts, useValue: new Cohorts(context, { requirements, deliveries, sealed, trail }) },
      { provide: TrailStore, useValue: trail },
      { provide: Webhooks, useValue: webhooks },
    ],
  });
  return { link, module };
}

/** Closed in this order: first what works, then what it stands on. */
const resourcesOf = ({ jobs, database }: ResearchContext, link: LedgerLink, prover: Prover, store: ObjectStore) => [
  { name: 'follower', close: () => link.stop() },
  { name: 'jobs', close: () => jobs.stop() },
  { name: 'prover', close: () => prover.close() },
  { name: 'object-store', close: () => store.close() },
  { name: 'database', close: () => database.close() },
];
