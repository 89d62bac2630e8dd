import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Body, buildTransaction, NONCES_AHEAD_MAX, readNonce } from '@medveil/agreements';
import { cacheSettings, openCache, scopedCache } from '@medveil/cache';
import { ConsensusNodeClient, HttpClient } from '@medveil/client';
import { toBase64Url } from '@medveil/encoding';
import { type Infrastructure, type Network, OPERATOR, partyTokenSource } from '@medveil/host';
import { accountId, type SigningKeyPair } from '@medveil/identity';
import { createPublisher, ed25519Signer, type MessagePublisher, openTransport, TOPICS, TRANSACTION_SUBMITTED, type Transport, transportSettings } from '@medveil/messaging';
import type { RunningService } from '@medveil/service-kit';
import { ConsensusNode } from './node.js';
import { consensusNodeSettings } from './settings.js';
import { startConsensusNode } from './start.js';
import { createNetworkFiles, type NetworkFiles, random } from './testing/network-files.js';

export { random };
export const CHAIN = 'consensus-spec';
export const REPLICAS = ['replica-0', 'replica-1', 'replica-2', 'replica-3'] as const;
/** Prepared for the network, and in no set of genesis. */
export const NEWCOMER = 'replica-4';
const NODES = [...REPLICAS, NEWCOMER] as const;
export type ReplicaName = (typeof NODES)[number];
const clock = (): number => Date.now();

/** Asks again until the answer is there. */
export async function eventually<T>(look: () => Promise<T | undefined> | T | undefined, tries = 400): Promise<T> {
  for (let attempt = 0; attempt < tries; attempt += 1) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => { setTimeout(resolve, 25); });
  }
  throw new Error('it did not happen');
}

/** Four replicas that start as they do in production, on one in-process bus that duplicates, delays and reorders. */
export class World {
  readonly running = new Map<ReplicaName, RunningService>();
  readonly transport: Transport;
  readonly #cache = openCache(cacheSettings.parse({ kind: 'memory' }), clock);
  #mints = 0;

  private constructor(readonly folder: string, private readonly files: NetworkFiles) {
    this.transport = openTransport(transportSettings.parse({ kind: 'in-process', faults: { seed: 5, duplicateRate: 0.1, maxDelayMs: 10, reorder: true } }), {
      clock, groups: { [TOPICS.transactions]: [...NODES], [TOPICS.consensus]: [...NODES], [TOPICS.certificates]: [...NODES] },
    });
  }

  static async open(): Promise<World> {
    const folder = await mkdtemp(join(tmpdir(), 'medveil-nodes-'));
    return new World(folder, await createNetworkFiles({ folder, chainId: CHAIN, replicas: REPLICAS, newcomers: [NEWCOMER], nowMs: clock() }));
  }

  get network(): Network {
    return this.files.network;
  }

  /** The key that a replica was set up with. */
  replicaKey(replica: ReplicaName): SigningKeyPair {
    return this.files.replicaKey(replica);
  }

  get networkFile(): string {
    return this.files.networkFile;
  }

  get treasury(): SigningKeyPair {
    return this.files.treasury;
  }

  get pkgAccount(): SigningKeyPair {
    return this.files.pkgAccount;
  }

  get operator(): SigningKeyPair {
    return this.files.operator;
  }

  vault(replica: string) {
    return this.files.vault(replica);
  }

  dataFolder(replica: string): string {
    return this.files.dataFolder(replica);
  }

  /** What nodes that are started from now on have beside the usual settings. */
  snapshots: { interval?: number; peers?: Record<string, string>; minLead?: number } = {};

