/**
 * What many patients' agents write on the ledger and hand to the proxy for two requirements, and nothing else. Real: keys from a seed, T-Certs with their
 * openings, capsules, sealed bodies, commitments, nullifiers, signed transactions, the time at which the agent begins, the contract that accepts
 * them. Drawn: the proof's 128 bytes (a Groth16 proof is uniform among those of its statement), partsRoot, sizes of parts, delays.
 */
import {
  type Body, buildTransaction, createContract, createVerifiers, decodeTransaction, DEFAULT_PARAMETERS, delegateeKeyContext, type DomainRegistry, genesisEntries,
  type RequirementId, requirementIdOf, type Terms,
} from '@medveil/agreements';
import { simulatedKey } from '@medveil/agreements/testing';
import { claimNullifier, commit, domainNullifier, fieldToBytes, idToField, loadVerifier, PART_TYPES, type PartType, subjectOf, verificationKeyHash } from '@medveil/eligibility';
import { seededRandom } from '@medveil/eligibility/testing';
import { concatBytes, encodeCanonical, type RandomBytes, sha256 } from '@medveil/encoding';
import {
  accountId, derivePatientKeys, epochAt, hpkeKeyPairFromSeed, issueTCerts, type OpeningCommittees, type PatientKeys, signingKeyFromSeed, signTCert, type SigningKeyPair,
  type TCert, type TCertRequest, decodeTCert, validityOfEpoch, WEEKLY_EPOCHS,
} from '@medveil/identity';
import { WorkingState } from '@medveil/ledger';
import { type Afgh06, afgh06, BODY_HEADER_BYTES, encodeLabel, encryptBody, loadEngine, type OwnerKey } from '@medveil/pre';
import { startAtMs } from '../exchanges/start-time.js';
import { numbersFrom, shuffle } from './distinguisher.js';

/** Deliberate mistakes, each of which shows who is who. */
export type Leak =
  | 'serials in sequence' | 'a stock of T-Certs over two epochs' | 'exchanges begun at once, in the patients’ order' | 'one r for all instances'
  | 'sizes that go with the person' | 'one domain';

export interface SeenPseudonym {
  readonly certificate: TCert;
  readonly ownerKey: Uint8Array;
  readonly record: Uint8Array;
  readonly claimNullifier: Uint8Array;
  readonly domainNullifiers: readonly Uint8Array[];
  readonly bodyBytes: number;
  /** salt and version of the body: the rest is AES-GCM under a key of its own */
  readonly bodyHeader: Uint8Array;
  readonly registration: SeenTransaction;
  readonly claim: SeenTransaction & { readonly validForMs: number; readonly rank: number };
  /** filled by the distinguisher */
  readonly runs: Set<number>;
}

interface SeenTransaction {
  readonly bytes: Uint8Array;
  readonly nonce: number;
  /** of its block */
  readonly timeMs: number;
  /** in the chain */
  readonly position: number;
}

interface Offer {
  readonly terms: Terms;
  readonly requirementId: RequirementId;
  readonly domains: readonly string[];
}

/** One instance, before it is known when and with which mistakes it is sent. */
interface Prepared {
  readonly person: number;
  readonly account: SigningKeyPair;
  readonly ownerSeed: Uint8Array;
  readonly cert: TCert;
}

/** What stays the same whenever it is sent. */
interface Instance {
  readonly part: PartType;
  readonly owner: OwnerKey;
  readonly h: Uint8Array;
  readonly seed: Uint8Array;
  readonly capsule: Uint8Array;
  readonly nullifier: Uint8Array;
  readonly domainNullifiers: Uint8Array[];
}

interface Sent {
  readonly person: number;
  readonly offer: number;
  readonly kind: 'registration' | 'claim';
  readonly atMs: number;
  readonly bytes: Uint8Array;
}

const CHAIN = 'medveil-crowd';
/** A Wednesday, so that an epoch begins in the past and none within the run. */
const START_MS = Date.UTC(2026, 5, 3, 8);
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const BLOCK_MS = 1_000;
const LIFETIME_MS = 10 * 60_000;
const REGISTRY: DomainRegistry = {
  domains: ['measurements', 'history'],
  parts: { ...(Object.fromEntries(PART_TYPES.map((part) => [part, null])) as DomainRegistry['parts']), laboratory: 'measurements', conditions: 'history' },
};

export class Crowd {
  readonly #pkg: SigningKeyPair;
  readonly #institution: SigningKeyPair;
  readonly #treasury: SigningKeyPair;

