import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TestNetwork } from '@medveil/agreements/testing';
import { cacheSettings, openCache } from '@medveil/cache';
import { ContractClient, HttpClient } from '@medveil/client';
import { TestFront, testReplicas } from '@medveil/client/testing';
import type { DatabaseEngine } from '@medveil/database';
import { openTestEngine } from '@medveil/database/testing';
import { decodeCanonical, toBase64Url } from '@medveil/encoding';
import { assertionTokens, ensureKeyFile, type Network, OPERATOR, openVault, partyTokenSource, voucherKeyName } from '@medveil/host';
import { type Credential, createCertificateAuthority, type SigningKeyPair, signingKeyFromSeed, WEEKLY_EPOCHS } from '@medveil/identity';
import { openTransport, TOPICS, type Transport, transportSettings } from '@medveil/messaging';
import type { RunningService } from '@medveil/service-kit';
import { voucherKeyId } from '@medveil/vouchers';
import { contractSettings } from './settings.js';
import { startContract } from './start.js';

export const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length));
const CHAIN = 'contract-spec';

export async function eventually<T>(look: () => Promise<T | undefined> | T | undefined): Promise<T> {
  for (let tries = 0; tries < 400; tries += 1) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => { setTimeout(resolve, 25); });
  }
  throw new Error('it did not happen');
}

/** The contract's front with everything real around it but the replicas: certified blocks come from one test node. */
export class World {
  skewMs = 0;
  service!: RunningService;
  node!: TestFront;
  network!: TestNetwork;
  transport!: Transport;
  /** transactions handed to the replicas, and whether they put them into blocks at once */
  readonly submitted: Uint8Array[] = [];
  commits = true;
  readonly operator = signingKeyFromSeed(random(32));
  readonly authority = signingKeyFromSeed(random(32));
  readonly clock = (): number => Date.now() + this.skewMs;
  #engine!: DatabaseEngine;
  #description!: Network;

  private constructor(readonly folder: string) {}

  static async open(): Promise<World> {
    const world = new World(await mkdtemp(join(tmpdir(), 'medveil-contract-')));
    await world.#setUp();
    await world.start();
    return world;
  }

  async #setUp(): Promise<void> {
    const { clock } = this;
    const replicas = testReplicas(4, random);
    this.network = await TestNetwork.create({
      chainId: CHAIN, clock, random, proxySealKey: random(32), auditorSealKeys: [random(32)], replicaSet: replicas.map(({ id, key }) => ({ id, publicKey: key.publicKey })),
    });
    const genesis = this.network.genesis();
    this.node = await TestFront.open({ genesis, replicas, stateMachine: this.network.machine(), timeMs: clock });
    await ensureKeyFile(this.vault.keyFile, random);
    const vault = await openVault(this.vault, random);
    const messageKey = random(32);
    await vault.put('message-key', messageKey);
    await vault.put('token-key', random(32));
    await vault.put('treasury-key', this.network.treasury.secretKey);
    await vault.put(voucherKeyName(voucherKeyId(this.network.voucherKey.publicKey)), this.network.voucherKey.privateKey);
    const holder = { id: 'a', hpkePublicKey: toBase64Url(random(32)) };
    const other = toBase64Url(signingKeyFromSeed(random(32)).publicKey);
    this.#description = {
      version: 1, chainId: CHAIN, genesis: toBase64Url(genesis.bytes), pkgPublicKey: toBase64Url(this.network.pkgCertificates.publicKey),
      caCertificate: toBase64Url(await createCertificateAuthority({ name: 'spec', key: this.authority, notBeforeMs: clock(), notAfterMs: clock() + 86_400_000 }, random)),
      opening: { auditors: { threshold: 1, members: [holder] }, replicas: { threshold: 1, members: [holder] } },
      messageKeys: { contract: toBase64Url(signingKeyFromSeed(messageKey).publicKey), pkg: other, 'proxy-cloud': other },
      epochs: WEEKLY_EPOCHS, verificationKeys: this.network.verificationKeys,
    };
    await writeFile(this.networkFile, JSON.stringify(this.#description));
    this.#engine = await openTestEngine({ clock });
    this.transport = openTransport(transportSettings.parse({ kind: 'in-process' }), { clock });
    this.transport.bus.subscribe({
      group: 'replicas', topics: [TOPICS.transactions],
      handler: async ({ value }) => {
        const { payload } = decodeCanonical(value) as { readonly payload: { readonly transaction: Uint8Array } };
        this.submitted.push(payload.transaction);
        if (this.commits) await this.node.commit(payload.transaction);
      },
    });
  }

  get networkFile(): string {
    return join(this.folder, 'network.json');
  }

  get vault() {
    return { folder: join(this.folder, 'vault'), keyFile: join(this.folder, 'vault.key') };
  }

  async start(): Promise<void> {
    const settings = contractSettings.parse({
      mode: 'development', logLevel: 'silent', dataFolder: join(this.folder, 'data'), networkFile: this.networkFile, vault: this.vault,
      operatorPublicKey: toBase64Url(this.operator.publicKey), nodeUrls: ['http://127.0.0.1:1', this.node.url], gapPollMs: 50, maxPendingTransactions: 3,
    });
    const { clock, transport } = this;
    this.service = await startContract(settings, {
      clock, random, transport, databases: this.#engine, cache: openCache(cacheSettings.parse({ kind: 'memory' }), clock), logLevel: 'silent', measureProcess: false,
      openObjectStore: async () => { throw new Error('the contract stores no objects'); },
    });
  }

  async restart(): Promise<void> {
    await this.service.close();
    await this.start();
  }

  async close(): Promise<void> {
    await this.service.close();
    await this.node.close();
    await this.transport.close();
    await this.#engine.close();
    await rm(this.folder, { recursive: true, force: true });
  }

  get anonymous(): ContractClient {
    return new ContractClient(new HttpClient({ baseUrl: this.service.url, retries: 0 }));
  }

  by(...scopes: string[]): ContractClient {
    const token = partyTokenSource(OPERATOR, this.operator, { scopes, audience: 'contract' }, { clock: this.clock, random });
    return new ContractClient(new HttpClient({ baseUrl: this.service.url, token, retries: 0 }));
  }

  under(key: SigningKeyPair, credential: Credential, subject: string): ContractClient {
    const token = assertionTokens(this.service.url, 'contract', { key, credential, subject }, { clock: this.clock, random });
    return new ContractClient(new HttpClient({ baseUrl: this.service.url, token, retries: 0 }));
  }

  /** Until the front has executed what the node has. */
  async followed(): Promise<void> {
    await eventually(async () => ((await this.by('ledger:read').blocks({ from: 1, limit: 1 })).height === this.node.ledger.head.header.height ? true : undefined));
  }
}
