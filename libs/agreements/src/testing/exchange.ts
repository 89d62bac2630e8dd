import { CAPSULE_BYTES, TRANSFORMED_CAPSULE_BYTES } from '@medveil/pre';
import { sampleRequirementId } from '@medveil/eligibility';
import { claimIdOf, requirementIdOf } from '../envelope.js';
import { readClaim, readRecord, readRequirement } from '../queries.js';
import { domainsOf } from '../rules/requirements.js';
import type { BodyOf, RecordPart } from '../transactions.js';
import type { ClaimId, DomainRegistry, Licence, PartType, RequirementId, Terms } from '../vocabulary.js';
import { eligibilityProof, reEncryptionProof } from './verifiers.js';
import { type Actor, bytes32, CHAIN, DAY_MS, ISSUER_ROOT, REGISTRY, VERIFICATION_KEY, type World } from './world.js';

/** The steps of an exchange as honest parties make them, for specs to bend. */
export const licence = (world: World, overrides: Partial<Licence> = {}): Licence => ({
  kind: 'non-exclusive', purposes: ['DUO:0000042'], purposeNote: '', untilMs: world.timeMs + 400 * DAY_MS, noOnwardSharing: true, territory: [], deleteByMs: null, ...overrides,
});

export const terms = (world: World, overrides: Partial<Terms> = {}): Terms => ({
  keywords: ['covid-19'],
  policyHash: bytes32('policy'),
  expectedResult: 1,
  parts: ['laboratory'],
  format: { profile: null, resourceTypes: ['Observation'] },
  instance: VERIFICATION_KEY.instance,
  verificationKeyHash: VERIFICATION_KEY.hash,
  licence: licence(world),
  rewardPerRecord: 1_000,
  quantity: 3,
  expiresAtMs: world.timeMs + 60 * DAY_MS,
  acceptsSelfAttested: false,
  ...overrides,
});

export function releaseBody(institution: Actor, offered: Terms, registry: DomainRegistry = REGISTRY): BodyOf<'release-requirement'> {
  const requirementId = requirementIdOf(CHAIN, institution.id, offered);
  const domains = domainsOf(registry, offered.parts);
  const sample = {
    record: bytes32('sample'), claimNullifier: bytes32('sample nullifier'), domainNullifiers: domains.map((domain) => bytes32(`sample ${domain}`)), issuerRoot: bytes32('sample issuer'),
  };
  const { record: h, ...inputs } = sample;
  const proof = eligibilityProof(offered.verificationKeyHash, {
    h, policyHash: offered.policyHash, result: 1, requirementId: sampleRequirementId(requirementId), domains, ...inputs, pseudonym: institution.key.publicKey, chainId: CHAIN,
  });
  return { type: 'release-requirement', terms: offered, sample: { ...sample, proof } };
}

export function release(world: World, institution: Actor, overrides: Partial<Terms> = {}): RequirementId {
  const offered = terms(world, overrides);
  world.send(institution, releaseBody(institution, offered));
  return requirementIdOf(CHAIN, institution.id, offered);
}

export const recordPart = (record: string, part: PartType): RecordPart => ({
  part, version: 1, capsule: fill(CAPSULE_BYTES, `capsule ${record} ${part}`), bodyDigest: bytes32(`body ${record} ${part}`), bodyBytes: 4096,
});

const fill = (length: number, name: string): Uint8Array => {
  const pattern = bytes32(name);
  return new Uint8Array(length).map((_, index) => pattern[index % pattern.length]!);
};

export const registerBody = (record: string, parts: readonly PartType[] = ['demographics', 'vital-signs', 'laboratory', 'conditions', 'medications']): BodyOf<'register-record'> => ({
  type: 'register-record', record: bytes32(record), parts: parts.map((part) => recordPart(record, part)),
});

export const register = (world: World, patient: Actor, record: string, parts?: readonly PartType[]): void =>
  void world.send(patient, registerBody(record, parts));

/** What is proved about a person: `person` stands for the secret behind all pseudonyms of one human being. */
export function claimBody(
  world: World, patient: Actor, person: string, requirementId: RequirementId, record: string,
  overrides: Partial<Omit<BodyOf<'submit-claim'>, 'type' | 'proof'>> = {},
): BodyOf<'submit-claim'> {
  const requirement = readRequirement(world.view, requirementId)!;
  const { domains } = requirement;
  const stated = {
    requirementId, record: bytes32(record), policyHash: requirement.terms.policyHash, result: 1, claimNullifier: bytes32(`${person} ${requirementId}`),
    domainNullifiers: domains.map((domain) => bytes32(`${person} ${domain}`)), issuerRoot: ISSUER_ROOT, ...overrides,
  };
  const { record: h, ...inputs } = stated;
  const proof = eligibilityProof(requirement.terms.verificationKeyHash, { h, ...inputs, domains, pseudonym: patient.key.publicKey, chainId: CHAIN });
  return { type: 'submit-claim', ...stated, proof };
}

export function claim(world: World, patient: Actor, person: string, requirementId: RequirementId, record: string): ClaimId {
  const claimId = claimIdOf(patient.id, world.nonce(patient));
  world.send(patient, claimBody(world, patient, person, requirementId, record));
  return claimId;
}

/** Registers a fresh record under a fresh pseudonym and claims with it. */
export function freshClaim(world: World, person: string, requirementId: RequirementId, tag = ''): { claimId: ClaimId; patient: Actor; record: string } {
  const name = `${person}${tag} for ${requirementId}`;
  const patient = world.pseudonym(name);
  register(world, patient, name);
  return { claimId: claim(world, patient, person, requirementId, name), patient, record: name };
}

export function deliveryBody(world: World, claimId: ClaimId): BodyOf<'record-delivery'> {
  const accepted = readClaim(world.view, claimId)!;
  const record = readRecord(world.view, accepted.recordId)!;
  const { terms: agreed } = readRequirement(world.view, accepted.requirementId)!;
  const parts = agreed.parts.map((part) => {
    const { version, capsule } = record.parts.find((registered) => registered.part === part)!;
    const transformed = fill(TRANSFORMED_CAPSULE_BYTES, `transformed ${claimId} ${part}`);
    const proof = reEncryptionProof({
      chainId: CHAIN, record: record.record, part, version, claimId, ownerKey: record.ownerKey, delegateeKey: accepted.delegateeKey, capsule, transformed,
    });
    return { part, transformed, proof };
  });
  return { type: 'record-delivery', claimId, parts };
}

export const deliver = (world: World, claimId: ClaimId, by: Actor = world.proxy): void => void world.send(by, deliveryBody(world, claimId));

/** A world with a funded institute and one open requirement. */
export function openRequirement(world: World, overrides: Partial<Terms> = {}): RequirementId {
  world.fund(world.institute, 10_000);
  return release(world, world.institute, overrides);
}

