import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ContractGenesis, DEFAULT_PARAMETERS, delegateeKeyContext, genesisEntries, type Member } from '@medveil/agreements';
import { cacheSettings, openCache } from '@medveil/cache';
import { ApiError, HttpClient, PkgClient } from '@medveil/client';
import { type DatabaseEngine, PgliteEngine } from '@medveil/database';
import { openTestEngine } from '@medveil/database/testing';
import { fieldToBytes, PART_TYPES, subjectOf } from '@medveil/eligibility';
import { encodeCanonical, fromBase64Url, toBase64Url } from '@medveil/encoding';
import { assertionTokens, ensureKeyFile, type Infrastructure, type Network, OPERATOR, openVault, partyTokenSource } from '@medveil/host';
import {
  createCertificateAuthority, createEnrolmentRequest, createTCertRequest, derivePatientKeys, enrolmentTokenDigest, type EnrolmentRequest, epochAt, hpkeKeyPairFromSeed,
  type PatientKeys, PRE_KEY_KIND, type PseudonymRole, type Role, signingKeyFromSeed, type TCertRequestInput, WEEKLY_EPOCHS,
} from '@medveil/identity';
import { createGenesis, type Genesis } from '@medveil/ledger';
import { openTransport, type Transport } from '@medveil/messaging';
import { type Afgh06, afgh06, loadEngine } from '@medveil/pre';
import type { RunningService } from '@medveil/service-kit';
import { pkgSettings, type PkgSettings } from './settings.js';
import { SpecLedger } from './spec-ledger.js';
import { startPkg } from './start.js';

export const CHAIN = 'medveil-spec';
export const DAY_MS = 86_400_000;
const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length));

/** For `assert.rejects`: the problem+json's code and status. */
export const problem = (code: string, status: number) => (error: unknown) => {
  assert.ok(error instanceof ApiError, `not an answer of the API: ${String(error)}`);
  assert.deepEqual({ code: error.code, status: error.status }, { code, status });
  return true;
};

/** Asks again until the answer is there; a test that waits for what never comes fails. */
export async function eventually<T>(look: () => Promise<T | undefined> | T | undefined): Promise<T> {
  for (let tries = 0; tries < 400; tries += 1) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => { setTimeout(resolve, 25); });
  }
  throw new Error('it did not happen');
}

const SECRETS = ['ca-key', 't-cert-key', 'account-key', 'message-key', 'token-key'] as const;

/** A PKG with everything real around it but the contract service: its ledger is the contract's rules in memory. */
export class World {
  nowMs = Date.UTC(2026, 5, 1, 12);
  service!: RunningService;
  ledger!: SpecLedger;
  transport!: Transport;
  private engine!: DatabaseEngine;
  private readonly operatorKey = signingKeyFromSeed(random(32));
  readonly clock = (): number => this.nowMs;

  private constructor(
    readonly folder: string,
    readonly pre: Afgh06,
    readonly settings: PkgSettings,
    readonly network: Network,
    readonly genesis: Genesis,
  ) {}

  static async open(changes: Partial<PkgSettings> = {}): Promise<World> {
    const folder = await mkdtemp(join(tmpdir(), 'medveil-pkg-'));
    const seeds = Object.fromEntries(SECRETS.map((name) => [name, random(32)])) as Record<(typeof SECRETS)[number], Uint8Array>;
    const vault = { folder: join(folder, 'vault'), keyFile: join(folder, 'vault.key') };
    await ensureKeyFile(vault.keyFile, random);
    const opened = await openVault(vault, random);
    for (const name of SECRETS) await opened.put(name, seeds[name]);
    const pre = afgh06(await loadEngine());
    const { network, genesis } = await makeNetwork(seeds, pre);
    const networkFile = join(folder, 'network.json');
    await writeFile(networkFile, JSON.stringify(network));
    const base = pkgSettings.parse({
      mode: 'development', logLevel: 'silent', networkFile, vault, operatorPublicKey: toBase64Url(new Uint8Array(32)), contractUrl: 'http://127.0.0.1:9',
    });
    const world = new World(folder, pre, { ...base, ...changes }, network, genesis);
    world.engine = await openTestEngine({ clock: world.clock, dataDir: join(folder, 'database') });
    world.ledger = new SpecLedger(genesis, pre, signingKeyFromSeed(seeds['account-key']), world.clock);
    await world.#start();
    return world;
  }

