import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Body, type ClaimEntry, preStatementOf, readAccount, readClaim, readNonce } from '@medveil/agreements';
import { TestNetwork } from '@medveil/agreements/testing';
import { cacheSettings, openCache } from '@medveil/cache';
import { AuditorClient, HttpClient } from '@medveil/client';
import { TestFront, testReplicas } from '@medveil/client/testing';
import type { DatabaseEngine } from '@medveil/database';
import { openTestEngine } from '@medveil/database/testing';
import { type Auditor, encodeSealedEvidence, type Evidence, type SealedEvidence } from '@medveil/delivery';
import { type Id, sha256, toBase64Url, toHex } from '@medveil/encoding';
import { ensureKeyFile, type Network, OPERATOR, openVault, partyTokenSource } from '@medveil/host';
import { accountId, createCertificateAuthority, type HpkeKeyPair, hpkeKeyPairFromSeed, issueECert, type SigningKeyPair, signingKeyFromSeed, WEEKLY_EPOCHS } from '@medveil/identity';
import type { RunningService } from '@medveil/service-kit';
import { type AuditorSettings, auditorSettings } from './settings.js';
import { startAuditor } from './start.js';

export const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length));
const CHAIN = 'auditor-spec';
const AUDITORS = 3;
/** As the test network registers them. */
const BODY_BYTES = 4_096;

export async function eventually<T>(look: () => Promise<T | undefined> | T | undefined): Promise<T> {
  for (let tries = 0; tries < 1_200; tries += 1) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => { setTimeout(resolve, 25); });
  }
  throw new Error('it did not happen');
}

const notFound = (): never => {
  throw Object.assign(new Error('it is not here'), { status: 404 });
};

/** An auditor's agent on a real ledger; what contract and proxy hand out stands at one address, in the spec's hands. */
export class World {
  skewMs = 0;
  service!: RunningService;
  front!: TestFront;
  network!: TestNetwork;
  readonly evidence = new Map<string, SealedEvidence>();
  /** By digest; what is not here is not to be had. */
  readonly bodies = new Map<string, Uint8Array>();
  /** What patients registered; the spec hands it to the proxy, or does not. */
  readonly registered = new Map<string, Uint8Array>();
  readonly operator = signingKeyFromSeed(random(32));
  readonly clock = (): number => Date.now() + this.skewMs;
  readonly #seeds = Array.from({ length: AUDITORS }, () => random(32));
  #hpke: HpkeKeyPair[] = [];
  #engine!: DatabaseEngine;
  #requirement!: ReturnType<TestNetwork['requirement']>;

  private constructor(readonly folder: string) {}

  static async open(): Promise<World> {
    const world = new World(await mkdtemp(join(tmpdir(), 'medveil-auditor-')));
    await world.#setUp();
    return world;
  }

