import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { loadEngine } from '@medveil/pre';
import type { CircuitArtefacts } from '@medveil/circuits';
import { ensureCircuits } from '@medveil/circuits';
import { startConsensusNode, consensusNodeSettings } from '@medveil/consensus-node';
import { contractSettings, startContract } from '@medveil/contract';
import type { Parameters } from '@medveil/agreements';
import { HttpClient, PkgClient } from '@medveil/client';
import { type Clock, type RandomBytes, toBase64Url } from '@medveil/encoding';
import { type PatientApiSettings, patientApiSettings, startPatientApi } from '@medveil/patient-api';
import { pkgSettings, startPkg } from '@medveil/pkg';
import { proxyCloudSettings, startProxyCloud } from '@medveil/proxy-cloud';
import { type ResearchApiSettings, researchApiSettings, startResearchApi } from '@medveil/research-api';
import type { LogLevel, RunningService } from '@medveil/service-kit';
import { type AuditorSettings, auditorSettings, startAuditor } from '@medveil/auditor';
import { AUDIENCES, auditorIds, type Consortium, DEFAULT_DENOMINATIONS, DEFAULT_SIZE, ensureConsortium, OPERATOR_SCOPES, replicaIds, signOperatorToken } from '@medveil/setup';
import { openEmbedded, type Embedded, type BusFaultSettings } from './embedded.js';

export interface SystemOptions {
  readonly dataFolder: string;
  /** circuit instances that requirements may use */
  readonly circuits: readonly string[];
  /** first of consecutive ports; 0: free ones */
  readonly basePort: number;
  readonly logLevel: LogLevel;
  readonly parameters?: Partial<Parameters>;
  /** makes the bus duplicate, delay and reorder */
  readonly busFaults?: BusFaultSettings;
  /** of the patients' agent */
  readonly patients?: Partial<Pick<PatientApiSettings, 'prover'>>;
  readonly research?: Partial<Pick<ResearchApiSettings, 'partDepth' | 'proxyUrl' | 'bodyAttempts' | 'bodyRetryMs' | 'disputeAutomatically'>>;
  /** default: auditors vote as they find */
  readonly auditor?: (id: string) => Partial<Pick<AuditorSettings, 'rulesAutomatically' | 'patience' | 'retryMs'>>;
  readonly onProgress: (line: string) => void;
  /** default: this machine's */
  readonly clock?: Clock;
}

export interface SystemUrls {
  readonly pkg: string;
  readonly contract: string;
  readonly 'proxy-cloud': string;
  readonly 'patient-api': string;
  readonly 'research-api': string;
  readonly replicas: readonly string[];
  readonly auditors: readonly string[];
}

/** The whole system, running. */
export interface System {
  readonly urls: SystemUrls;
  /** lets its bearer do everything that operators of all services do */
  readonly operatorToken: string;
  readonly consortium: Consortium;
  close(): Promise<void>;
}

export const HOSPITAL_ID = 'hospital-0';
/** Proofs made at a time by each agent: one for each core that this process may use, and no more than memory is spent on lightly. */
const PROVER_WORKERS = Math.min(2, availableParallelism());
const OPERATOR_TOKEN_LIFETIME_MS = 30 * 86_400_000;

const systemClock: Clock = () => Date.now();
const random: RandomBytes = (length) => new Uint8Array(randomBytes(length));

/** Six services, four replicas and three auditors in this process, on embedded parts, under one data folder. */
export async function startSystem(options: SystemOptions): Promise<System> {
  const { dataFolder, onProgress, clock = systemClock } = options;
  const artefacts = await ensureCircuits({ instances: options.circuits, onProgress });
  await loadEngine();
  onProgress('setup: keys, authority, genesis');
  const consortium = await ensureConsortium({
    folder: dataFolder,
    size: DEFAULT_SIZE,
    unsealing: { kind: 'key-files' },
    circuits: [...artefacts.values()].map(({ verificationKey }) => ({ key: verificationKey, transcript: null })),
    parameters: options.parameters ?? {},
    denominations: DEFAULT_DENOMINATIONS,
    clock,
    random,
  });
  onProgress('opening the embedded database');
  const embedded = await openEmbedded({ dataFolder, clock, random, logLevel: options.logLevel, busFaults: options.busFaults ?? null });
  const running: RunningService[] = [];
  try {
    const starter = await Starter.create(options, consortium, embedded, artefacts, running);
    const urls = await starter.startAll();
    return { urls, operatorToken: starter.operatorToken, consortium, close: () => closeAll(running, embedded) };
  } catch (error) {
    await closeAll(running, embedded);
    throw error;
  }
}

/** In the opposite order of starting: agents first, replicas last, then what they stood on. */
async function closeAll(running: readonly RunningService[], embedded: Embedded): Promise<void> {
  for (const service of running.toReversed()) await service.close();
  await embedded.close();
}

