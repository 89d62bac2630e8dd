import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Body, type BodyOf, decodeTransaction, readClaim, readNonce } from '@medveil/agreements';
import { TestNetwork, type TestPatient, type TestRecord } from '@medveil/agreements/testing';
import { cacheSettings, openCache } from '@medveil/cache';
import { HttpClient, ProxyClient } from '@medveil/client';
import { TestFront, testReplicas } from '@medveil/client/testing';
import type { DatabaseEngine } from '@medveil/database';
import { openTestEngine } from '@medveil/database/testing';
import { encodeCanonical, type Id, sha256, toBase64Url, toHex } from '@medveil/encoding';
import { assertionTokens, ensureKeyFile, type Network, openVault } from '@medveil/host';
import { createCertificateAuthority, type Credential, hpkeKeyPairFromSeed, hpkeSeal, issueECert, type SigningKeyPair, signingKeyFromSeed, WEEKLY_EPOCHS } from '@medveil/identity';
import { openTransport, type Transport, transportSettings } from '@medveil/messaging';
import { objectStoreSettings, openObjectStore } from '@medveil/object-store';
import type { RunningService } from '@medveil/service-kit';
import { grantContext } from './grant-format.js';
import { proxyCloudSettings } from './settings.js';
import { startProxyCloud } from './start.js';

export const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length));
const clock = (): number => Date.now();
const CHAIN = 'proxy-spec';
export const MAX_BODY_BYTES = 200_000;

export async function eventually<T>(look: () => Promise<T | undefined> | T | undefined): Promise<T> {
  for (let tries = 0; tries < 400; tries += 1) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => { setTimeout(resolve, 25); });
  }
  throw new Error('it did not happen');
}

/** A claim that the ledger has accepted, or would accept. */
export interface Exchange {
  readonly patient: TestPatient;
  readonly record: TestRecord;
  readonly bodies: Readonly<Record<'vital-signs' | 'laboratory', Uint8Array>>;
  readonly claimId: Id<'clm'>;
  /** puts the claim on the ledger */
  claim(): Promise<void>;
}

/** The proxy with everything real around it but the circuit and the replicas. */
export class World {
  service!: RunningService;
  front!: TestFront;
  network!: TestNetwork;
  readonly authority = signingKeyFromSeed(random(32));
  readonly operator = signingKeyFromSeed(random(32));
  readonly hpkeSeed = random(32);
  #authorityCertificate!: Uint8Array;
  #institutionCertificate!: Uint8Array;
  #auditorCertificate!: Uint8Array;
  #engine!: DatabaseEngine;
  #transport!: Transport;
  #sealKey!: Uint8Array;
  #requirement!: ReturnType<TestNetwork['requirement']>;

  private constructor(readonly folder: string) {}

  static async open(): Promise<World> {
    const world = new World(await mkdtemp(join(tmpdir(), 'medveil-proxy-')));
    await world.#setUp();
    await world.start();
    return world;
  }

