import type { Clock, RandomBytes } from '@medveil/encoding';
import { compilePolicy, encodePolicy, loadVerifier, PART_TYPES, parsePolicy, policyHash, sampleRequirementId, verificationKeyHash } from '@medveil/eligibility';
import { accountId, signingKeyFromSeed, signTCert, type SigningKeyPair } from '@medveil/identity';
import { createGenesis, type Genesis, type ReplicaSet, type StateMachine } from '@medveil/ledger';
import { type Afgh06, afgh06, type DelegateeKey, encodeLabel, loadEngine, type OwnerKey } from '@medveil/pre';
import { generateVoucherKey, type VoucherKeyPair } from '@medveil/vouchers';
import { createVerifiers, preStatementOf } from '../create-verifiers.js';
import { buildTransaction, claimIdOf, delegateeKeyContext, recordIdOf, requirementIdOf } from '../envelope.js';
import { genesisEntries } from '../genesis.js';
import { createContract } from '../machine.js';
import { DEFAULT_PARAMETERS } from '../parameters.js';
import type { Body, BodyOf } from '../transactions.js';
import type { AccountId, ClaimId, RequirementId, Terms } from '../vocabulary.js';
import { simulatedKey, simulateProof } from './simulated-proofs.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const PARTS = ['vital-signs', 'laboratory'] as const;

export interface TestInstitution {
  readonly account: SigningKeyPair;
  readonly id: AccountId;
  readonly delegatee: DelegateeKey;
}

export interface TestPatient {
  readonly account: SigningKeyPair;
  readonly id: AccountId;
  readonly owner: OwnerKey;
  readonly certificate: Uint8Array;
}

export interface TestRecord {
  readonly body: BodyOf<'register-record'>;
  readonly recordId: string;
  /** the seed in each part's capsule */
  readonly seeds: ReadonlyMap<string, Uint8Array>;
}

export interface TestNetworkOptions {
  readonly chainId: string;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly replicaSet: ReplicaSet;
  readonly proxySealKey: Uint8Array;
  /** HPKE public keys of the auditors; default: no auditors */
  readonly auditorSealKeys?: readonly Uint8Array[];
  /** false: the ledger pins no voucher key */
  readonly vouchers?: boolean;
}

/**
 * A chain with everything real but the eligibility circuit, whose key's trapdoor is known: for specs of services that need
 * whole exchanges. Parties, their genesis, and the transactions that they would send.
 */
export class TestNetwork {
  readonly treasury: SigningKeyPair;
  readonly pkgAccount: SigningKeyPair;
  readonly pkgCertificates: SigningKeyPair;
  readonly proxy: SigningKeyPair;
  readonly institution: TestInstitution;
  #voucherKey: VoucherKeyPair | undefined;
  /** accounts, in the order of `auditorSealKeys` */
  readonly auditors: readonly SigningKeyPair[];
  readonly issuerRoot: Uint8Array;

  private constructor(
    readonly options: TestNetworkOptions,
    readonly pre: Afgh06,
  ) {
    this.treasury = this.key();
    this.pkgAccount = this.key();
    this.pkgCertificates = this.key();
    this.proxy = this.key();
    this.auditors = (options.auditorSealKeys ?? []).map(() => this.key());
    this.issuerRoot = this.field();
    const account = this.key();
    this.institution = { account, id: accountId(account.publicKey), delegatee: pre.delegateeKeyFromSeed(options.random(32)) };
  }

  static async create(options: TestNetworkOptions): Promise<TestNetwork> {
    await loadVerifier();
    return new TestNetwork(options, afgh06(await loadEngine()));
  }

  key(): SigningKeyPair {
    return signingKeyFromSeed(this.options.random(32));
  }

  /** Of vouchers worth 10 credits; made when it is asked for, which takes its time. */
  get voucherKey(): VoucherKeyPair {
    this.#voucherKey ??= generateVoucherKey();
    return this.#voucherKey;
  }

  /** A canonical field element. */
  field(): Uint8Array {
    const bytes = this.options.random(32);
    bytes[0] = 0;
    return bytes;
  }

