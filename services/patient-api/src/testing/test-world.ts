import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Body, createVerifiers, decodeTransaction, DEFAULT_PARAMETERS, genesisEntries, type Member, type Parameters } from '@medveil/agreements';
import { cacheSettings, openCache } from '@medveil/cache';
import { contractApi } from '@medveil/client';
import { type CircuitArtefacts, ensureCircuits, loadProvingCircuit } from '@medveil/circuits';
import { type DatabaseEngine } from '@medveil/database';
import { openTestEngine } from '@medveil/database/testing';
import { createSnarkjsProver, loadVerifier, type Prover, type ProvingCircuit, type VerificationKey, verificationKeyHash } from '@medveil/eligibility';
import { CodedError, type Clock, digest, fromBase64Url, type Id, type RandomBytes, toBase64Url } from '@medveil/encoding';
import { assertionTrust, ensureKeyFile, type Network, OPERATOR, signPartyToken, TokenService } from '@medveil/host';
import {
  accountId, type CertificateAuthority, createCertificateAuthority, emptyRevocationList, type HpkeKeyPair, hpkeKeyPairFromSeed, type OpeningCommittees, revocationCheck,
  type SigningKeyPair, signingKeyFromSeed, WEEKLY_EPOCHS,
} from '@medveil/identity';
import { createGenesis } from '@medveil/ledger';
import { objectStoreSettings, openObjectStore } from '@medveil/object-store';
import { type Afgh06, afgh06, loadEngine } from '@medveil/pre';
import type { RunningService } from '@medveil/service-kit';
import { patientApiSettings, type PatientApiSettings } from '../settings.js';
import { startPatientApi } from '../start.js';
import { type LoopbackServer, type Route, serve } from './http-server.js';
import { TestInstitution } from './test-institution.js';
import { TestLedger } from './test-ledger.js';
import { TestPkg } from './test-pkg.js';
import { TestProxy } from './test-proxy.js';
import { TestTreasury } from './test-treasury.js';

const CHAIN = 'medveil-agent-spec';
const INSTANCE = 'small';
const DAY_MS = 86_400_000;

export interface WorldKeys {
  readonly replica: SigningKeyPair;
  readonly tCert: SigningKeyPair;
  readonly pkgAccount: SigningKeyPair;
  readonly treasury: SigningKeyPair;
  readonly institution: SigningKeyPair;
  readonly proxy: SigningKeyPair;
  readonly proxyHpke: HpkeKeyPair;
  readonly operator: SigningKeyPair;
}

/**
 * What the agent meets: a ledger of one replica, a PKG, a proxy and an institution, small but with the real cryptography, behind
 * the real HTTP schemas. The clock can be moved on.
 */
export class TestWorld {
  readonly random: RandomBytes = (length) => new Uint8Array(randomBytes(length));
  #aheadMs = 0;
  readonly clock: Clock = () => Date.now() + this.#aheadMs;
  readonly pkg = new TestPkg(this);
  readonly proxy = new TestProxy(this);
  readonly treasury = new TestTreasury(this);
  servers!: { readonly contract: LoopbackServer; readonly pkg: LoopbackServer; readonly proxy: LoopbackServer };
  /** the front passes claims on and says that it did not */
  frontDeniesClaims = false;
  /** the front is away when transactions of this type come, or before it has answered them */
  frontLoses: { readonly type: Body['type']; readonly when: 'before' | 'after' } | null = null;
  ledger!: TestLedger;
  institution!: TestInstitution;
  network!: Network;
  authority!: CertificateAuthority;
  committees!: OpeningCommittees;
  prover!: Prover;
  circuit!: ProvingCircuit;

  private constructor(
    readonly folder: string,
    readonly keys: WorldKeys,
    readonly pre: Afgh06,
    readonly databases: DatabaseEngine,
    private readonly artefacts: CircuitArtefacts,
  ) {}

  static async open(parameters: Partial<Parameters> = {}): Promise<TestWorld> {
    const folder = await mkdtemp(join(tmpdir(), 'medveil-patient-api-'));
    const keyOf = (name: string): SigningKeyPair => signingKeyFromSeed(secret(name));
    const artefacts = (await ensureCircuits({ instances: [INSTANCE] })).get(INSTANCE);
    if (artefacts === undefined) throw new Error('no circuit');
    const keys: WorldKeys = {
      replica: keyOf('replica'), tCert: keyOf('t-cert'), pkgAccount: keyOf('pkg'), treasury: keyOf('treasury'), institution: keyOf('institution'),
      proxy: keyOf('proxy'), proxyHpke: await hpkeKeyPairFromSeed(secret('proxy hpke')), operator: keyOf('operator'),
    };
    const world = new TestWorld(folder, keys, afgh06(await loadEngine()), await openTestEngine({ clock: () => Date.now() }), artefacts);
    await world.#found(parameters);
    return world;
  }

