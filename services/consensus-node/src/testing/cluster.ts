import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Link } from './link.js';
import { createNetworkFiles, type NetworkFiles, type NetworkFilesOptions } from './network-files.js';
import { NodeProcess, type ReplicaStreams } from './node-process.js';

export interface ClusterOptions extends Pick<NetworkFilesOptions, 'pkgPublicKey' | 'state'> {
  readonly replicas: readonly string[];
  /** how replicas reach each other: by streams, by streams that each pass through a `Link`, or over the bus that the settings name */
  readonly consensus: 'direct' | 'linked' | 'bus';
  readonly settings?: Readonly<Record<string, string>>;
  readonly nodeArguments?: (replica: string) => readonly string[];
}

/** Consensus nodes as processes on this machine, their folders under a temporary one. */
export class Cluster {
  readonly nodes = new Map<string, NodeProcess>();
  readonly #links = new Map<string, Link>();
  readonly #ports = new Map<string, number>();

  private constructor(
    readonly folder: string,
    readonly files: NetworkFiles,
    private readonly options: ClusterOptions,
  ) {}

  static async open(options: ClusterOptions): Promise<Cluster> {
    const folder = await mkdtemp(join(tmpdir(), 'medveil-cluster-'));
    const { replicas, consensus } = options;
    const files = await createNetworkFiles({ ...options, folder, chainId: 'cluster', nowMs: Date.now() });
    const cluster = new Cluster(folder, files, options);
    for (const from of consensus === 'bus' ? [] : replicas) {
      if (consensus === 'direct') cluster.#ports.set(from, await freePort());
      else for (const to of replicas) if (to !== from) cluster.#links.set(`${from} ${to}`, await Link.open());
    }
    return cluster;
  }

  async start(...replicas: readonly string[]): Promise<void> {
    const started = await Promise.allSettled(replicas.map(async (replica) => {
      await mkdir(this.files.dataFolder(replica), { recursive: true });
      const node = await NodeProcess.start({
        files: this.files, replica,
        infrastructureFolder: join(this.folder, 'infrastructure', replica),
        streams: this.options.consensus === 'bus' ? null : this.#streamsOf(replica),
        settings: this.options.settings ?? {},
        nodeArguments: this.options.nodeArguments?.(replica) ?? [],
      });
      this.nodes.set(replica, node);
      for (const link of this.#linksTo(replica)) link.target = node.transportPort;
    }));
    for (const result of started) if (result.status === 'rejected') throw result.reason;
  }

  node(replica: string): NodeProcess {
    const node = this.nodes.get(replica);
    if (node === undefined) throw new Error(`${replica} is not running`);
    return node;
  }

  link(from: string, to: string): Link {
    const link = this.#links.get(`${from} ${to}`);
    if (link === undefined) throw new Error(`there is no link from ${from} to ${to}`);
    return link;
  }

  /** All links of a replica, both directions. */
  linksOf(replica: string): Link[] {
    return [...this.#links].flatMap(([name, link]) => (name.split(' ').includes(replica) ? [link] : []));
  }

  /** Loses all that a replica keeps on its disk; its keys are kept elsewhere. */
  async wipe(replica: string): Promise<void> {
    await rm(this.files.dataFolder(replica), { recursive: true, force: true });
  }

  /** @returns exit codes by replica */
  async stop(...replicas: readonly string[]): Promise<Record<string, number | string>> {
    const codes = await Promise.all(replicas.map(async (replica) => [replica, await this.node(replica).stop()] as const));
    for (const replica of replicas) this.nodes.delete(replica);
    return Object.fromEntries(codes);
  }

  async kill(...replicas: readonly string[]): Promise<void> {
    await Promise.all(replicas.map(async (replica) => this.node(replica).kill()));
    for (const replica of replicas) this.nodes.delete(replica);
  }

  async close(): Promise<void> {
    await this.stop(...this.nodes.keys());
    for (const link of this.#links.values()) await link.close();
    await rm(this.folder, { recursive: true, force: true });
  }

  #streamsOf(replica: string): ReplicaStreams {
    const peers = this.options.replicas.filter((to) => to !== replica).map((to) => [to, `127.0.0.1:${this.#ports.get(to) ?? this.link(replica, to).port}`]);
    const listenPort = this.#ports.get(replica);
    return { peers: Object.fromEntries(peers), ...(listenPort === undefined ? {} : { listenPort }) };
  }

  #linksTo(replica: string): Link[] {
    return [...this.#links].flatMap(([name, link]) => (name.endsWith(` ${replica}`) ? [link] : []));
  }
}

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => { server.close(resolve); });
  return port;
}
