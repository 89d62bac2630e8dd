import { claimTable, delegateeKeyContext, type Member, recordTable, requirementIdOf, stateKeys, type Terms } from '@medveil/agreements';
import {
  accreditationLeaf, attest, buildRecord, checkDelivery, type CompiledPolicy, compilePolicy, decodeOpening, type DeliveryVerdict, dayOf, encodePolicy, IssuerTree,
  issuerKeyFromSeed, LOINC, type PartType, policyHash, type Prover, type ProvingCircuit, proveEligibility, sampleRequirementId, subjectOf, toQuantity, validatePolicy,
  verificationKeyHash,
} from '@medveil/eligibility';
import { concatBytes, decodeCanonical, type Id, sha256, toBase64Url, toHex } from '@medveil/encoding';
import { checkDelivered } from '@medveil/fhir';
import { accountId, derivePatientKeys } from '@medveil/identity';
import { decryptBody, encodeLabel } from '@medveil/pre';
import { z } from 'zod';
import type { TestWorld } from './test-world.js';

const HBA1C = { system: LOINC, code: '4548-4' };
const DAY_MS = 86_400_000;
const containerSchema = z.strictObject({ version: z.literal(1), part: z.string(), content: z.instanceof(Uint8Array), opening: z.instanceof(Uint8Array) });

export interface Study {
  readonly requirementId: Id<'req'>;
  readonly policy: CompiledPolicy;
}

/** An institution that asks for laboratory results of people whose HbA1c is high, and reads what it is delivered. */
export class TestInstitution {
  readonly delegatee;
  readonly policies = new Map<string, string>();

  constructor(private readonly world: TestWorld) {
    this.delegatee = world.pre.delegateeKeyFromSeed(world.secret('institution delegatee'));
  }

  get member(): Member {
    const { network, keys, pre, random } = this.world;
    const context = delegateeKeyContext(network.chainId, keys.institution.publicKey);
    return {
      role: 'institution', accountKey: keys.institution.publicKey, name: 'institute', eCertHash: null,
      delegateeKey: this.delegatee.publicKey, delegateeProof: pre.proveDelegateeKey(this.delegatee, context, random), sealKey: this.world.secret('institution seal'),
    };
  }

  /** Phase 2, with the proof on a sample of its own. */
  async release(prover: Prover, circuit: ProvingCircuit, licence: 'exclusive' | 'non-exclusive', publishes = true, limits: Pick<Terms, 'maxBodyBytes'> = {}): Promise<Study> {
    const { world } = this;
    const { clock, random, network, keys, ledger } = world;
    const rules = validatePolicy({ version: 1, all: [{ latest: { code: HBA1C, value: { atLeast: 6.5, unit: '%' }, within: { lastDays: 365 } } }, { age: { atLeast: 18 } }] });
    const policy = compilePolicy(rules, { releasedAtMs: clock(), random });
    const terms = { ...this.#terms(policy, licence), ...limits };
    const institution = accountId(keys.institution.publicKey);
    const requirementId = requirementIdOf(network.chainId, institution, terms);
    const sampleKeys = derivePatientKeys(random(32));
    const born = { part: 'demographics' as const, code: { system: LOINC, code: '21112-8' }, timeMs: Date.UTC(1970, 0, 1), value: { kind: 'present' as const } };
    const measured = { part: 'laboratory' as const, code: HBA1C, timeMs: Math.floor(clock() / DAY_MS) * DAY_MS, value: toQuantity(HBA1C, 8, '%') };
    const record = buildRecord({
      parts: { demographics: { observations: [born], digest: sha256(new Uint8Array()) }, laboratory: { observations: [measured], digest: sha256(new Uint8Array()) } },
      recordSecret: random(32),
    });
    const issuer = issuerKeyFromSeed(random(32));
    const attestation = attest(issuer, { partsRoot: record.partsRoot, timeDay: dayOf(clock()), subject: subjectOf(sampleKeys.idSecret) });
    const { proof, statement } = await proveEligibility(prover, [circuit], {
      record, attestation, idSecret: sampleKeys.idSecret, r: 1n, policy, selfAttested: false, issuers: IssuerTree.of([accreditationLeaf(issuer.publicKey)]),
      requirementId: sampleRequirementId(requirementId), domains: ['measurements'], pseudonym: keys.institution.publicKey, chainId: network.chainId,
    });
    const { claimNullifier, domainNullifiers, issuerRoot, h } = statement;
    await ledger.execute(keys.institution, {
      type: 'release-requirement', terms, sample: { record: h, claimNullifier, domainNullifiers: [...domainNullifiers], issuerRoot, proof },
    });
    if (publishes) this.policies.set(requirementId, toBase64Url(encodePolicy(policy)));
    return { requirementId, policy };
  }

  #terms(policy: CompiledPolicy, kind: 'exclusive' | 'non-exclusive'): Terms {
    const { clock, verificationKey } = this.world;
    return {
      keywords: ['diabetes'], policyHash: policyHash(policy), expectedResult: 1, parts: ['laboratory'], format: { profile: null, resourceTypes: ['Observation'] },
      instance: verificationKey.instance.name, verificationKeyHash: verificationKeyHash(verificationKey),
      licence: {
        kind, purposes: ['DUO:0000007'], purposeNote: '', untilMs: clock() + 365 * DAY_MS, noOnwardSharing: true, territory: [], deleteByMs: null,
      },
      rewardPerRecord: 100, quantity: 10, expiresAtMs: clock() + 30 * DAY_MS, acceptsSelfAttested: false,
    };
  }

  /** Phase 9: decrypts what was delivered for a claim and checks it against the ledger, the policy and its own reading. */
  async read(study: Study, claimId: Id<'clm'>): Promise<{ readonly verdict: DeliveryVerdict; readonly text: string; readonly parts: readonly string[] }> {
    const { world } = this;
    const { ledger, network, pre, proxy } = world;
    const delivery = await ledger.delivery(claimId);
    const view = ledger.ledger.view();
    const claim = claimTable.decode(view.get(stateKeys.claim(claimId)) ?? null);
    const record = recordTable.decode(view.get(stateKeys.record(claim.recordId)) ?? null);
    const [registered] = record.parts;
    if (registered === undefined) throw new Error('a record without parts');
    const { part, version, bodyDigest } = registered;
    const label = encodeLabel({ chainId: network.chainId, record: record.record, part, version });
    const transformed = delivery.parts.find((candidate) => candidate.part === part)?.transformed ?? new Uint8Array();
    const seed = pre.decapsulateDelegated(this.delegatee, record.ownerKey, label, transformed);
    const pieces: Uint8Array[] = [];
    for await (const piece of decryptBody(seed, { record: record.record, part, version }, once(proxy.bodies.get(toHex(bodyDigest)) ?? new Uint8Array()))) pieces.push(piece);
    const container = containerSchema.parse(decodeCanonical(concatBytes(...pieces)));
    const opening = decodeOpening(container.opening);
    const proved = opening.parts.flatMap(({ leaves }) => leaves.map(({ observation }) => observation));
    const own = checkDelivered(part, container.content, proved);
    const verdict = checkDelivery({
      h: record.record, policy: study.policy, granted: [part], opening,
      plaintextDigests: { [part]: sha256(container.content) } satisfies Partial<Record<PartType, Uint8Array>>,
      observations: { [part]: own.observations },
    });
    return { verdict, text: new TextDecoder().decode(container.content), parts: record.parts.map((one) => one.part) };
  }
}

async function* once(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes;
}