  /** As JSON text by instance, for a network's description. */
  get verificationKeys(): Record<string, string> {
    return { [simulatedKey.instance.name]: JSON.stringify(simulatedKey) };
  }

  machine(): StateMachine {
    return createContract({ verifiers: createVerifiers({ pre: this.pre, verificationKeys: [simulatedKey] }) });
  }

  genesis(): Genesis {
    const { chainId, clock, random, replicaSet, proxySealKey } = this.options;
    const { account, delegatee } = this.institution;
    const verifiers = createVerifiers({ pre: this.pre, verificationKeys: [simulatedKey] });
    const state = genesisEntries({
      chainId, pkgPublicKey: this.pkgCertificates.publicKey, pkgAccountKey: this.pkgAccount.publicKey, feeAccountKey: this.key().publicKey,
      consortium: [{ accountKey: this.key().publicKey, name: 'member' }],
      members: [
        { role: 'treasury', accountKey: this.treasury.publicKey, name: 'treasury', eCertHash: null },
        ...this.auditors.map((auditor, index) => ({
          role: 'auditor' as const, accountKey: auditor.publicKey, name: `auditor ${index}`, eCertHash: null, sealKey: this.options.auditorSealKeys?.[index] ?? new Uint8Array(),
        })),
        { role: 'proxy', accountKey: this.proxy.publicKey, name: 'proxy', eCertHash: null, sealKey: proxySealKey },
        {
          role: 'institution', accountKey: account.publicKey, name: 'institution', eCertHash: null, delegateeKey: delegatee.publicKey, sealKey: random(32),
          delegateeProof: this.pre.proveDelegateeKey(delegatee, delegateeKeyContext(chainId, account.publicKey), random),
        },
      ],
      verificationKeys: [{ instance: simulatedKey.instance.name, hash: verificationKeyHash(simulatedKey), development: true }], voucherKeys: this.options.vouchers === false ? [] : [{ denomination: 10, publicKey: this.voucherKey.publicKey, issuing: true }], allowDevelopmentKeys: true,
      registry: { domains: [], parts: Object.fromEntries(PART_TYPES.map((part) => [part, null])) as never },
      issuerRoot: this.issuerRoot, parameters: DEFAULT_PARAMETERS, startedAtMs: clock(),
    }, verifiers);
    return createGenesis({ version: 1, chainId, timeMs: clock(), replicaSet, parameters: null, state });
  }

  sign(account: SigningKeyPair, nonce: number, body: Body, certificate: Uint8Array | null = null): Uint8Array {
    const { chainId, clock } = this.options;
    return buildTransaction({ chainId, account, nonce, certificate, validUntilMs: clock() + 5 * 60_000, body }).bytes;
  }

  mint(amount: number): BodyOf<'mint'> {
    return { type: 'mint', account: this.institution.id, amount, reference: this.options.random(32) };
  }

  /** A requirement for two parts, with the policy behind its hash. */
  requirement(changes: Partial<Terms> = {}): { body: BodyOf<'release-requirement'>; requirementId: RequirementId; policy: Uint8Array } {
    const { chainId, clock, random } = this.options;
    const nowMs = clock();
    const policy = compilePolicy(parsePolicy('{version: 1, all: [{has: {code: {system: "http://loinc.org", code: "94500-6"}}}]}'), { releasedAtMs: nowMs, random });
    const terms: Terms = {
      keywords: ['covid-19'], policyHash: policyHash(policy), expectedResult: 1, parts: [...PARTS], format: { profile: null, resourceTypes: ['Observation'] },
      instance: simulatedKey.instance.name, verificationKeyHash: verificationKeyHash(simulatedKey),
      licence: { kind: 'non-exclusive', purposes: ['DUO:0000042'], purposeNote: '', untilMs: nowMs + 200 * DAY_MS, noOnwardSharing: true, territory: [], deleteByMs: null },
      rewardPerRecord: 100, quantity: 10, expiresAtMs: nowMs + 30 * DAY_MS, acceptsSelfAttested: false, ...changes,
    };
    const requirementId = requirementIdOf(chainId, this.institution.id, terms);
    const sample = { record: this.field(), claimNullifier: this.field(), domainNullifiers: [], issuerRoot: this.field() };
    const { record: h, ...inputs } = sample;
    const proof = simulateProof({
      h, policyHash: terms.policyHash, result: 1, requirementId: sampleRequirementId(requirementId), domains: [], ...inputs, pseudonym: this.institution.account.publicKey, chainId,
    });
    return { body: { type: 'release-requirement', terms, sample: { ...sample, proof } }, requirementId, policy: encodePolicy(policy) };
  }

