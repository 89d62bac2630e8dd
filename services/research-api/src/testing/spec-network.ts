/** The network around the agent, in the specs' hands: a ledger of one replica, a PKG and a proxy behind the same HTTP contract. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ContractGenesis, createVerifiers, DEFAULT_PARAMETERS, genesisEntries, type Member, memberSchema, proposalSchema } from '@medveil/agreements';
import { contractApi, pkgApi, tokenRequestSchema } from '@medveil/client';
import { random } from '@medveil/delivery/testing';
import { accreditationLeaf, type IssuerKey, issuerKeyFromSeed, IssuerTree, loadVerifier, PART_TYPES, type VerificationKey, verificationKeyHash } from '@medveil/eligibility';
import { CodedError, decodeCanonical, digest, fromBase64Url, type Id, toBase64Url, toHex } from '@medveil/encoding';
import { type Network, TokenService } from '@medveil/host';
import {
  accountId, createCertificateAuthority, createEnrolmentToken, enrolmentTokenDigest, hpkeKeyPairFromSeed, issueECert, type SigningKeyPair, signingKeyFromSeed, signTCert, verifyECert,
  verifyEnrolmentRequest,   WEEKLY_EPOCHS,
} from '@medveil/identity';
import { createGenesis } from '@medveil/ledger';
import { type Afgh06, afgh06, loadEngine } from '@medveil/pre';
import { serve, SpecHttpError, type SpecRequest } from './spec-http.js';
import { SpecLedger } from './spec-ledger.js';

export const CHAIN = 'medveil-spec';
const DAY_MS = 86_400_000;
const sealKey = async (): Promise<Uint8Array> => (await hpkeKeyPairFromSeed(random(32))).publicKey;
const key = (): SigningKeyPair => signingKeyFromSeed(random(32));

/** Every secret of the network. */
const makeKeys = () => ({ replica: key(), authority: key(), tCert: key(), pkgAccount: key(), consortium: key(), fees: key(), treasury: key(), proxy: key(), auditor: key(), message: key() });
type Keys = ReturnType<typeof makeKeys>;

export class SpecNetwork {
  readonly hospital: IssuerKey = issuerKeyFromSeed(random(32));
  readonly issuers = IssuerTree.of([accreditationLeaf(this.hospital.publicKey)]);
  readonly keys: Keys = makeKeys();
  readonly bodies = new Map<string, Uint8Array>();
  readonly policies = new Map<string, Uint8Array>();
  /** Sealed, by claim. */
  readonly evidence = new Map<string, Uint8Array>();
  readonly auditorSeed = random(32);
  /** Asked for, by digest. */
  readonly bodyRequests: string[] = [];
  /** What the proxy makes of a body on its way out. */
  bend: (body: Uint8Array) => Uint8Array = (body) => body;
  /** how often the front does not take evidence */
  evidenceRefusals = 0;
  /** the front passes releases on and says that it did not */
  deniesReleases = false;
  ledger!: SpecLedger;
  network!: Network;
  urls!: { contractUrl: string; pkgUrl: string; proxyUrl: string };
  /** Moves everybody's clock, the ledger's too. */
  offsetMs = 0;
  /** Certificates renewed, by enrolment id. */
  readonly renewals: string[] = [];
  readonly clock = (): number => Date.now() + this.offsetMs;
  readonly #tokens = new Map<string, string>();
  readonly #enrolled = new Map<string, string>();
  readonly #fronts: { close(): Promise<void> }[] = [];

  private constructor(readonly pre: Afgh06) {}