class Starter {
  #port: number;

  private constructor(
    private readonly options: SystemOptions,
    private readonly consortium: Consortium,
    private readonly embedded: Embedded,
    private readonly circuitFolders: readonly string[],
    private readonly running: RunningService[],
    private readonly operatorPublicKey: string,
    readonly operatorToken: string,
  ) {
    this.#port = options.basePort;
  }

  static async create(
    options: SystemOptions,
    consortium: Consortium,
    embedded: Embedded,
    artefacts: ReadonlyMap<string, CircuitArtefacts>,
    running: RunningService[],
  ): Promise<Starter> {
    const { folders } = consortium;
    const token = await signOperatorToken(folders, { scopes: OPERATOR_SCOPES, audience: AUDIENCES, lifetimeMs: OPERATOR_TOKEN_LIFETIME_MS }, { clock: options.clock ?? systemClock, random });
    const publicKey = await (await folders.open('operator')).publicKey('operator-key');
    for (const agent of ['patient-api', 'research-api']) await folders.ensure(agent, 'agent');
    const circuitFolders = [...artefacts.values()].map(({ zkeyPath }) => join(zkeyPath, '..'));
    return new Starter(options, consortium, embedded, circuitFolders, running, toBase64Url(publicKey), token);
  }

  async startAll(): Promise<SystemUrls> {
    const infrastructure = (service: string) => this.embedded.infrastructure(service);
    const { dataFolder, onProgress } = this.options;
    const replicas: string[] = [];
    for (const replica of replicaIds(DEFAULT_SIZE)) {
      onProgress(`starting ${replica}`);
      const settings = consensusNodeSettings.parse({ ...this.#common(replica), replica, dataFolder: join(dataFolder, 'replicas', replica), autoApproveMembers: true });
      replicas.push(await this.#started(startConsensusNode(settings, infrastructure(replica))));
    }
    onProgress('starting contract, pkg, proxy-cloud');
    const contractUrl = await this.#started(startContract(
      contractSettings.parse({ ...this.#common('contract'), dataFolder: join(dataFolder, 'contract'), nodeUrls: replicas }), infrastructure('contract'),
    ));
    const pkgUrl = await this.#started(startPkg(pkgSettings.parse({ ...this.#common('pkg'), contractUrl }), infrastructure('pkg')));
    const proxyUrl = await this.#started(startProxyCloud(proxyCloudSettings.parse({ ...this.#common('proxy-cloud'), contractUrl }), infrastructure('proxy-cloud')));
    onProgress('starting patient-api, research-api');
    const agent = { pkgUrl, contractUrl, proxyUrl, circuitFolders: this.circuitFolders, proverWorkers: PROVER_WORKERS };
    const hospital = { enrolmentId: HOSPITAL_ID, enrolmentToken: await this.#hospitalToken(pkgUrl) };
    const patientUrl = await this.#started(startPatientApi(
      patientApiSettings.parse({ ...this.#common('patient-api'), ...agent, hospital, ...this.options.patients }), infrastructure('patient-api'),
    ));
    const researchUrl = await this.#started(startResearchApi(
      researchApiSettings.parse({ ...this.#common('research-api'), ...agent, ...this.options.research }),
      infrastructure('research-api'),
    ));
    onProgress('starting auditors');
    const auditors: string[] = [];
    for (const id of auditorIds(DEFAULT_SIZE)) {
      const settings = { ...this.#common(id), auditor: id, contractUrl, proxyUrl, rulesAutomatically: true, ...this.options.auditor?.(id) };
      auditors.push(await this.#started(startAuditor(auditorSettings.parse(settings), infrastructure(id))));
    }
    return { pkg: pkgUrl, contract: contractUrl, 'proxy-cloud': proxyUrl, 'patient-api': patientUrl, 'research-api': researchUrl, replicas, auditors };
  }

  /** One-time, and used once: after the first start the hospital has its certificate. */
  async #hospitalToken(pkgUrl: string): Promise<string> {
    const pkg = new PkgClient(new HttpClient({ baseUrl: pkgUrl, token: () => this.operatorToken }));
    return (await pkg.createEnrolmentToken('hospital', HOSPITAL_ID)).token;
  }

  #common(party: string) {
    const port = this.#port;
    if (port > 0) this.#port += 1;
    return {
      mode: 'development' as const,
      logLevel: this.options.logLevel,
      http: { host: '127.0.0.1', port, requestsPerMinutePerAddress: 100_000, requestsPerMinutePerCredential: 50_000 },
      networkFile: this.consortium.networkFile,
      vault: this.consortium.folders.vaultSettings(party),
      operatorPublicKey: this.operatorPublicKey,
    };
  }

  async #started(service: Promise<RunningService>): Promise<string> {
    const running = await service;
    this.running.push(running);
    return running.url;
  }
}
