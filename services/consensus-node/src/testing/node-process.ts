import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ConsensusNodeClient, HttpClient } from '@medveil/client';
import { toBase64Url } from '@medveil/encoding';
import { OPERATOR, partyTokenSource } from '@medveil/host';
import { type NetworkFiles, random } from './network-files.js';

const MAIN = fileURLToPath(new URL('../main.js', import.meta.url));
/** Of what a node says on its error output. */
const KEPT_ERROR_CHARACTERS = 8_192;
const CLIENT_SCOPES = ['ledger:read', 'transactions:submit'];

export interface ReplicaStreams {
  /** `host:port` of the others, by replica */
  readonly peers: Readonly<Record<string, string>>;
  /** default: a free one */
  readonly listenPort?: number;
}

export interface NodeProcessOptions {
  readonly files: NetworkFiles;
  readonly replica: string;
  readonly infrastructureFolder: string;
  /** where its streams listen and reach the others; null: over the bus that the settings name */
  readonly streams: ReplicaStreams | null;
  /** further settings, by the name of their variable without its prefix */
  readonly settings?: Readonly<Record<string, string>>;
  /** arguments of node itself, for example a profiler's */
  readonly nodeArguments?: readonly string[];
}

/** A consensus node as an operating system's process, started as in production. */
export class NodeProcess {
  readonly exited: Promise<number | string>;
  #errors = '';
  #isPaused = false;

  private constructor(
    private readonly options: NodeProcessOptions,
    private readonly child: ChildProcess,
    readonly url: string,
    /** where it listens for other replicas, if it does */
    readonly transportPort: number | null,
    readonly client: ConsensusNodeClient,
    exited: Promise<number | string>,
  ) {
    this.exited = exited;
  }

  get replica(): string {
    return this.options.replica;
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Resolves once it serves. @throws Error with what it said where it ends before */
  static async start(options: NodeProcessOptions): Promise<NodeProcess> {
    const child = spawn(process.execPath, [...(options.nodeArguments ?? []), MAIN], { env: environment(options), stdio: ['ignore', 'pipe', 'pipe'] });
    const endWithParent = (): void => void child.kill('SIGKILL');
    process.once('exit', endWithParent);
    child.once('exit', () => process.off('exit', endWithParent));
    const exited = new Promise<number | string>((resolve) => { child.once('exit', (code, signal) => resolve(code ?? signal ?? 'unknown')); });
    let errors = '';
    child.stderr?.on('data', (chunk: Buffer) => { errors = (errors + chunk.toString()).slice(-KEPT_ERROR_CHARACTERS); });
    const { url, port } = await new Promise<{ url: string; port: number | null }>((resolve, reject) => {
      let output = '';
      child.stdout?.on('data', (chunk: Buffer) => {
        if (output.length > 1 << 20) return; // what comes later is read and let go, so that the node never waits for it
        output += chunk.toString();
        const found = /"service-started".*"url":"([^"]+)"/.exec(output)?.[1] ?? /"url":"(http[^"]+)"/.exec(output)?.[1];
        const listening = /"url":"tls:\/\/[^"]*:(\d+)"/.exec(output)?.[1];
        if (found === undefined || (options.streams !== null && listening === undefined)) return;
        output = ' '.repeat((1 << 20) + 1);
        resolve({ url: found, port: listening === undefined ? null : Number(listening) });
      });
      void exited.then((code) => reject(new Error(`${options.replica} ended with ${code}: ${errors}`)));
    });
    const token = partyTokenSource(OPERATOR, options.files.operator, { scopes: CLIENT_SCOPES, audience: 'consensus-node' }, { clock: () => Date.now(), random });
    const node = new NodeProcess(options, child, url, port, new ConsensusNodeClient(new HttpClient({ baseUrl: url, retries: 0, token })), exited);
    child.stderr?.on('data', () => { node.#errors = errors; });
    return node;
  }

  /** What it said last on its error output. */
  get errors(): string {
    return this.#errors;
  }

  /** SIGTERM. @returns its exit code */
  async stop(): Promise<number | string> {
    if (this.#isPaused) this.resume();
    this.child.kill('SIGTERM');
    return this.exited;
  }

  /** SIGKILL: it finishes nothing. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.exited;
  }

  /** SIGSTOP: it keeps its connections and answers nothing. */
  pause(): void {
    this.#isPaused = true;
    this.child.kill('SIGSTOP');
  }

  resume(): void {
    this.#isPaused = false;
    this.child.kill('SIGCONT');
  }
}

function environment({ files, replica, infrastructureFolder, streams, settings = {} }: NodeProcessOptions): NodeJS.ProcessEnv {
  const { folder, keyFile } = files.vault(replica);
  const given: Record<string, string> = {
    MODE: 'development',
    REPLICA: replica,
    DATA_FOLDER: files.dataFolder(replica),
    NETWORK_FILE: files.networkFile,
    VAULT_FOLDER: folder,
    VAULT_KEY_FILE: keyFile,
    OPERATOR_PUBLIC_KEY: toBase64Url(files.operator.publicKey),
    INFRASTRUCTURE_DATA_FOLDER: infrastructureFolder,
    ...transportOf(streams),
    HTTP_REQUESTS_PER_MINUTE_PER_ADDRESS: '1000000',
    HTTP_REQUESTS_PER_MINUTE_PER_CREDENTIAL: '1000000',
    ...settings,
  };
  return Object.fromEntries(Object.entries(given).map(([name, value]) => [`MEDVEIL_CONSENSUS_NODE_${name}`, value]));
}

function transportOf(streams: ReplicaStreams | null): Record<string, string> {
  if (streams === null) return { TRANSPORT_KIND: 'bus' };
  const { peers, listenPort = 0 } = streams;
  return { TRANSPORT_KIND: 'direct', TRANSPORT_LISTEN_HOST: '127.0.0.1', TRANSPORT_LISTEN_PORT: String(listenPort), TRANSPORT_PEERS: JSON.stringify(peers) };
}