  get verificationKey(): VerificationKey {
    return this.artefacts.verificationKey;
  }

  secret(name: string): Uint8Array {
    return secret(name);
  }

  /** Lets time pass for everybody. */
  advance(ms: number): void {
    this.#aheadMs += ms;
  }

  async #found(parameters: Partial<Parameters>): Promise<void> {
    const { keys, random, clock } = this;
    const nowMs = clock();
    const caKey = signingKeyFromSeed(secret('ca'));
    const certificate = await createCertificateAuthority({ name: 'spec', key: caKey, notBeforeMs: nowMs - DAY_MS, notAfterMs: nowMs + 3_650 * DAY_MS }, random);
    this.authority = { key: caKey, certificate };
    const holder = async (id: string) => ({ id, hpkePublicKey: toBase64Url((await hpkeKeyPairFromSeed(secret(id))).publicKey) });
    const opening = {
      auditors: { threshold: 2, members: [await holder('auditor-0'), await holder('auditor-1')] },
      replicas: { threshold: 2, members: [await holder('replica-0'), await holder('replica-1')] },
    };
    const committee = ({ threshold, members }: (typeof opening)['auditors']) => ({
      threshold, members: members.map(({ id, hpkePublicKey }) => ({ id, publicKey: fromBase64Url(hpkePublicKey) })),
    });
    this.committees = { auditors: committee(opening.auditors), replicas: committee(opening.replicas) };
    this.network = {
      version: 1, chainId: CHAIN, genesis: '', caCertificate: toBase64Url(certificate), pkgPublicKey: toBase64Url(keys.tCert.publicKey), opening, messageKeys: {},
      epochs: WEEKLY_EPOCHS, verificationKeys: { [INSTANCE]: JSON.stringify(this.verificationKey) },
    };
    this.institution = new TestInstitution(this);
    await this.#openLedger(nowMs, { ...DEFAULT_PARAMETERS, ...parameters });
    await writeFile(join(this.folder, 'network.json'), JSON.stringify(this.network));
    await ensureKeyFile(join(this.folder, 'vault.key'), random);
    this.prover = createSnarkjsProver({ threads: 1 });
    this.circuit = await loadProvingCircuit(this.artefacts);
    this.servers = {
      contract: await serve(this.#tokens('contract'), this.#contract), pkg: await serve(this.#tokens('pkg'), this.pkg.route), proxy: await serve(this.#tokens('proxy-cloud'), this.proxy.route),
    };
  }