  async #setUp(): Promise<void> {
    const { clock } = this;
    this.#hpke = await Promise.all(this.#seeds.map((seed) => hpkeKeyPairFromSeed(seed)));
    const replicas = testReplicas(4, random);
    this.network = await TestNetwork.create({
      chainId: CHAIN, clock, random, proxySealKey: random(32), auditorSealKeys: this.#hpke.map(({ publicKey }) => publicKey),
      replicaSet: replicas.map(({ id, key }) => ({ id, publicKey: key.publicKey })),
    });
    const genesis = this.network.genesis();
    this.front = await TestFront.open({ genesis, replicas, stateMachine: this.network.machine(), timeMs: clock });
    this.front.others = (path) => this.#answer(path);
    await this.#writeNetwork(genesis.bytes);
    await ensureKeyFile(this.#vault.keyFile, random);
    const vault = await openVault(this.#vault, random);
    await vault.put('account-key', this.#own.secretKey);
    await vault.put('hpke-seed', this.#seeds[0] as Uint8Array);
    this.#engine = await openTestEngine({ clock });
    this.#requirement = this.network.requirement();
    await this.send(this.network.treasury, this.network.mint(10_000));
    await this.send(this.network.institution.account, this.#requirement.body);
  }

  async #writeNetwork(genesis: Uint8Array): Promise<void> {
    const key = signingKeyFromSeed(random(32));
    const validity = { notBeforeMs: this.clock() - 1_000, notAfterMs: this.clock() + 86_400_000 };
    const authority = await createCertificateAuthority({ name: 'spec', key, ...validity }, random);
    const certificate = await issueECert({
      subject: { enrolmentId: 'auditor-0', role: 'auditor', publicKey: this.#own.publicKey, hpkePublicKey: random(32) }, authority: { certificate: authority, key }, ...validity,
    }, random);
    const holder = { id: 'a', hpkePublicKey: toBase64Url(random(32)) };
    const network: Network = {
      version: 1, chainId: CHAIN, genesis: toBase64Url(genesis), pkgPublicKey: toBase64Url(this.network.pkgCertificates.publicKey), caCertificate: toBase64Url(authority),
      opening: { auditors: { threshold: 1, members: [holder] }, replicas: { threshold: 1, members: [holder] } }, messageKeys: {}, epochs: WEEKLY_EPOCHS,
      certificates: { 'auditor-0': toBase64Url(certificate) }, verificationKeys: this.network.verificationKeys,
    };
    await writeFile(join(this.folder, 'network.json'), JSON.stringify(network));
  }

  /** Contract and proxy know this auditor by their own rules; of those, their own specs speak. */
  #answer(path: string): unknown {
    if (path === '/v1/token') return { access_token: 'spec', token_type: 'Bearer', expires_in: 600, scope: '' };
    const name = path.split('/').at(-1) ?? '';
    const sealed = this.evidence.get(name);
    if (path.startsWith('/v1/bodies/')) return this.bodies.get(name) ?? notFound();
    if (path.startsWith('/v1/evidence/')) return sealed === undefined ? notFound() : { evidence: toBase64Url(encodeSealedEvidence(sealed)) };
    return undefined;
  }

  get #own(): SigningKeyPair {
    return this.network.auditors[0] as SigningKeyPair;
  }

  get #vault() {
    return { folder: join(this.folder, 'vault'), keyFile: join(this.folder, 'vault.key') };
  }

  async start(changes: Partial<AuditorSettings> = {}): Promise<void> {
    const settings = auditorSettings.parse({
      mode: 'development', logLevel: 'silent', auditor: 'auditor-0', networkFile: join(this.folder, 'network.json'), vault: this.#vault,
      operatorPublicKey: toBase64Url(this.operator.publicKey), contractUrl: this.front.url, proxyUrl: this.front.url, retryMs: 20, ...changes,
    });
    const { clock } = this;
    this.service = await startAuditor(settings, { clock, random, cache: openCache(cacheSettings.parse({ kind: 'memory' }), clock), databases: this.#engine, measureProcess: false });
  }

  async restart(changes: Partial<AuditorSettings> = {}): Promise<void> {
    await this.service.close();
    await this.start(changes);
  }

  async close(): Promise<void> {
    await this.service.close();
    await this.front.close();
    await this.#engine.close();
    await rm(this.folder, { recursive: true, force: true });
  }

  client(...scopes: string[]): AuditorClient {
    const token = partyTokenSource(OPERATOR, this.operator, { scopes, audience: 'auditor' }, { clock: this.clock, random });
    return new AuditorClient(new HttpClient({ baseUrl: this.service.url, token, retries: 0 }));
  }

  get auditors(): Auditor[] {
    return this.network.auditors.map(({ publicKey }, index) => ({ account: accountId(publicKey), sealKey: this.#hpke[index]?.publicKey ?? new Uint8Array() }));
  }

  async send(account: SigningKeyPair, body: Body, certificate: Uint8Array | null = null): Promise<void> {
    await this.front.commit(this.network.sign(account, readNonce(this.front.ledger.view(), account.publicKey), body, certificate));
  }

  /** A delivery that is recorded, of a patient who registered noise for ciphertext, and evidence that shows it. */
  async delivered(): Promise<Evidence> {
    const { network } = this;
    const patient = network.patient();
    const noise = { 'vital-signs': random(BODY_BYTES), laboratory: random(BODY_BYTES) };
    const record = network.record(patient, { 'vital-signs': sha256(noise['vital-signs']), laboratory: sha256(noise.laboratory) });
    for (const body of Object.values(noise)) this.registered.set(toHex(sha256(body)), body);
    await this.send(patient.account, record.body, patient.certificate);
    const { requirementId, policy, body: { terms } } = this.#requirement;
    const claim = network.claim(patient, 1, record, requirementId, terms.policyHash);
    await this.send(patient.account, claim.body);
    const delivery = network.delivery(patient, record, claim.claimId);
    await this.send(network.proxy, delivery);
    const transformed = delivery.parts.map(({ part, transformed: capsule }) => ({ part, transformed: capsule }));
    const disclosed = record.body.parts.map((registered, index) => {
      const { part, version, capsule } = registered;
      const statement = preStatementOf({
        chainId: CHAIN, record: record.body.record, part, version, claimId: claim.claimId, ownerKey: patient.owner.publicKey, delegateeKey: network.institution.delegatee.publicKey, capsule,
        transformed: transformed[index]?.transformed ?? new Uint8Array(),
      });
      return { part, key: network.pre.discloseCapsuleKey(network.institution.delegatee, statement, random) };
    });
    return { version: 1, chainId: CHAIN, claimId: claim.claimId, policy, transformed, disclosed, code: 'x', checks: [], salt: random(16) };
  }

  open(claimId: Id<'clm'>, evidenceHash: Uint8Array): Promise<void> {
    return this.send(this.network.institution.account, { type: 'open-dispute', claimId, evidenceHash });
  }

  claim(claimId: Id<'clm'>): ClaimEntry | null {
    return readClaim(this.front.ledger.view(), claimId);
  }

  balance(account: Id<'acc'>): number {
    return readAccount(this.front.ledger.view(), account)?.balance ?? 0;
  }

  votes(claimId: Id<'clm'>): NonNullable<ClaimEntry['dispute']>['votes'] {
    return this.claim(claimId)?.dispute?.votes ?? [];
  }
}