  private constructor(
    private readonly random: RandomBytes,
    private readonly pre: Afgh06,
    private readonly people: readonly PatientKeys[],
    private readonly prepared: readonly (readonly Prepared[])[],
    keys: { readonly pkg: SigningKeyPair; readonly institution: SigningKeyPair; readonly treasury: SigningKeyPair },
  ) {
    this.#pkg = keys.pkg;
    this.#institution = keys.institution;
    this.#treasury = keys.treasury;
  }

  /** Patients with T-Certs for two claims each. The same for the same seed, but for the sharing inside the openings, whose library draws by itself. */
  static async of(size: number, seed: string): Promise<Crowd> {
    const random = seededRandom(seed);
    const pre = afgh06(await loadEngine());
    const [pkg, institution, treasury] = [0, 1, 2].map(() => signingKeyFromSeed(random(32))) as [SigningKeyPair, SigningKeyPair, SigningKeyPair];
    const committees = await committeesFrom(random);
    const people = Array.from({ length: size }, () => derivePatientKeys(random(32)));
    const prepared: Prepared[][] = [[], []];
    for (const [person, keys] of people.entries()) {
      const pseudonyms = [0, 1].map((index) => keys.pseudonym(index));
      const request: TCertRequest = {
        version: 1, chainId: CHAIN, enrolmentId: `pat_${person}`, role: 'patient', requestId: random(16), epoch: epochAt(START_MS, WEEKLY_EPOCHS),
        // Proofs of possession are for the PKG alone.
        entries: pseudonyms.map(({ account, ownerSeed }) => ({
          accountKey: account.publicKey, accountProof: new Uint8Array(64), preKey: pre.ownerKeyFromSeed(ownerSeed).publicKey, preProof: null,
        })),
      };
      const issued = await issueTCerts(request, { key: pkg, schedule: WEEKLY_EPOCHS, committees, atMs: START_MS }, random);
      for (const [offer, { account, ownerSeed }] of pseudonyms.entries()) {
        prepared[offer]?.push({ person, account, ownerSeed, cert: decodeTCert((issued[offer] as (typeof issued)[number]).certificate) });
      }
    }
    return new Crowd(random, pre, people, prepared, { pkg, institution, treasury });
  }

  readonly #draw = numbersFrom(1);
  readonly #instances = new Map<string, Instance>();