  async #openLedger(nowMs: number, parameters: Parameters): Promise<void> {
    const { keys } = this;
    const members: Member[] = [
      { role: 'treasury', accountKey: keys.treasury.publicKey, name: 'treasury', eCertHash: null },
      { role: 'proxy', accountKey: keys.proxy.publicKey, name: 'proxy', eCertHash: null, sealKey: keys.proxyHpke.publicKey },
      this.institution.member,
    ];
    await loadVerifier();
    const genesis = createGenesis({
      version: 1, chainId: CHAIN, timeMs: nowMs, replicaSet: [{ id: 'replica-0', publicKey: keys.replica.publicKey }], parameters: null,
      state: genesisEntries({
        chainId: CHAIN, pkgPublicKey: keys.tCert.publicKey, pkgAccountKey: keys.pkgAccount.publicKey, consortium: [{ accountKey: signingKeyFromSeed(secret('voter')).publicKey, name: 'voter' }],
        feeAccountKey: signingKeyFromSeed(secret('fees')).publicKey, members,
        verificationKeys: [{ instance: INSTANCE, hash: verificationKeyHash(this.verificationKey), development: true }], voucherKeys: [this.treasury.voucherKey], allowDevelopmentKeys: true,
        registry: {
          domains: ['measurements'],
          parts: {
            demographics: null, 'vital-signs': 'measurements', laboratory: 'measurements', conditions: null, medications: null, procedures: null, immunizations: null,
            allergies: null, 'social-history': null, other: null,
          },
        },
        issuerRoot: null, parameters, startedAtMs: nowMs,
      }, createVerifiers({ pre: this.pre, verificationKeys: [this.verificationKey] })),
    });
    this.network = { ...this.network, genesis: toBase64Url(genesis.bytes) };
    this.ledger = await TestLedger.open(genesis, keys.replica, [this.verificationKey], this.clock);
    await this.ledger.execute(keys.treasury, { type: 'mint', account: accountId(keys.institution.publicKey), amount: 10_000, reference: secret('deposit') });
  }

  #tokens(audience: string): TokenService {
    const { network, clock, random } = this;
    const used = new Set<string>();
    const firstUse = async (jti: string) => !used.has(jti) && used.add(jti).has(jti);
    const revocation = revocationCheck(emptyRevocationList(CHAIN, clock()));
    return new TokenService({
      issuer: audience, audience, chainId: CHAIN, key: signingKeyFromSeed(secret(`token ${audience}`)), trust: assertionTrust({ network, audience, clock, firstUse, revocation }), clock, random,
    });
  }

  readonly #contract: Route = async (method, { path, query, json, caller }) => {
    if (caller === null) throw new Error('no credential');
    const { reader } = this.ledger;
    if (method === 'POST') {
      const { transaction } = contractApi.submitTransactionSchema.parse(json());
      const bytes = fromBase64Url(transaction);
      const loses = decodeTransaction(bytes).body.type === this.frontLoses?.type ? this.frontLoses.when : null;
      if (loses === 'before') throw new CodedError('http/unavailable', 'the front is away');
      const receipt = await this.ledger.submit(bytes);
      if (loses === 'after') throw new CodedError('http/unavailable', 'the front is away');
      if (this.frontDeniesClaims && receipt?.events.some(({ type }) => type === 'claim-accepted') === true) {
        throw new CodedError('agreements/bad-eligibility-proof', 'says the front');
      }
      return { transactionId: receipt?.transactionId };
    }
    if (path === '/v1/blocks') return reader.blocks(contractApi.blocksQuerySchema.parse(Object.fromEntries(query)));
    if (path === '/v1/state') return reader.state(query.get('key') ?? '');
    if (path === '/v1/policies') return { items: [...this.institution.policies].map(([requirementId, policy]) => ({ requirementId, policy })) };
    const id = /^\/v1\/transactions\/(txn_[0-9a-f]{64})$/.exec(path)?.[1];
    return id === undefined ? undefined : reader.transaction(id as Id<'txn'>, Number(query.get('waitMs') ?? 0), () => false);
  };

  settings(hospitalToken: string | undefined, overrides: Partial<PatientApiSettings> = {}): PatientApiSettings {
    const { servers, folder, keys, artefacts } = this;
    return patientApiSettings.parse({
      mode: 'development', logLevel: 'silent', networkFile: join(folder, 'network.json'), pkgUrl: servers.pkg.url, contractUrl: servers.contract.url, proxyUrl: servers.proxy.url,
      vault: { folder: join(folder, 'vault'), keyFile: join(folder, 'vault.key') }, operatorPublicKey: toBase64Url(keys.operator.publicKey),
      hospital: { enrolmentId: 'hospital-0', ...(hospitalToken === undefined ? {} : { enrolmentToken: hospitalToken }) },
      circuitFolders: [join(artefacts.zkeyPath, '..')], policyPollMs: 100, pseudonymBatch: 4, standingSpreadMs: 0, ...overrides,
    });
  }

  /** @param databases another engine for an agent that has lost what it had */
  startAgent(settings: PatientApiSettings, databases = this.databases): Promise<RunningService> {
    const { clock, random, folder } = this;
    const openObjects = (service: string) => openObjectStore(objectStoreSettings.parse({ kind: 'folder', folder: join(folder, 'objects', service), maxObjectBytes: 1 << 28 }), random);
    return startPatientApi(settings, { clock, random, databases, cache: openCache(cacheSettings.parse({ kind: 'memory' }), clock), measureProcess: false, openObjectStore: openObjects });
  }

  operatorToken(scopes: readonly string[]): Promise<string> {
    return signPartyToken(OPERATOR, this.keys.operator, { scopes, audience: 'patient-api', lifetimeMs: 30 * DAY_MS }, this);
  }

  async close(): Promise<void> {
    this.ledger.reader.stop();
    for (const server of Object.values(this.servers)) await server.close();
    await this.prover.close();
    await this.databases.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}

const secret = (name: string): Uint8Array => digest('medveil/agent-spec/1', name);