  async #setUp(): Promise<void> {
    this.#sealKey = (await hpkeKeyPairFromSeed(this.hpkeSeed)).publicKey;
    const replicas = testReplicas(4, random);
    this.network = await TestNetwork.create({
      chainId: CHAIN, clock, random, proxySealKey: this.#sealKey, auditorSealKeys: [random(32), random(32)], replicaSet: replicas.map(({ id, key }) => ({ id, publicKey: key.publicKey })),
    });
    const genesis = this.network.genesis();
    this.front = await TestFront.open({ genesis, replicas, stateMachine: this.network.machine(), timeMs: clock });
    await ensureKeyFile(this.vault.keyFile, random);
    const vault = await openVault(this.vault, random);
    await vault.put('account-key', this.network.proxy.secretKey);
    await vault.put('hpke-seed', this.hpkeSeed);
    for (const name of ['message-key', 'token-key']) await vault.put(name, random(32));
    const validity = { notBeforeMs: clock() - 1_000, notAfterMs: clock() + 86_400_000 };
    this.#authorityCertificate = await createCertificateAuthority({ name: 'spec', key: this.authority, ...validity }, random);
    const { account } = this.network.institution;
    this.#institutionCertificate = await issueECert({
      subject: { enrolmentId: 'ins-1', role: 'institution', publicKey: account.publicKey, hpkePublicKey: random(32) },
      authority: { certificate: this.#authorityCertificate, key: this.authority }, ...validity,
    }, random);
    const [auditor] = this.network.auditors as [SigningKeyPair];
    this.#auditorCertificate = await issueECert({
      subject: { enrolmentId: 'auditor-0', role: 'auditor', publicKey: auditor.publicKey, hpkePublicKey: random(32) },
      authority: { certificate: this.#authorityCertificate, key: this.authority }, ...validity,
    }, random);
    const holder = { id: 'a', hpkePublicKey: toBase64Url(random(32)) };
    const network: Network = {
      version: 1, chainId: CHAIN, genesis: toBase64Url(genesis.bytes), pkgPublicKey: toBase64Url(this.network.pkgCertificates.publicKey),
      caCertificate: toBase64Url(this.#authorityCertificate), messageKeys: {},
      opening: { auditors: { threshold: 1, members: [holder] }, replicas: { threshold: 1, members: [holder] } },
      epochs: WEEKLY_EPOCHS, verificationKeys: this.network.verificationKeys,
    };
    await writeFile(this.networkFile, JSON.stringify(network));
    this.#engine = await openTestEngine({ clock });
    this.#transport = openTransport(transportSettings.parse({ kind: 'in-process' }), { clock });
    this.#requirement = this.network.requirement();
    await this.send(this.network.treasury, this.network.mint(10_000));
    await this.send(account, this.#requirement.body);
  }

  get networkFile(): string {
    return join(this.folder, 'network.json');
  }

  get vault() {
    return { folder: join(this.folder, 'vault'), keyFile: join(this.folder, 'vault.key') };
  }

  async start(): Promise<void> {
    const settings = proxyCloudSettings.parse({
      mode: 'development', logLevel: 'silent', networkFile: this.networkFile, vault: this.vault, operatorPublicKey: toBase64Url(this.operator.publicKey),
      contractUrl: this.front.url, maxBodyBytes: MAX_BODY_BYTES, maxAccountBytes: 2 * MAX_BODY_BYTES,
    });
    this.service = await startProxyCloud(settings, {
      clock, random, transport: this.#transport, databases: this.#engine, cache: openCache(cacheSettings.parse({ kind: 'memory' }), clock), logLevel: 'silent', measureProcess: false,
      openObjectStore: (name) => openObjectStore(objectStoreSettings.parse({ kind: 'folder', folder: join(this.folder, name) }), random),
    });
  }

  async restart(): Promise<void> {
    await this.service.close();
    await this.start();
  }

  async close(): Promise<void> {
    await this.service.close();
    await this.front.close();
    await this.#transport.close();
    await this.#engine.close();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Puts a transaction on the ledger. */
  async send(account: SigningKeyPair, body: Body, certificate: Uint8Array | null = null): Promise<void> {
    await this.front.commit(this.network.sign(account, readNonce(this.front.ledger.view(), account.publicKey), body, certificate));
  }

  tokenOf(key: SigningKeyPair, credential: Credential, subject: string) {
    return assertionTokens(this.service.url, 'proxy-cloud', { key, credential, subject }, { clock, random });
  }

  patientToken({ account, certificate, id }: TestPatient) {
    return this.tokenOf(account, { kind: 'pseudonym', certificate }, id);
  }

  get institutionToken() {
    return this.tokenOf(this.network.institution.account, { kind: 'enrolment', certificate: this.#institutionCertificate }, 'ins-1');
  }

  patientClient(patient: TestPatient): ProxyClient {
    return new ProxyClient(new HttpClient({ baseUrl: this.service.url, retries: 0, token: this.patientToken(patient) }));
  }

  get institutionClient(): ProxyClient {
    return new ProxyClient(new HttpClient({ baseUrl: this.service.url, retries: 0, token: this.institutionToken }));
  }

  get auditorClient(): ProxyClient {
    const [auditor] = this.network.auditors as [SigningKeyPair];
    const token = this.tokenOf(auditor, { kind: 'enrolment', certificate: this.#auditorCertificate }, 'auditor-0');
    return new ProxyClient(new HttpClient({ baseUrl: this.service.url, retries: 0, token }));
  }

  /** A fresh pseudonym with a registered record, its bodies at the proxy. */
  async exchange(): Promise<Exchange> {
    const patient = this.network.patient();
    const bodies = { 'vital-signs': random(2_000), laboratory: random(3_000) };
    for (const body of Object.values(bodies)) await this.patientClient(patient).putBody(toHex(sha256(body)), body);
    const record = this.network.record(patient, { 'vital-signs': sha256(bodies['vital-signs']), laboratory: sha256(bodies.laboratory) });
    await this.send(patient.account, record.body, patient.certificate);
    const { requirementId, body: { terms } } = this.#requirement;
    const claim = this.network.claim(patient, 1, record, requirementId, terms.policyHash);
    return { patient, record, bodies, claimId: claim.claimId, claim: async () => this.send(patient.account, claim.body) };
  }

  /** A grant as an agent makes it. */
  async sealed({ patient, record, claimId }: Exchange, changes: { keys?: readonly { part: string; reKey: Uint8Array }[]; claimId?: Id<'clm'>; account?: Id<'acc'> } = {}): Promise<string> {
    const keys = changes.keys ?? this.network.reKeys(patient, record);
    const plaintext = encodeCanonical({ claimId: changes.claimId ?? claimId, keys: keys.map(({ part, reKey }) => ({ part, reKey })) });
    return toBase64Url(await hpkeSeal(this.#sealKey, grantContext(claimId, changes.account ?? patient.id), plaintext, random));
  }

  claimOnLedger(claimId: Id<'clm'>) {
    return readClaim(this.front.ledger.view(), claimId);
  }

  /** Until a grant is no longer open. */
  async settled(patient: TestPatient, claimId: Id<'clm'>) {
    return eventually(async () => {
      const grant = await this.patientClient(patient).grantStatus(claimId);
      return grant.status === 'received' ? undefined : grant;
    });
  }

  /** The parts of a recorded delivery, as the ledger has them. */
  async delivered(claimId: Id<'clm'>): Promise<BodyOf<'record-delivery'>['parts']> {
    const { store, head } = this.front.ledger;
    for (let height = 1; height <= head.header.height; height += 1) {
      for (const bytes of (await store.block(height))?.block.transactions ?? []) {
        const { body } = decodeTransaction(bytes);
        if (body.type === 'record-delivery' && body.claimId === claimId) return body.parts;
      }
    }
    throw new Error('no delivery of this claim');
  }
}
