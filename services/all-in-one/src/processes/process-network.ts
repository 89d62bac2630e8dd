import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ensureCircuits } from '@medveil/circuits';
import { Link } from '@medveil/consensus-node/testing';
import { loadNetwork, type Network } from '@medveil/host';
import { type Clients, connect, until } from '../demo/clients.js';
import type { SystemUrls } from '../system.js';
import { isReplica, programOf, REPLICAS, type ReplicaName, type ServiceName, SERVICES } from './names.js';
import { ServiceProcess } from './service-process.js';
import { Servers } from './servers.js';

const exec = promisify(execFile);
const START_TIMEOUT_MS = 240_000;
const HOSPITAL = 'hospital-0';
const distOf = (name: string): string => dirname(fileURLToPath(import.meta.resolve(`@medveil/${name}`)));

/**
 * A whole network as operators run it: made by `npm run setup`, nine processes that share nothing but servers and addresses. Every
 * address is a link of the test's own, which stays while the process behind it is killed and started again, and can be cut.
 */
export class ProcessNetwork {
  readonly #running = new Map<ServiceName, ServiceProcess>();
  readonly #links = new Map<ServiceName, Link>();
  /** where the others reach a replica's streams */
  readonly #streams = new Map<ReplicaName, Link>();
  #clients: Clients | undefined;
  #isClosed = false;

  private constructor(
    readonly folder: string,
    readonly servers: Servers,
  ) {}

  /** Set up, and nothing of it started. */
  static async open(): Promise<ProcessNetwork> {
    const folder = await mkdtemp(join(tmpdir(), 'medveil-network-'));
    const servers = await Servers.open().catch(async (error: unknown) => {
      await rm(folder, { recursive: true, force: true });
      throw error;
    });
    const network = new ProcessNetwork(folder, servers);
    try {
      for (const name of [...SERVICES, ...REPLICAS]) network.#links.set(name, await Link.open());
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

  async start(name: ServiceName): Promise<void> {
    const started = await ServiceProcess.start({
      name,
      main: join(distOf(programOf(name)), 'main.js'),
      env: await this.#environment(name),
      logFile: join(this.logFolder, `${name}.log`),
    });
    this.#running.set(name, started);
    if (this.#isClosed) await started.kill();
    this.link(name).target = started.port;
    if (isReplica(name)) this.stream(name).target = started.transportPort;
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
    return { pkg, contract, 'proxy-cloud': proxy, 'patient-api': patient, 'research-api': research, replicas: REPLICAS.map((name) => this.url(name)), auditors: [] };
  }

  /** With a token of the network's operator. */
  async clients(): Promise<Clients> {
    this.#clients ??= connect(this.urls, (await this.setup('token', this.folder))['token'] as string);
    return this.#clients;
  }

  async description(): Promise<Network> {
    return loadNetwork(join(this.folder, 'network.json'));
  }

  /** MEDVEIL_TEST_LOGS, where they are to be kept. */
  get logFolder(): string {
    return process.env['MEDVEIL_TEST_LOGS'] ?? join(this.folder, 'logs');
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
    const circuits = await ensureCircuits({ instances: ['everyday'] });
    return [...circuits.values()].map(({ zkeyPath }) => dirname(zkeyPath));
  }

  /** A settings file as an operator writes it, on top of what setup wrote; secrets in files of their own. */
  async #environment(name: ServiceName): Promise<Record<string, string>> {
    const party = join(this.folder, 'parties', name);
    const dataFolder = join(this.folder, 'data', name);
    const { settings, secrets } = this.servers.infrastructure(name);
    const file = join(this.folder, 'settings', `${name}.json`);
    const given = {
      ...(JSON.parse(await readFile(join(party, 'settings.json'), 'utf8')) as object),
      mode: 'development',
      http: { requestsPerMinutePerAddress: 1_000_000, requestsPerMinutePerCredential: 1_000_000 },
      networkFile: join(this.folder, 'network.json'),
      vault: { folder: join(party, 'vault'), keyFile: join(party, 'vault.key') },
      infrastructure: { dataFolder: join(dataFolder, 'infrastructure'), ...settings },
      ...(await this.#own(name, dataFolder)),
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
      default:
        return name satisfies never;
    }
  }

  #transport(name: ReplicaName): object {
    const peers = REPLICAS.filter((peer) => peer !== name).map((peer) => [peer, `127.0.0.1:${this.stream(peer).port}`]);
    return { kind: 'direct', listen: { host: '127.0.0.1', port: 0 }, peers: Object.fromEntries(peers) };
  }
}
