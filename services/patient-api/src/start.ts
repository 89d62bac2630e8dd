import { createIdempotencyStore } from '@medveil/database';
import { fromBase64Url } from '@medveil/encoding';
import { type Infrastructure, loadNetwork, OPERATOR, openVault, partyTokens, StorageSealer, type Stores, TrailStore } from '@medveil/host';
import { afgh06, loadEngine } from '@medveil/pre';
import { createLog, defineModule, Health, type RunningService, runService, ServiceMetrics } from '@medveil/service-kit';
import type { AgentContext } from './agent.js';
import { type Agent, assemble } from './assemble.js';
import { ConsentDecisions } from './consent/decisions.js';
import { ConsentRules } from './consent/rules.js';
import { StandingConsent } from './consent/standing-consent.js';
import { Withdrawals } from './consent/withdrawal.js';
import { ERROR_STATUSES } from './errors.js';
import { ExchangeStarter } from './exchanges/begin.js';
import { Changes } from './exchanges/changes.js';
import { ExchangeStore } from './exchanges/exchange-store.js';
import { ExchangeRunner } from './exchanges/runner.js';
import { ConsentController } from './http/consent.controller.js';
import { ExchangesController } from './http/exchanges.controller.js';
import { FundsController } from './http/funds.controller.js';
import { PatientsController } from './http/patients.controller.js';
import { PopulationController } from './http/population.controller.js';
import { RestorationsController } from './http/restorations.controller.js';
import { TrailController } from './http/trail.controller.js';
import { LedgerView } from './ledger/ledger-view.js';
import { Requirements } from './ledger/requirements.js';
import { Matcher } from './matching/matcher.js';
import { measureAgent } from './metrics.js';
import { Keyring } from './parties/keyring.js';
import { Patients } from './parties/patients.js';
import { Pseudonyms } from './parties/pseudonyms.js';
import { Restorations } from './parties/restore.js';
import { BulkImporter } from './records/bulk-import.js';
import { Importer } from './records/import.js';
import { Population } from './records/population.js';
import { loadRuleSet } from './records/rule-set.js';
import { Screening } from './records/searchable.js';
import type { PatientApiSettings } from './settings.js';
import { SCHEMA } from './tables.js';
import { FundsView } from './vouchers/funds.js';
import { Payouts } from './vouchers/payouts.js';

const NAME = 'patient-api';
const VERSION = '0.1.0';
/** What this service keeps: `prepare` of its main file brings it up to date. */
export const STORES: Stores = { database: { schema: SCHEMA, migrations: new URL('../migrations/', import.meta.url) }, objects: true };

/** What the agent needs of its process: it takes no part in the consortium's messages. */
export type PatientApiInfrastructure = Pick<Infrastructure, 'clock' | 'random' | 'cache' | 'databases' | 'measureProcess' | 'openObjectStore'>;

/** Starts the agent: serves at once; enrols the hospital, has it accredited and follows the ledger in the background. */
export async function startPatientApi(settings: PatientApiSettings, infrastructure: PatientApiInfrastructure): Promise<RunningService> {
  const { clock, random, cache } = infrastructure;
  const log = createLog({ service: NAME, level: settings.logLevel, clock });
  const metrics = new ServiceMetrics({ service: NAME, process: infrastructure.measureProcess });
  const health = new Health();
  const network = await loadNetwork(settings.networkFile);
  const ruleSet = await loadRuleSet(settings);
  const vault = await openVault(settings.vault, random);
  const sealer = await StorageSealer.open(vault, random);
  const pre = afgh06(await loadEngine());
  const database = await infrastructure.databases.open(STORES.database);
  const objects = await infrastructure.openObjectStore(NAME);
  const context: AgentContext = { settings, network, chainId: network.chainId, ruleSet, database, vault, sealer, pre, clock, random, log, metrics };
  const agent = await assemble(context, objects);
  health.register('database', () => database.check());
  health.register('object-store', () => objects.check());
  health.register('hospital', () => agent.hospital.check());
  measureAgent(context, agent);
  const policyPoll = setInterval(agent.fetchPolicies, settings.policyPollMs);
  const service = await runService({
    name: NAME,
    version: VERSION,
    mode: settings.mode,
    module: moduleOf(agent),
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
    resources: [
      { name: 'policy-poll', close: async () => clearInterval(policyPoll) },
      { name: 'hospital', close: () => agent.hospital.stop() },
      { name: 'jobs', close: () => agent.jobs.stop() },
      { name: 'prover', close: () => agent.prover.close() },
      { name: 'ledger', close: () => agent.follower.stop() },
      { name: 'objects', close: () => objects.close() },
      { name: 'database', close: () => database.close() },
    ],
  });
  begin(agent);
  return service;
}

/** Exchanges go on once the ledger is followed: their steps wait for it anyway. */
function begin({ hospital, view, follower, jobs }: Agent): void {
  let isFollowing = false;
  hospital.start(async () => {
    if (isFollowing) return;
    await view.begin();
    await follower.start();
    isFollowing = true;
    jobs.start();
  });
}

function moduleOf(agent: Agent) {
  return defineModule('patient-agent', {
    controllers: [PatientsController, ExchangesController, ConsentController, PopulationController, TrailController, RestorationsController, FundsController],
    providers: [
      { provide: Patients, useValue: agent.patients },
      { provide: Importer, useValue: agent.importer },
      { provide: Matcher, useValue: agent.matcher },
      { provide: ExchangeStore, useValue: agent.store },
      { provide: ExchangeStarter, useValue: agent.starter },
      { provide: ExchangeRunner, useValue: agent.runner },
      { provide: Changes, useValue: agent.changes },
      { provide: LedgerView, useValue: agent.view },
      { provide: TrailStore, useValue: agent.trail },
      { provide: Pseudonyms, useValue: agent.pseudonyms },
      { provide: Keyring, useValue: agent.keyring },
      { provide: Restorations, useValue: agent.restorations },
      { provide: Screening, useValue: agent.screening },
      { provide: Requirements, useValue: agent.requirements },
      { provide: BulkImporter, useValue: agent.bulk },
      { provide: Population, useValue: agent.population },
      { provide: ConsentRules, useValue: agent.consent.rules },
      { provide: ConsentDecisions, useValue: agent.consent.decisions },
      { provide: StandingConsent, useValue: agent.consent.standing },
      { provide: Withdrawals, useValue: agent.consent.withdrawals },
      { provide: FundsView, useValue: agent.funds },
      { provide: Payouts, useValue: agent.payouts },
    ],
  });
}