  async start(...replicas: readonly ReplicaName[]): Promise<void> {
    for (const replica of replicas) {
      await mkdir(this.dataFolder(replica), { recursive: true });
      const settings = consensusNodeSettings.parse({
        mode: 'development', logLevel: 'silent', replica, dataFolder: this.dataFolder(replica), networkFile: this.networkFile, vault: this.vault(replica),
        operatorPublicKey: toBase64Url(this.operator.publicKey), autoApproveMembers: true, progressTimeoutMs: 1_000, snapshots: this.snapshots,
      });
      this.running.set(replica, await startConsensusNode(settings, this.#infrastructure(replica)));
    }
  }

  #infrastructure(replica: string): Infrastructure {
    return {
      clock, random, transport: this.transport, cache: scopedCache(this.#cache, replica), logLevel: 'silent', measureProcess: false,
      databases: { open: async () => { throw new Error('a node has no database'); } } as never,
      openObjectStore: async () => { throw new Error('a node stores no objects'); },
    };
  }

  async stop(...replicas: readonly ReplicaName[]): Promise<void> {
    for (const replica of replicas) await this.running.get(replica)?.close();
    for (const replica of replicas) this.running.delete(replica);
  }

  async wipe(replica: ReplicaName): Promise<void> {
    await rm(this.dataFolder(replica), { recursive: true, force: true });
  }

  async close(): Promise<void> {
    await this.stop(...this.running.keys());
    await this.transport.close();
    await rm(this.folder, { recursive: true, force: true });
  }

  node(replica: ReplicaName): ConsensusNode {
    return (this.running.get(replica) as RunningService).app.get(ConsensusNode);
  }

  client(replica: ReplicaName, scopes: readonly string[] | null = ['ledger:read']): ConsensusNodeClient {
    const baseUrl = (this.running.get(replica) as RunningService).url;
    const token = scopes === null ? {} : { token: partyTokenSource(OPERATOR, this.operator, { scopes, audience: 'consensus-node' }, { clock, random }) };
    return new ConsensusNodeClient(new HttpClient({ baseUrl, retries: 0, ...token }));
  }

  publisher(sender: 'contract' | 'pkg'): MessagePublisher {
    const key = sender === 'contract' ? this.files.contractMessages : this.files.pkgMessages;
    return createPublisher({ client: this.transport.client(), network: CHAIN, signer: ed25519Signer(sender, key.secretKey), clock, random });
  }

  transaction(account: SigningKeyPair, nonce: number, body: Body): Uint8Array {
    return buildTransaction({ chainId: CHAIN, account, nonce, validUntilMs: clock() + 60_000, body }).bytes;
  }

  /** Sends so many credits to the treasury itself, as so many transactions. */
  async mint(count: number): Promise<void> {
    this.#mints += count;
    await this.#send();
  }

  /** As an author does: what is in no block yet is signed and sent again. */
  async #send(): Promise<void> {
    const done = Math.max(...[...this.running.keys()].map((name) => this.#nonceAt(name)));
    for (let nonce = done; nonce < Math.min(this.#mints, done + NONCES_AHEAD_MAX); nonce += 1) {
      const transaction = this.transaction(this.treasury, nonce, { type: 'mint', account: accountId(this.treasury.publicKey), amount: 1, reference: new Uint8Array(32) });
      await this.publisher('contract').publish(TRANSACTION_SUBMITTED, { transaction }, { key: 'treasury' });
    }
  }

  #nonceAt(name: ReplicaName): number {
    return readNonce(this.node(name).ledger.view(), this.treasury.publicKey);
  }

  /** Until these replicas have executed every mint, and agree on the state of one height. */
  async agreed(...replicas: readonly ReplicaName[]): Promise<{ height: number; stateRoot: string }> {
    let looks = 0;
    await eventually(async () => {
      looks += 1;
      if (looks % 20 === 0) await this.#send();
      return replicas.every((name) => this.#nonceAt(name) === this.#mints) || undefined;
    });
    return eventually(async () => {
      const all = await Promise.all(replicas.map(async (name) => this.client(name).status()));
      const [first] = all;
      const isSame = first !== undefined && all.every(({ height, stateRoot, headHash }) => height === first.height && stateRoot === first.stateRoot && headHash === first.headHash);
      return isSame && !this.node(replicas[0] as ReplicaName).ledger.head.hasUnprovenResults ? { height: first.height, stateRoot: first.stateRoot } : undefined;
    });
  }
}
