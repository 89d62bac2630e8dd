import { ContractClient, HttpClient, LedgerAccess, LedgerFollower, ProxyClient } from '@medveil/client';
import { createIdempotencyStore, createJobs } from '@medveil/database';
import { fromBase64Url, isCodedError } from '@medveil/encoding';
import {
  assertionTokens, certificateEndMs, type Infrastructure, LedgerCursor, loadNetwork, measureCertificates, measureFollower, type Network, openVault, OPERATOR,
  partyTokens, type Stores,
} from '@medveil/host';
import { accountId, hpkeKeyPairFromSeed, signingKeyFromSeed } from '@medveil/identity';
import { afgh06, loadEngine } from '@medveil/pre';
import { createLog, defineModule, Health, jobObserver, measureJobs, type RunningService, runService, ServiceMetrics } from '@medveil/service-kit';
import type { AuditorContext } from './context.js';
import { DisputeStore } from './disputes/dispute-store.js';
import { Disputes } from './disputes/disputes.js';
import { DisputesController } from './disputes/disputes.controller.js';
import { EXAMINE, examineJob } from './disputes/examine.js';
import { VOTE, voteJob } from './disputes/vote.js';
import { AuditorError, ERROR_STATUSES } from './errors.js';
import { ledgerEventHandler } from './ledger-events.js';
import { CertificateStore } from './openings/certificate-store.js';
import { Openings } from './openings/openings.js';
import { OpeningsController } from './openings/openings.controller.js';
import type { AuditorSettings } from './settings.js';
import { schemaOf } from './tables.js';

const NAME = 'auditor';
const VERSION = '0.1.0';
/** What an auditor's service keeps: `prepare` of its main file brings it up to date. */
export const storesOf = ({ auditor }: Pick<AuditorSettings, 'auditor'>): Stores => ({
  database: { schema: schemaOf(auditor), migrations: new URL('../migrations/', import.meta.url) },
});
const BODY_TIMEOUT_MS = 10 * 60_000;

/** What this service needs of its host: it sends and takes no messages, and keeps nothing of what it sees. */
export type AuditorInfrastructure = Pick<Infrastructure, 'clock' | 'random' | 'cache' | 'databases' | 'measureProcess'>;

/** Follows the ledger by proofs, looks into disputes, votes, and takes part in opening pseudonyms. */
export async function startAuditor(settings: AuditorSettings, infrastructure: AuditorInfrastructure): Promise<RunningService> {
  const { clock, random, cache } = infrastructure;
  const log = createLog({ service: settings.auditor, level: settings.logLevel, clock });
  const metrics = new ServiceMetrics({ service: settings.auditor, process: infrastructure.measureProcess });
  const health = new Health();
  const network = await loadNetwork(settings.networkFile);
  const certificate = certificateOf(network, settings.auditor);
  const vault = await openVault(settings.vault, random);
  const account = signingKeyFromSeed(await vault.get('account-key'));
  const hpke = await hpkeKeyPairFromSeed(await vault.get('hpke-seed'));
  const pre = afgh06(await loadEngine());
  const database = await infrastructure.databases.open(storesOf(settings).database);
  const jobs = createJobs({ database, clock, random, onAttempt: jobObserver(metrics, log) });
  const tokenFor = (baseUrl: string, audience: string) =>
    assertionTokens(baseUrl, audience, { key: account, credential: { kind: 'enrolment', certificate }, subject: settings.auditor }, { clock, random });
  const contract = new ContractClient(new HttpClient({ baseUrl: settings.contractUrl, token: tokenFor(settings.contractUrl, 'contract') }));
  const others = settings.evidenceUrls.map((baseUrl) => new ContractClient(new HttpClient({ baseUrl, token: tokenFor(baseUrl, 'contract') })));
  const proxy = new ProxyClient(new HttpClient({ baseUrl: settings.proxyUrl, token: tokenFor(settings.proxyUrl, 'proxy-cloud'), timeoutMs: BODY_TIMEOUT_MS, retries: 0 }));
  const certificates = new CertificateStore(database);
  const measured = measureFollower(metrics, () => follower);
  const follower: LedgerFollower = new LedgerFollower({
    genesis: fromBase64Url(network.genesis),
    contract,
    cursor: new LedgerCursor(database),
    handle: ledgerEventHandler(() => context, certificates),
    onError: (error) => {
      measured.failed(error);
      log.warn('ledger-not-followed', { code: isCodedError(error) ? error.code : 'unexpected' });
    },
  });
  const context: AuditorContext = {
    settings, chainId: network.chainId, account, accountId: accountId(account.publicKey), hpke, database, jobs, disputes: new DisputeStore(database),
    ledger: new LedgerAccess(follower, contract, clock), evidenceFronts: [contract, ...others], proxy, pre, clock, log,
  };
  jobs.handle(EXAMINE, examineJob(context));
  jobs.handle(VOTE, voteJob(context));
  health.register('database', () => database.check());
  measureJobs(metrics, jobs);
  const ends = { authority: certificateEndMs(fromBase64Url(network.caCertificate)), own: certificateEndMs(certificate) };
  measureCertificates(metrics, () => ends);
  const service = await runService({
    name: settings.auditor,
    version: VERSION,
    mode: settings.mode,
    module: defineModule('auditor-parts', {
      controllers: [DisputesController, OpeningsController],
      providers: [{ provide: Disputes, useValue: new Disputes(context) }, { provide: Openings, useValue: new Openings(context, network, certificates, random) }],
    }),
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
      { name: 'follower', close: () => follower.stop() },
      { name: 'jobs', close: () => jobs.stop() },
      { name: 'database', close: () => database.close() },
    ],
  });
  await follower.start();
  jobs.start();
  return service;
}

function certificateOf(network: Network, auditor: string): Uint8Array {
  const certificate = network.certificates?.[auditor];
  if (certificate === undefined) throw new AuditorError('auditor/no-certificate', `the network's description has no E-Cert of ${auditor}`, { auditor });
  return fromBase64Url(certificate);
}