  patient(): TestPatient {
    const { chainId, clock, random } = this.options;
    const account = this.key();
    const owner = this.pre.ownerKeyFromSeed(random(32));
    const certificate = signTCert({
      version: 1, chainId, serial: random(16), role: 'patient', accountKey: account.publicKey, preKey: owner.publicKey,
      notBeforeMs: clock() - HOUR_MS, notAfterMs: clock() + 100 * DAY_MS, opening: random(32),
    }, this.pkgCertificates);
    return { account, id: accountId(account.publicKey), owner, certificate };
  }

  /** @param bodyDigests of the ciphertext bodies by part */
  record({ owner }: TestPatient, bodyDigests: Readonly<Record<(typeof PARTS)[number], Uint8Array>>): TestRecord {
    const { chainId, random } = this.options;
    const record = this.field();
    const seeds = new Map<string, Uint8Array>();
    const parts = PARTS.map((part) => {
      const { seed, capsule } = this.pre.encapsulate(owner.publicKey, encodeLabel({ chainId, record, part, version: 1 }), random);
      seeds.set(part, seed);
      return { part, version: 1, capsule, bodyDigest: bodyDigests[part], bodyBytes: 4096 };
    });
    return { body: { type: 'register-record', record, parts }, recordId: recordIdOf(record), seeds };
  }

  claim(patient: TestPatient, nonce: number, { body: { record } }: TestRecord, requirementId: RequirementId, hash: Uint8Array): { body: BodyOf<'submit-claim'>; claimId: ClaimId } {
    const stated = { requirementId, policyHash: hash, result: 1, claimNullifier: this.field(), domainNullifiers: [], issuerRoot: this.issuerRoot };
    const proof = simulateProof({ h: record, ...stated, domains: [], pseudonym: patient.account.publicKey, chainId: this.options.chainId });
    return { body: { type: 'submit-claim', record, ...stated, proof }, claimId: claimIdOf(patient.id, nonce) };
  }

  /** What a patient's agent hands to the proxy. */
  reKeys({ owner }: TestPatient, { body: { record, parts } }: TestRecord, delegateePublicKey = this.institution.delegatee.publicKey): { part: string; reKey: Uint8Array }[] {
    return parts.map(({ part, version }) => ({
      part, reKey: this.pre.reKeyGen(owner, encodeLabel({ chainId: this.options.chainId, record, part, version }), delegateePublicKey),
    }));
  }

  /** What the proxy records of it. */
  delivery(patient: TestPatient, record: TestRecord, claimId: ClaimId): BodyOf<'record-delivery'> {
    const { pre, options: { chainId, random }, institution: { delegatee } } = this;
    const { parts, record: h } = record.body;
    const reKeys = this.reKeys(patient, record);
    return {
      type: 'record-delivery', claimId,
      parts: parts.map(({ part, version, capsule }, index) => {
        const { reKey } = reKeys[index] as { reKey: Uint8Array };
        const transformed = pre.reEncrypt(capsule, reKey);
        const stated = { chainId, record: h, part, version, claimId, ownerKey: patient.owner.publicKey, delegateeKey: delegatee.publicKey, capsule, transformed };
        return { part, transformed, proof: pre.proveReEncryption({ ...preStatementOf(stated), reKey }, random) };
      }),
    };
  }

  /** What the institution gets out of a delivered part. */
  open({ owner }: TestPatient, { body: { record } }: TestRecord, part: string, transformed: Uint8Array): Uint8Array {
    return this.pre.decapsulateDelegated(this.institution.delegatee, owner.publicKey, encodeLabel({ chainId: this.options.chainId, record, part, version: 1 }), transformed);
  }
}