  async #start(): Promise<void> {
    this.transport = openTransport({ kind: 'in-process', maxQueued: 1_000, maxMessageBytes: 1 << 20, publishTimeoutMs: 5_000, maxAttempts: 2 }, { clock: this.clock });
    const settings = { ...this.settings, operatorPublicKey: toBase64Url(this.operatorKey.publicKey) };
    this.service = await startPkg(settings, this.#infrastructure(), async () => this.ledger);
  }

  /** As after the end of the process: everything is read from disk again. */
  async restart(): Promise<void> {
    await this.stop();
    this.engine = await PgliteEngine.start({ dataDir: join(this.folder, 'database'), clock: this.clock });
    await this.#start();
  }

  async stop(): Promise<void> {
    await this.service.close();
    await this.transport.close();
    await this.engine.close();
  }

  async close(): Promise<void> {
    await this.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  #infrastructure(): Infrastructure {
    const { clock, transport, engine } = this;
    return {
      clock, random, transport, databases: engine, cache: openCache(cacheSettings.parse({ kind: 'memory' }), clock), logLevel: 'silent', measureProcess: false,
      openObjectStore: async () => { throw new Error('the PKG stores no objects'); },
    };
  }

  get anonymous(): PkgClient {
    return new PkgClient(new HttpClient({ baseUrl: this.service.url }));
  }

  operator(scopes: readonly string[] = ['enrolments:admin'], audience = 'pkg'): PkgClient {
    const token = partyTokenSource(OPERATOR, this.operatorKey, { scopes, audience }, { clock: this.clock, random });
    return new PkgClient(new HttpClient({ baseUrl: this.service.url, token }));
  }

  /** Enrolled with a token of the operator's. */
  async enrolled(enrolmentId: string, role: Role): Promise<Party> {
    const party = await Party.make(this, enrolmentId, role);
    const { token } = await this.operator().createEnrolmentToken(role, enrolmentId);
    await party.enrol(token);
    return party;
  }

  /** What is sent on a topic from now on. */
  listen(topic: string): readonly Uint8Array[] {
    const envelopes: Uint8Array[] = [];
    this.transport.bus.subscribe({ group: 'spec', topics: [topic], handler: async ({ value }) => void envelopes.push(value) });
    return envelopes;
  }
}

/** A party with keys of its own making. */
export class Party {
  certificate = '';

  private constructor(
    readonly world: World,
    readonly enrolmentId: string,
    readonly role: Role,
    readonly keys: PatientKeys,
    readonly hpkePublicKey: Uint8Array,
  ) {}

  static async make(world: World, enrolmentId: string, role: Role, keys = derivePatientKeys(random(32))): Promise<Party> {
    return new Party(world, enrolmentId, role, keys, (await hpkeKeyPairFromSeed(keys.hpkeSeed)).publicKey);
  }

  get subject(): Uint8Array | null {
    return this.role === 'patient' ? fieldToBytes(subjectOf(this.keys.idSecret)) : null;
  }

  enrolmentRequest(authority: EnrolmentRequest['authority'], changes: Partial<EnrolmentRequest> = {}): EnrolmentRequest {
    const { enrolmentId, role, hpkePublicKey, keys, world, subject } = this;
    return {
      version: 1, chainId: CHAIN, enrolmentId, role, publicKey: keys.enrolment.publicKey, hpkePublicKey, subjectCommitment: subject,
      requestedAtMs: world.nowMs, authority, ...changes,
    };
  }

  /** The body of POST /v1/enrolments. */
  enrolment(token: string, changes: Partial<EnrolmentRequest> = {}, member = this.role === 'institution' ? this.member() : undefined) {
    const authority = { kind: 'token', tokenDigest: enrolmentTokenDigest(fromBase64Url(token)) } as const;
    const request = toBase64Url(createEnrolmentRequest(this.enrolmentRequest(authority, changes), this.keys.enrolment));
    return { token, request, ...(member === undefined ? {} : { member: toBase64Url(encodeCanonical(member)) }) };
  }

  async enrol(token: string): Promise<void> {
    this.certificate = (await this.world.anonymous.enrol(this.enrolment(token))).certificate;
  }