  static async start(verificationKeys: readonly VerificationKey[]): Promise<SpecNetwork> {
    await loadVerifier();
    const spec = new SpecNetwork(afgh06(await loadEngine()));
    const verifiers = createVerifiers({ pre: spec.pre, verificationKeys });
    const genesis = createGenesis({
      version: 1,
      chainId: CHAIN,
      timeMs: spec.clock() - 1_000,
      replicaSet: [{ id: 'replica-0', publicKey: spec.keys.replica.publicKey }],
      parameters: null,
      state: genesisEntries(await spec.#contractGenesis(verificationKeys), verifiers),
    });
    spec.ledger = await SpecLedger.open(genesis, verifiers, spec.keys.replica, spec.clock);
    const nowMs = spec.clock();
    const authority = await createCertificateAuthority({ name: 'spec', key: spec.keys.authority, notBeforeMs: nowMs - DAY_MS, notAfterMs: nowMs + 1_000 * DAY_MS }, random);
    const holders = { threshold: 1, members: [{ id: 'holder-0', hpkePublicKey: toBase64Url(random(32)) }] };
    const message = toBase64Url(spec.keys.message.publicKey);
    spec.network = {
      version: 1, chainId: CHAIN, genesis: toBase64Url(genesis.bytes), caCertificate: toBase64Url(authority), pkgPublicKey: toBase64Url(spec.keys.tCert.publicKey),
      opening: { auditors: holders, replicas: holders }, messageKeys: { pkg: message, contract: message, 'proxy-cloud': message }, epochs: WEEKLY_EPOCHS,
      verificationKeys: Object.fromEntries(verificationKeys.map((vk) => [vk.instance.name, JSON.stringify(vk)])),
    };
    spec.urls = { contractUrl: await spec.#serve(spec.#contract()), pkgUrl: await spec.#serve(spec.#pkg()), proxyUrl: await spec.#serve(spec.#proxy()) };
    return spec;
  }

  async writeNetworkFile(folder: string): Promise<string> {
    const path = join(folder, 'network.json');
    await writeFile(path, JSON.stringify(this.network));
    return path;
  }

  async close(): Promise<void> {
    this.ledger.reader.stop();
    for (const front of this.#fronts) await front.close();
  }

  enrolmentToken(enrolmentId: string): string {
    const { token, tokenDigest } = createEnrolmentToken(random);
    this.#tokens.set(toHex(tokenDigest), enrolmentId);
    return toBase64Url(token);
  }

  async mint(account: Id<'acc'>, amount: number): Promise<void> {
    await this.ledger.send(this.keys.treasury, { type: 'mint', account, amount, reference: digest('medveil/spec/1', toHex(random(8))) });
  }

  /** A pseudonym with its owner key. */
  pseudonym() {
    const account = key();
    const owner = this.pre.ownerKeyFromSeed(random(32));
    const certificate = signTCert({
      version: 1, chainId: CHAIN, serial: random(16), role: 'patient', accountKey: account.publicKey, preKey: owner.publicKey, notBeforeMs: this.clock() - DAY_MS,
      notAfterMs: this.clock() + DAY_MS, opening: random(64),
    }, this.keys.tCert);
    return { account, owner, certificate };
  }

  async #contractGenesis(verificationKeys: readonly VerificationKey[]): Promise<ContractGenesis> {
    const { keys } = this;
    return {
      chainId: CHAIN, pkgPublicKey: keys.tCert.publicKey, pkgAccountKey: keys.pkgAccount.publicKey, feeAccountKey: keys.fees.publicKey, issuerRoot: this.issuers.root,
      consortium: [{ accountKey: keys.consortium.publicKey, name: 'member 0' }],
      members: [
        { role: 'treasury', accountKey: keys.treasury.publicKey, name: 'treasury', eCertHash: null },
        { role: 'proxy', accountKey: keys.proxy.publicKey, name: 'proxy', eCertHash: null, sealKey: await sealKey() },
        { role: 'auditor', accountKey: keys.auditor.publicKey, name: 'auditor', eCertHash: null, sealKey: (await hpkeKeyPairFromSeed(this.auditorSeed)).publicKey },
      ],
      verificationKeys: verificationKeys.map((vk) => ({ instance: vk.instance.name, hash: verificationKeyHash(vk), development: vk.development })),
      voucherKeys: [],
      allowDevelopmentKeys: true,
      registry: { domains: ['measurements'], parts: Object.fromEntries(PART_TYPES.map((part) => [part, part === 'laboratory' ? 'measurements' : null])) as ContractGenesis['registry']['parts'] },
      parameters: { ...DEFAULT_PARAMETERS, disputeBond: 50 },
      startedAtMs: this.clock() - 1_000,
    };
  }

  async #serve(routes: Parameters<typeof serve>[0]): Promise<string> {
    const front = await serve(routes);
    this.#fronts.push(front);
    return front.url;
  }

  #tokenService(audience: string) {
    const service = new TokenService({
      issuer: audience, audience, chainId: CHAIN, key: key(), clock: this.clock, random,
      trust: {
        audience, authority: fromBase64Url(this.network.caCertificate), pkgPublicKey: this.keys.tCert.publicKey, chainId: CHAIN,
        revocation: { isECertRevoked: () => false, isTCertRevoked: () => false }, clock: this.clock, firstUse: async () => true,
      },
    });
    const demand = async ({ bearer }: SpecRequest, scope: string): Promise<void> => {
      if (!(await service.verify(bearer)).scopes.has(scope)) throw new SpecHttpError(403, 'http/forbidden');
    };
    return { route: { 'POST /v1/token': ({ body }: SpecRequest) => service.exchange(tokenRequestSchema.parse(body)) }, demand };
  }