  /** @returns what is seen of the patients' pseudonyms of the one requirement and of the other; both in the order of the patients, which nobody sees */
  async act(leak: Leak | null): Promise<[SeenPseudonym[], SeenPseudonym[]]> {
    const offers = this.#offers(leak);
    const heaviness = this.people.map(() => this.#draw());
    const order = this.people.map((_, person) => person);
    shuffle(order, this.#draw);
    const sent: Sent[] = [];
    const seen: SeenPseudonym[][] = [[], []];
    const parts: { readonly person: number; readonly offer: number; readonly seen: Omit<SeenPseudonym, 'registration' | 'claim' | 'runs'> }[] = [];
    for (const [offer, prepared] of this.prepared.entries()) {
      for (const one of prepared) {
        const made = await this.#instance(one, offers[offer] as Offer, offer, leak, heaviness[one.person] ?? 0);
        const scannedAtMs = START_MS + (order.indexOf(one.person) + this.#draw()) * 2_000;
        const withinMs = leak === 'exchanges begun at once, in the patients’ order' ? 0 : HOUR_MS;
        const beginMs = startAtMs({ nowMs: Math.floor(scannedAtMs), withinMs, expiresAtMs: START_MS + 30 * DAY_MS }, this.random);
        const registeredMs = beginMs + Math.floor(1_000 + this.#draw() * 2_000);
        const claimedMs = registeredMs + Math.floor(2_000 + this.#draw() * 4_000);
        sent.push({ person: one.person, offer, kind: 'registration', atMs: registeredMs, bytes: made.sign(0, made.registration, registeredMs) });
        sent.push({ person: one.person, offer, kind: 'claim', atMs: claimedMs, bytes: made.sign(1, made.claim, claimedMs) });
        parts.push({ person: one.person, offer, seen: made.seen });
      }
    }
    const chain = sent.toSorted((a, b) => a.atMs - b.atMs);
    if (leak === null) this.#assertAccepted(offers, chain);
    const ranks = [0, 1].map((offer) => chain.filter((one) => one.kind === 'claim' && one.offer === offer));
    for (const { person, offer, seen: rest } of parts) {
      const transaction = (kind: Sent['kind']): SeenTransaction & { readonly sent: Sent } => {
        const position = chain.findIndex((one) => one.person === person && one.offer === offer && one.kind === kind);
        const found = chain[position] as Sent;
        return { sent: found, bytes: found.bytes, nonce: decodeTransaction(found.bytes).nonce, timeMs: Math.ceil(found.atMs / BLOCK_MS) * BLOCK_MS, position };
      };
      const claim = transaction('claim');
      const validForMs = decodeTransaction(claim.bytes).validUntilMs - claim.timeMs;
      seen[offer]?.push({ ...rest, registration: transaction('registration'), claim: { ...claim, validForMs, rank: ranks[offer]?.indexOf(claim.sent) ?? 0 }, runs: new Set() });
    }
    return seen as [SeenPseudonym[], SeenPseudonym[]];
  }

  #offers(leak: Leak | null): Offer[] {
    const asked: PartType[] = ['laboratory', leak === 'one domain' ? 'laboratory' : 'conditions'];
    return asked.map((part, index) => {
      const terms: Terms = {
        keywords: [`study ${index}`], policyHash: fieldToBytes(BigInt(index + 1)), expectedResult: 1, parts: [part], format: { profile: null, resourceTypes: ['Observation'] },
        instance: simulatedKey.instance.name, verificationKeyHash: verificationKeyHash(simulatedKey),
        licence: { kind: 'non-exclusive', purposes: ['DUO:0000042'], purposeNote: '', untilMs: START_MS + 200 * DAY_MS, noOnwardSharing: true, territory: [], deleteByMs: null },
        rewardPerRecord: 100, quantity: this.people.length, expiresAtMs: START_MS + 30 * DAY_MS, acceptsSelfAttested: false,
      };
      return { terms, requirementId: requirementIdOf(CHAIN, accountId(this.#institution.publicKey), terms), domains: [REGISTRY.parts[part] as string] };
    });
  }

  /** The same attested record in both of a patient's instances: what differs between them is r, the pseudonym and the file key. */
  #make(person: number, ownerSeed: Uint8Array, { terms, requirementId, domains }: Offer, instanceIndex: number): Instance {
    const { pre, random } = this;
    const keys = this.people[person] as PatientKeys;
    const [part] = terms.parts as [PartType];
    const owner = pre.ownerKeyFromSeed(ownerSeed);
    const { h } = commit({ partsRoot: keys.idSecret, timeDay: Math.floor(START_MS / DAY_MS), subject: subjectOf(keys.idSecret) }, keys.record(instanceIndex).blinding);
    return {
      part, owner, h, ...pre.encapsulate(owner.publicKey, encodeLabel({ chainId: CHAIN, record: h, part, version: 1 }), random),
      nullifier: fieldToBytes(claimNullifier(keys.idSecret, idToField(requirementId))),
      domainNullifiers: domains.map((domain) => fieldToBytes(domainNullifier(keys.idSecret, idToField(domain)))),
    };
  }

  async #instance(one: Prepared, asked: Offer, offer: number, leak: Leak | null, heaviness: number) {
    const { random } = this;
    const { terms, requirementId } = asked;
    const instanceIndex = leak === 'one r for all instances' ? 0 : offer;
    const name = `${one.person} ${offer} ${requirementId} ${instanceIndex}`;
    const instance = this.#instances.get(name) ?? this.#make(one.person, one.ownerSeed, asked, instanceIndex);
    this.#instances.set(name, instance);
    const { part, owner, h, seed, capsule, nullifier, domainNullifiers } = instance;
    const size = 2_000 * 2 ** (5 * (leak === 'sizes that go with the person' ? heaviness : this.#draw()));
    const pieces: Uint8Array[] = [];
    for await (const piece of encryptBody(seed, { record: h, part, version: 1 }, once(new Uint8Array(Math.floor(size))), random)) pieces.push(piece);
    const body = concatBytes(...pieces);
    const certificate = this.#leaky(one, offer, leak);
    const registration: Body = { type: 'register-record', record: h, parts: [{ part, version: 1, capsule, bodyDigest: sha256(body), bodyBytes: body.length }] };
    const claim: Body = {
      type: 'submit-claim', requirementId, record: h, policyHash: terms.policyHash, result: 1, claimNullifier: nullifier, domainNullifiers,
      issuerRoot: fieldToBytes(7n), proof: random(128),
    };
    const sign = (nonce: number, payload: Body, atMs: number): Uint8Array =>
      buildTransaction({
        chainId: CHAIN, account: one.account, nonce, certificate: nonce === 0 ? encodeCanonical({ ...certificate }) : null, validUntilMs: atMs + LIFETIME_MS, body: payload,
      }).bytes;
    const seen = {
      certificate, ownerKey: owner.publicKey, record: h, claimNullifier: nullifier, domainNullifiers, bodyBytes: body.length,
      bodyHeader: body.subarray(0, BODY_HEADER_BYTES),
    };
    return { registration, claim, sign, seen };
  }

  #leaky({ cert, person }: Prepared, offer: number, leak: Leak | null): TCert {
    const { signature: _, ...unsigned } = cert;
    const resigned = (change: Partial<TCert>): TCert => decodeTCert(signTCert({ ...unsigned, ...change }, this.#pkg));
    if (leak === 'serials in sequence') {
      const serial = new Uint8Array(16);
      Buffer.from(serial.buffer).writeUIntBE(1_000 + 2 * person + offer, 0, 6);
      return resigned({ serial });
    }
    if (leak === 'a stock of T-Certs over two epochs' && person % 2 === 0) return resigned(validityOfEpoch(epochAt(START_MS, WEEKLY_EPOCHS) - 1, WEEKLY_EPOCHS));
    return cert;
  }

  /** The contract takes all of it: what the adversary reads is a ledger that could be. */
  #assertAccepted(offers: readonly Offer[], chain: readonly Sent[]): void {
    const { pre, random } = this;
    // The proofs are drawn, not made.
    const verifiers = { ...createVerifiers({ pre, verificationKeys: [simulatedKey] }), verifyEligibility: () => true };
    const delegatee = pre.delegateeKeyFromSeed(random(32));
    const { publicKey: accountKey } = this.#institution;
    const entries = genesisEntries({
      chainId: CHAIN, pkgPublicKey: this.#pkg.publicKey, pkgAccountKey: signingKeyFromSeed(random(32)).publicKey, feeAccountKey: signingKeyFromSeed(random(32)).publicKey,
      consortium: [{ accountKey: signingKeyFromSeed(random(32)).publicKey, name: 'member' }],
      members: [
        { role: 'treasury', accountKey: this.#treasury.publicKey, name: 'treasury', eCertHash: null },
        {
          role: 'institution', accountKey, name: 'institution', eCertHash: null, delegateeKey: delegatee.publicKey,
          delegateeProof: pre.proveDelegateeKey(delegatee, delegateeKeyContext(CHAIN, accountKey), random), sealKey: random(32),
        },
      ],
      verificationKeys: [{ instance: simulatedKey.instance.name, hash: verificationKeyHash(simulatedKey), development: true }], voucherKeys: [], allowDevelopmentKeys: true,
      registry: REGISTRY, issuerRoot: fieldToBytes(7n), parameters: DEFAULT_PARAMETERS, startedAtMs: START_MS - HOUR_MS,
    }, verifiers);
    const state = WorkingState.from(entries.map(({ key, value }) => [key, encodeCanonical(value)] as const));
    const contract = createContract({ verifiers });
    const execute = (bytes: Uint8Array, timeMs: number): void => {
      const result = contract.execute(state, { chainId: CHAIN, height: 2, timeMs, proposer: 'replica-0' }, bytes);
      if (!result.ok) throw new Error(`${result.code}: ${result.reason}`);
    };
    const sign = (account: SigningKeyPair, nonce: number, body: Body): Uint8Array =>
      buildTransaction({ chainId: CHAIN, account, nonce, certificate: null, validUntilMs: START_MS + 60_000, body }).bytes;
    execute(sign(this.#treasury, 0, { type: 'mint', account: accountId(accountKey), amount: 1_000_000, reference: random(32) }), START_MS);
    for (const [nonce, { terms, domains }] of offers.entries()) {
      const [record, nullifier, ofDomain, issuerRoot] = [1n, 2n, 3n, 4n].map(fieldToBytes) as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
      const sample = { record, claimNullifier: nullifier, domainNullifiers: domains.map(() => ofDomain), issuerRoot, proof: random(128) };
      execute(sign(this.#institution, nonce, { type: 'release-requirement', terms, sample }), START_MS);
    }
    for (const { bytes, atMs } of chain) execute(bytes, Math.ceil(atMs / BLOCK_MS) * BLOCK_MS);
  }
}

/** Loads what the contract's verifiers need. */
export const prepareCrowds = loadVerifier;

async function committeesFrom(random: RandomBytes): Promise<OpeningCommittees> {
  const committee = async (name: string) => ({
    threshold: 2, members: await Promise.all([0, 1].map(async (index) => ({ id: `${name}-${index}`, publicKey: (await hpkeKeyPairFromSeed(random(32))).publicKey }))),
  });
  return { auditors: await committee('auditor'), replicas: await committee('replica') };
}

// oxlint-disable-next-line require-await -- an async generator is what the envelope reads from
async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
