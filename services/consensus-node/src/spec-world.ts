import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Body, buildTransaction, createVerifiers, DEFAULT_PARAMETERS, genesisEntries, NONCES_AHEAD_MAX, readNonce } from '@medveil/agreements';
import { simulatedKey } from '@medveil/agreements/testing';
import { cacheSettings, openCache, scopedCache } from '@medveil/cache';
import { ConsensusNodeClient, HttpClient } from '@medveil/client';
import { loadVerifier, PART_TYPES, verificationKeyHash } from '@medveil/eligibility';
import { toBase64Url } from '@medveil/encoding';
import { ensureKeyFile, type Infrastructure, type Network, OPERATOR, openVault, partyTokenSource } from '@medveil/host';
import { accountId, createCertificateAuthority, type SigningKeyPair, signingKeyFromSeed, WEEKLY_EPOCHS } from '@medveil/identity';
import { createGenesis } from '@medveil/ledger';
import { createPublisher, ed25519Signer, type MessagePublisher, openTransport, TOPICS, TRANSACTION_SUBMITTED, type Transport, transportSettings } from '@medveil/messaging';
import { afgh06, loadEngine } from '@medveil/pre';
import type { RunningService } from '@medveil/service-kit';
import { ConsensusNode } from './node.js';
import { consensusNodeSettings } from './settings.js';
import { startConsensusNode } from './start.js';

export const CHAIN = 'consensus-spec';
export const REPLICAS = ['replica-0', 'replica-1', 'replica-2', 'replica-3'] as const;
export type ReplicaName = (typeof REPLICAS)[number];
const SECRETS = ['replica-key', 'message-key', 'operator-key'] as const;
const YEAR_MS = 365 * 86_400_000;
export const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length));
const keyPair = (): SigningKeyPair => signingKeyFromSeed(random(32));
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
  readonly treasury = keyPair();
  readonly pkgAccount = keyPair();
  readonly operator = keyPair();
  readonly pkgMessages = keyPair();
  readonly contractMessages = keyPair();
  readonly running = new Map<ReplicaName, RunningService>();
  readonly transport: Transport;
  readonly #cache = openCache(cacheSettings.parse({ kind: 'memory' }), clock);
  #mints = 0;
  network!: Network;

  private constructor(readonly folder: string) {
    this.transport = openTransport(transportSettings.parse({ kind: 'in-process', faults: { seed: 5, duplicateRate: 0.1, maxDelayMs: 10, reorder: true } }), {
      clock, groups: { [TOPICS.transactions]: [...REPLICAS], [TOPICS.consensus]: [...REPLICAS], [TOPICS.certificates]: [...REPLICAS] },
    });
  }

  static async open(): Promise<World> {
    const world = new World(await mkdtemp(join(tmpdir(), 'medveil-nodes-')));
    await world.#setUp();
    return world;
  }

  async #setUp(): Promise<void> {
    await ensureKeyFile(join(this.folder, 'vault.key'), random);
    const keys = new Map<string, SigningKeyPair>();
    for (const replica of REPLICAS) {
      const vault = await openVault(this.vault(replica), random);
      for (const name of SECRETS) {
        const seed = random(32);
        await vault.put(name, seed);
        keys.set(`${replica} ${name}`, signingKeyFromSeed(seed));
      }
    }
    const publicKey = (replica: string, name: (typeof SECRETS)[number]) => (keys.get(`${replica} ${name}`) as SigningKeyPair).publicKey;
    const nowMs = clock();
    await loadVerifier();
    const verifiers = createVerifiers({ pre: afgh06(await loadEngine()), verificationKeys: [simulatedKey] });
    const state = genesisEntries({
      chainId: CHAIN, pkgPublicKey: keyPair().publicKey, pkgAccountKey: this.pkgAccount.publicKey,
      consortium: REPLICAS.map((name) => ({ accountKey: publicKey(name, 'operator-key'), name })),
      feeAccountKey: keyPair().publicKey,
      members: [{ role: 'treasury', accountKey: this.treasury.publicKey, name: 'treasury', eCertHash: null }],
      verificationKeys: [{ instance: simulatedKey.instance.name, hash: verificationKeyHash(simulatedKey), development: true }], voucherKeys: [], allowDevelopmentKeys: true,
      registry: { domains: [], parts: Object.fromEntries(PART_TYPES.map((part) => [part, null])) as never },
      issuerRoot: null, parameters: DEFAULT_PARAMETERS, startedAtMs: nowMs,
    }, verifiers);
    const replicaSet = REPLICAS.map((id) => ({ id, publicKey: publicKey(id, 'replica-key') }));
    const genesis = createGenesis({ version: 1, chainId: CHAIN, timeMs: nowMs, replicaSet, parameters: null, state });
    const authority = await createCertificateAuthority({ name: 'spec', key: keyPair(), notBeforeMs: nowMs, notAfterMs: nowMs + YEAR_MS }, random);
    const holder = { id: 'a', hpkePublicKey: toBase64Url(random(32)) };
    this.network = {
      version: 1, chainId: CHAIN, genesis: toBase64Url(genesis.bytes), caCertificate: toBase64Url(authority), pkgPublicKey: toBase64Url(keyPair().publicKey),
      opening: { auditors: { threshold: 1, members: [holder] }, replicas: { threshold: 1, members: [holder] } },
      messageKeys: {
        contract: toBase64Url(this.contractMessages.publicKey), pkg: toBase64Url(this.pkgMessages.publicKey),
        ...Object.fromEntries(REPLICAS.map((name) => [name, toBase64Url(publicKey(name, 'message-key'))])),
      },
      epochs: WEEKLY_EPOCHS, verificationKeys: { [simulatedKey.instance.name]: JSON.stringify(simulatedKey) },
    };
    await writeFile(this.networkFile, JSON.stringify(this.network));
  }

  get networkFile(): string {
    return join(this.folder, 'network.json');
  }

  vault(replica: string) {
    return { folder: join(this.folder, 'vaults', replica), keyFile: join(this.folder, 'vault.key') };
  }

  dataFolder(replica: string): string {
    return join(this.folder, 'data', replica);
  }

  async start(...replicas: readonly ReplicaName[]): Promise<void> {
    for (const replica of replicas) {
      await mkdir(this.dataFolder(replica), { recursive: true });
      const settings = consensusNodeSettings.parse({
        mode: 'development', logLevel: 'silent', replica, dataFolder: this.dataFolder(replica), networkFile: this.networkFile, vault: this.vault(replica),
        operatorPublicKey: toBase64Url(this.operator.publicKey), autoApproveMembers: true, progressTimeoutMs: 1_000,
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
    const key = sender === 'contract' ? this.contractMessages : this.pkgMessages;
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