  member(): Extract<Member, { role: 'institution' }> {
    const { pre } = this.world;
    const accountKey = this.keys.enrolment.publicKey;
    const key = pre.delegateeKeyFromSeed(this.keys.pseudonym(0).delegateeSeed);
    const delegateeProof = pre.proveDelegateeKey(key, delegateeKeyContext(CHAIN, accountKey), random);
    return { role: 'institution', accountKey, name: this.enrolmentId, eCertHash: null, delegateeKey: key.publicKey, delegateeProof, sealKey: this.hpkePublicKey };
  }

  /** Under an access token for the E-Cert. */
  get client(): PkgClient {
    const { service, clock } = this.world;
    const client = { key: this.keys.enrolment, credential: { kind: 'enrolment' as const, certificate: fromBase64Url(this.certificate) }, subject: this.enrolmentId };
    return new PkgClient(new HttpClient({ baseUrl: service.url, token: assertionTokens(service.url, 'pkg', client, { clock, random }) }));
  }

  pseudonym(index: number): TCertRequestInput['pseudonyms'][number] {
    const { pre } = this.world;
    const { account, ownerSeed } = this.keys.pseudonym(index);
    if (PRE_KEY_KIND[this.role as PseudonymRole] !== 'owner') return { account, preKey: null };
    const owner = pre.ownerKeyFromSeed(ownerSeed);
    return { account, preKey: { publicKey: owner.publicKey, prove: (context) => pre.proveOwnerKey(owner, context, random) } };
  }

  /** The body of POST /v1/t-certs. */
  batch(pseudonyms: TCertRequestInput['pseudonyms'], requestId = random(16)) {
    const { enrolmentId, certificate, world, keys } = this;
    const input = { chainId: CHAIN, enrolmentId, role: this.role as PseudonymRole, requestId, epoch: epochAt(world.nowMs, WEEKLY_EPOCHS), pseudonyms };
    return { certificate, request: toBase64Url(createTCertRequest(input, keys.enrolment)) };
  }
}

const publicKeyOf = (seed: Uint8Array): Uint8Array => signingKeyFromSeed(seed).publicKey;

const holder = async (id: string) => ({ id, hpkePublicKey: toBase64Url((await hpkeKeyPairFromSeed(random(32))).publicKey) });
const holders = (name: string, count: number) => Promise.all(Array.from({ length: count }, (_, index) => holder(`${name}-${index}`)));

async function makeNetwork(seeds: Record<(typeof SECRETS)[number], Uint8Array>, pre: Afgh06): Promise<{ network: Network; genesis: Genesis }> {
  const startedAtMs = Date.UTC(2026, 0, 1);
  const caKey = signingKeyFromSeed(seeds['ca-key']);
  const authority = await createCertificateAuthority({ name: 'spec', key: caKey, notBeforeMs: startedAtMs, notAfterMs: startedAtMs + 3_650 * DAY_MS }, random);
  const contract: ContractGenesis = {
    chainId: CHAIN,
    pkgPublicKey: publicKeyOf(seeds['t-cert-key']),
    pkgAccountKey: publicKeyOf(seeds['account-key']),
    consortium: [{ accountKey: publicKeyOf(random(32)), name: 'north' }],
    feeAccountKey: publicKeyOf(random(32)),
    members: [],
    verificationKeys: [{ instance: 'small', hash: random(32), development: true }],
    voucherKeys: [],
    allowDevelopmentKeys: true,
    registry: { domains: [], parts: Object.fromEntries(PART_TYPES.map((part) => [part, null])) as ContractGenesis['registry']['parts'] },
    issuerRoot: null,
    parameters: DEFAULT_PARAMETERS,
    startedAtMs,
  };
  const genesis = createGenesis({
    version: 1, chainId: CHAIN, timeMs: startedAtMs, replicaSet: [{ id: 'replica-0', publicKey: publicKeyOf(random(32)) }], parameters: null,
    state: genesisEntries(contract, SpecLedger.verifiers(pre)),
  });
  const network: Network = {
    version: 1, chainId: CHAIN, genesis: toBase64Url(genesis.bytes), caCertificate: toBase64Url(authority), pkgPublicKey: toBase64Url(contract.pkgPublicKey),
    opening: { auditors: { threshold: 2, members: await holders('auditor', 3) }, replicas: { threshold: 2, members: await holders('replica', 4) } },
    messageKeys: { pkg: toBase64Url(publicKeyOf(seeds['message-key'])) },
    epochs: WEEKLY_EPOCHS,
    verificationKeys: {},
  };
  return { network, genesis };
}