  #contract() {
    const { route, demand } = this.#tokenService('contract');
    const { reader } = this.ledger;
    return {
      ...route,
      'GET /v1/blocks': async (request: SpecRequest) => {
        await demand(request, 'ledger:read');
        return reader.blocks(contractApi.blocksQuerySchema.parse(Object.fromEntries(request.query)));
      },
      'GET /v1/state': async (request: SpecRequest) => {
        await demand(request, 'ledger:read');
        return reader.state(request.query.get('key') ?? '');
      },
      'GET /v1/transactions/(txn_[0-9a-f]+)': ({ params, query }: SpecRequest) => reader.transaction(params[0] as Id<'txn'>, Number(query.get('waitMs')), () => false),
      'POST /v1/transactions': async (request: SpecRequest) => {
        await demand(request, 'transactions:submit');
        const { transaction } = contractApi.submitTransactionSchema.parse(request.body);
        const receipt = await this.ledger.submit(fromBase64Url(transaction));
        if (this.deniesReleases && receipt?.events.some(({ type }) => type === 'requirement-released') === true) {
          throw new CodedError('agreements/bad-sample-proof', 'says the front');
        }
        return { transactionId: receipt?.transactionId ?? 'txn_00000000000000000000000000000000' };
      },
      'PUT /v1/policies/(req_[0-9a-f]+)': ({ params, body }: SpecRequest) => {
        this.policies.set(params[0] ?? '', fromBase64Url(contractApi.putPolicySchema.parse(body).policy));
      },
      'PUT /v1/evidence/(clm_[0-9a-f]+)': ({ params, body }: SpecRequest) => {
        if (this.evidenceRefusals > 0) {
          this.evidenceRefusals -= 1;
          throw new SpecHttpError(503, 'contract/busy');
        }
        this.evidence.set(params[0] ?? '', fromBase64Url(contractApi.evidenceSchema.parse(body).evidence));
      },
    };
  }

  #pkg() {
    const { route, demand } = this.#tokenService('pkg');
    return {
      ...route,
      'POST /v1/enrolments/renewals': async (request: SpecRequest) => {
        await demand(request, 'certificates:renew');
        const { request: wanted, certificate } = pkgApi.renewalRequestSchema.parse(request.body);
        const current = verifyECert(fromBase64Url(certificate), fromBase64Url(this.network.caCertificate), this.clock());
        const verified = verifyEnrolmentRequest(fromBase64Url(wanted), CHAIN, current.publicKey);
        this.renewals.push(verified.enrolmentId);
        return { enrolmentId: verified.enrolmentId, role: verified.role, certificate: await this.#certify(verified), notAfterMs: this.clock() + 300 * DAY_MS };
      },
      'POST /v1/enrolments': async ({ body }: SpecRequest) => {
        const { token, request, member } = pkgApi.enrolmentRequestSchema.parse(body);
        const verified = verifyEnrolmentRequest(fromBase64Url(request), CHAIN);
        const tokenDigest = toHex(enrolmentTokenDigest(fromBase64Url(token)));
        if (this.#tokens.get(tokenDigest) !== verified.enrolmentId) throw new SpecHttpError(403, 'pkg/unknown-token');
        const certificate = this.#enrolled.get(request) ?? (await this.#certify(verified));
        this.#enrolled.set(request, certificate);
        await this.#pin(memberSchema.parse(decodeCanonical(fromBase64Url(member ?? ''))));
        return { enrolmentId: verified.enrolmentId, role: verified.role, certificate, notAfterMs: this.clock() + 300 * DAY_MS };
      },
    };
  }

  async #certify(subject: ReturnType<typeof verifyEnrolmentRequest>): Promise<string> {
    const authority = { certificate: fromBase64Url(this.network.caCertificate), key: this.keys.authority };
    return toBase64Url(await issueECert({ subject, authority, notBeforeMs: this.clock() - 60_000, notAfterMs: this.clock() + 300 * DAY_MS }, random));
  }

  /** The consortium's vote. */
  async #pin(member: Member): Promise<void> {
    if (this.ledger.entry(accountId(member.accountKey)) !== undefined) return;
    const proposal = proposalSchema.parse({ action: { kind: 'pin-member', member }, reference: random(16), voteUntilMs: this.clock() + DAY_MS });
    await this.ledger.send(this.keys.consortium, { type: 'vote', proposal });
  }

  #proxy() {
    const { route, demand } = this.#tokenService('proxy-cloud');
    return {
      ...route,
      'GET /v1/bodies/([0-9a-f]{64})': async (request: SpecRequest) => {
        await demand(request, 'ciphertexts:read');
        const [digestHex = ''] = request.params;
        this.bodyRequests.push(digestHex);
        const body = this.bodies.get(digestHex);
        if (body === undefined) throw new SpecHttpError(404, 'proxy/not-found');
        return this.bend(body);
      },
    };
  }
}
