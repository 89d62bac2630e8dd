import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ensureCircuits } from '@medveil/circuits';
import { Link } from '@medveil/consensus-node/testing';
import { loadNetwork, type Network } from '@medveil/host';
import { type Clients, connect, until } from '../demo/clients.js';
import type { SystemUrls } from '../system.js';
import { AUDITORS, isReplica, programOf, REPLICAS, type ReplicaName, type ServiceName, SERVICES } from './names.js';
import { type LogLine, parsedLine, ServiceProcess } from './service-process.js';
import { Servers } from './servers.js';

const exec = promisify(execFile);
const START_TIMEOUT_MS = 240_000;
const CLOCK_SHIFT = new URL('clock-shift.js', import.meta.url).href;
const HOSPITAL = 'hospital-0';
const distOf = (name: string): string => dirname(fileURLToPath(import.meta.resolve(`@medveil/${name}`)));

export interface NetworkOptions {
  /** how replicas reach each other */
  readonly consensus: 'direct' | 'bus';
  /** further settings of a service, laid over the fixture's */
  readonly settings?: (name: ServiceName) => object;
  /** instances of the circuit; default: `everyday` */
  readonly circuits?: readonly string[];
}

/**
 * A whole network as operators run it: made by `npm run setup`, nine processes that share nothing but servers and addresses. Every
 * address is a link of the test's own, which stays while the process behind it is killed and started again, and can be cut.
 */
export class ProcessNetwork {
  readonly #running = new Map<ServiceName, ServiceProcess>();
  readonly #seconds: ServiceProcess[] = [];
  readonly #links = new Map<ServiceName, Link>();
  /** where the others reach a replica's streams */
  readonly #streams = new Map<ReplicaName, Link>();
  #clients: Clients | undefined;
  #isClosed = false;

  private constructor(
    readonly folder: string,
    readonly servers: Servers,
    private readonly options: NetworkOptions,
  ) {}

  /** Set up, and nothing of it started. */
  static async open(options: NetworkOptions): Promise<ProcessNetwork> {
    const folder = await mkdtemp(join(tmpdir(), 'medveil-network-'));
    const servers = await Servers.open().catch(async (error: unknown) => {
      await rm(folder, { recursive: true, force: true });
      throw error;
    });
    const network = new ProcessNetwork(folder, servers, options);
    try {
      for (const name of [...SERVICES, ...REPLICAS, ...AUDITORS]) network.#links.set(name, await Link.open());
      for (const name of REPLICAS) network.#streams.set(name, await Link.open());
      await network.#setUp();
      return network;
    } catch (error) {
      await network.close();
      throw error;
    }
  }

  /** All nine, each ready. */
  async startAll(): Promise<void> {
    await Promise.all(REPLICAS.map(async (name) => this.start(name)));
    await this.start('contract');
    await Promise.all((['pkg', 'proxy-cloud'] as const).map(async (name) => this.start(name)));
    await this.setup('enrol', this.folder, '--pkg-url', this.url('pkg'), '--id', HOSPITAL, '--role', 'hospital', '--out', this.#enrolmentToken);
    await Promise.all((['patient-api', 'research-api'] as const).map(async (name) => this.start(name)));
    await this.ready(...SERVICES, ...REPLICAS);
  }

  /** @param clockShiftMs how far its clock is off */
  async start(name: ServiceName, clockShiftMs = 0): Promise<void> {
    const env = { ...(await this.#environment(name)), MEDVEIL_TEST_CLOCK_SHIFT_MS: String(clockShiftMs) };
    const started = await ServiceProcess.start({
      name,
      main: join(distOf(programOf(name)), 'main.js'),
      env,
      logFile: join(this.logFolder, `${name}.log`),
      nodeArguments: clockShiftMs === 0 ? [] : ['--import', CLOCK_SHIFT],
    });
    this.#running.set(name, started);
    if (this.#isClosed) await started.kill();
    this.link(name).target = started.port;
    if (isReplica(name)) this.stream(name).target = started.transportPort;
  }

  /** A second instance of a service, on its database and its keys; connections go to both in turn. */
  async startSecond(name: (typeof SERVICES)[number]): Promise<void> {
    const second = await ServiceProcess.start({
      name,
      main: join(distOf(name), 'main.js'),
      env: await this.#environment(name, join(this.folder, 'data', `${name}-second`)),
      logFile: join(this.logFolder, `${name}-second.log`),
      nodeArguments: [],
    });
    this.#seconds.push(second);
    this.link(name).target = [this.process(name).port, second.port];
  }

  /** Back to one of each. */
  async stopSeconds(): Promise<void> {
    for (const name of SERVICES) this.link(name).target = this.process(name).port;
    const codes = await Promise.all(this.#seconds.splice(0).map(async (second) => second.stop()));
    if (codes.some((code) => code !== 0)) throw new Error(`second instances ended with ${codes.join(', ')}`);
  }

  process(name: ServiceName): ServiceProcess {
    const running = this.#running.get(name);
    if (running === undefined) throw new Error(`${name} is not running`);
    return running;
  }

  isRunning(name: ServiceName): boolean {
    return this.#running.get(name)?.isRunning === true;
  }

  async kill(...names: readonly ServiceName[]): Promise<void> {
    const killed = names.map((name) => this.process(name));
    for (const name of names) this.#running.delete(name);
    await Promise.all(killed.map(async (running) => running.kill()));
  }

  /** @returns exit codes by service */
  async stop(...names: readonly ServiceName[]): Promise<Record<string, number | NodeJS.Signals>> {
    const codes = await Promise.all(names.map(async (name) => [name, await this.process(name).stop()] as const));
    for (const name of names) this.#running.delete(name);
    return Object.fromEntries(codes);
  }

  /** Waits until services say themselves that they are ready. */
  async ready(...names: readonly ServiceName[]): Promise<void> {
    await Promise.all(names.map(async (name) => until(
      `${name} ready`, async () => fetch(`${this.url(name)}/health/ready`).then(({ status }) => status, () => 0), (status) => status === 200, START_TIMEOUT_MS,
    )));
  }

  /** @returns the status that a probe is answered with */
  async health(name: ServiceName, kind: 'live' | 'ready'): Promise<number> {
    return (await fetch(`${this.url(name)}/health/${kind}`)).status;
  }

  url(name: ServiceName): string {
    return `http://127.0.0.1:${this.link(name).port}`;
  }

  link(name: ServiceName): Link {
    return this.#links.get(name) as Link;
  }

  stream(name: ReplicaName): Link {
    return this.#streams.get(name) as Link;
  }

  get urls(): SystemUrls {
    const [pkg, contract, proxy, patient, research] = SERVICES.map((name) => this.url(name)) as [string, string, string, string, string];
    return { pkg, contract, 'proxy-cloud': proxy, 'patient-api': patient, 'research-api': research, replicas: REPLICAS.map((name) => this.url(name)), auditors: AUDITORS.map((name) => this.url(name)) };
  }

  /** A token of the network's operator. */
  async token(): Promise<string> {
    return (await this.setup('token', this.folder))['token'] as string;
  }

  /** With a token of the network's operator. */
  async clients(): Promise<Clients> {
    this.#clients ??= connect(this.urls, await this.token());
    return this.#clients;
  }

  async description(): Promise<Network> {
    return loadNetwork(join(this.folder, 'network.json'));
  }

  /** Below MEDVEIL_TEST_LOGS, where they are to be kept. */
  get logFolder(): string {
    const kept = process.env['MEDVEIL_TEST_LOGS'];
    return kept === undefined ? join(this.folder, 'logs') : join(kept, basename(this.folder));
  }

  /** What a service has logged so far; of several starts, all. */
  async logged(name: ServiceName): Promise<LogLine[]> {
    const text = await readFile(join(this.logFolder, `${name}.log`), 'utf8');
    return text.split('\n').flatMap((line) => parsedLine(line) ?? []);
  }

  /** Codes of errors of all services that callers are told nothing of and operators everything. */
  async unexpectedErrors(): Promise<string[]> {
    const lines = await Promise.all([...SERVICES, ...REPLICAS].map(async (name) => this.logged(name)));
    return lines.flat().filter(({ event }) => event === 'unexpected-error').map(({ error }) => error?.code ?? error?.name ?? '');
  }

  /** Runs `npm run setup`. @returns its answer */
  async setup(...words: readonly string[]): Promise<Record<string, unknown>> {
    const { stdout } = await exec(process.execPath, [join(distOf('setup'), 'main.js'), ...words]);
    return JSON.parse(stdout) as Record<string, unknown>;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const running of this.#running.values()) running.signal('SIGCONT');
    await this.kill(...this.#running.keys());
    await Promise.all(this.#seconds.map(async (second) => second.kill()));
    for (const link of [...this.#links.values(), ...this.#streams.values()]) await link.close();
    await this.servers.close();
    await rm(this.folder, { recursive: true, force: true });
  }

  get #enrolmentToken(): string {
    return join(this.folder, 'enrolment-token');
  }

  async #setUp(): Promise<void> {
    await mkdir(this.logFolder, { recursive: true });
    await mkdir(join(this.folder, 'settings'));
    await this.setup('create', this.folder, '--circuits', ...(await this.#circuitFolders()), '--denominations', '10');
    await this.setup('agent', this.folder, 'patient-api', 'research-api');
  }

  async #circuitFolders(): Promise<string[]> {
    const circuits = await ensureCircuits({ instances: this.options.circuits ?? ['everyday'] });
    return [...circuits.values()].map(({ zkeyPath }) => dirname(zkeyPath));
  }

  /** A settings file as an operator writes it, on top of what setup wrote; secrets in files of their own. */
  async #environment(name: ServiceName, dataFolder = join(this.folder, 'data', name)): Promise<Record<string, string>> {
    const party = join(this.folder, 'parties', name);
    const { settings, secrets } = this.servers.infrastructure(name);
    const file = join(this.folder, 'settings', `${basename(dataFolder)}.json`);
    const given = {
      ...(JSON.parse(await readFile(join(party, 'settings.json'), 'utf8')) as object),
      mode: 'development',
      http: { requestsPerMinutePerAddress: 1_000_000, requestsPerMinutePerCredential: 1_000_000 },
      networkFile: join(this.folder, 'network.json'),
      vault: { folder: join(party, 'vault'), keyFile: join(party, 'vault.key') },
      infrastructure: { dataFolder: join(dataFolder, 'infrastructure'), ...settings },
      ...(await this.#own(name, dataFolder)),
      ...this.options.settings?.(name),
    };
    await writeFile(file, JSON.stringify(given, null, 2));
    const prefix = `MEDVEIL_${programOf(name).toUpperCase().replaceAll('-', '_')}`;
    const env: Record<string, string> = { [`${prefix}_CONFIG`]: file };
    for (const [secret, value] of Object.entries(secrets)) {
      const secretFile = join(this.folder, 'settings', `${name}-${secret.toLowerCase()}`);
      await writeFile(secretFile, `${value}\n`, { mode: 0o600 });
      env[`${prefix}_INFRASTRUCTURE_${secret}_FILE`] = secretFile;
    }
    if (name === 'patient-api') env[`${prefix}_HOSPITAL_ENROLMENT_TOKEN_FILE`] = this.#enrolmentToken;
    return env;
  }

  /** What each program alone is told. */
  async #own(name: ServiceName, dataFolder: string): Promise<object> {
    if (isReplica(name)) {
      await mkdir(dataFolder, { recursive: true });
      return { dataFolder, autoApproveMembers: true, transport: this.#transport(name) };
    }
    const contractUrl = this.url('contract');
    const agent = { pkgUrl: this.url('pkg'), contractUrl, proxyUrl: this.url('proxy-cloud'), circuitFolders: await this.#circuitFolders() };
    switch (name) {
      case 'pkg':
      case 'proxy-cloud':
        return { contractUrl };
      case 'contract':
        return { dataFolder, nodeUrls: REPLICAS.map((replica) => this.url(replica)) };
      case 'patient-api':
        return { ...agent, hospital: { enrolmentId: HOSPITAL } };
      case 'research-api':
        return agent;
      case 'auditor-0':
      case 'auditor-1':
      case 'auditor-2':
        return { contractUrl, proxyUrl: agent.proxyUrl, rulesAutomatically: true, retryMs: 200 };
      default:
        return name satisfies never;
    }
  }

  #transport(name: ReplicaName): object {
    if (this.options.consensus === 'bus') return { kind: 'bus' };
    const peers = REPLICAS.filter((peer) => peer !== name).map((peer) => [peer, `127.0.0.1:${this.stream(peer).port}`]);
    return { kind: 'direct', listen: { host: '127.0.0.1', port: 0 }, peers: Object.fromEntries(peers) };
  }
}
