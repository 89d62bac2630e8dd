import { blake2b } from '@noble/hashes/blake2.js';
import { concatBytes, fromHex, type RandomBytes, toHex } from '@medveil/encoding';
import { compressG1, compressG2 } from '../proof-encoding.js';
import { PUBLIC_INPUT_COUNT } from '../public-inputs.js';
import type { VerificationKey } from '../verification-key.js';
import { SeededDraws } from './derive.js';
import { formatG1, formatG2, GENERATOR_G1, GENERATOR_G2, type PointG1 } from './points.js';
import {
  ATTESTATION_DOMAIN, attestedStatement, type CeremonyDescription, type CeremonyTranscript, type Contribution, contributionHash, type ContributionKnowledge,
  knowledgeBytes, lastHash,
} from './transcript.js';

/** A member of a ceremony in specs. */
export interface CeremonyMember {
  readonly name: string;
  readonly publicKey: Uint8Array;
  /** `sign` of @medveil/identity with the member's key. */
  readonly sign: (domain: string, message: Uint8Array) => Uint8Array;
}

/**
 * A ceremony as far as its transcript tells, and a verification key whose δ is its outcome: what services check at
 * start, without a circuit's key. Nothing can be proved under the key.
 */
export function heldCeremony(members: readonly CeremonyMember[], random: RandomBytes): { transcript: CeremonyTranscript; key: VerificationKey } {
  const description: CeremonyDescription = {
    name: 'a test',
    instance: { name: 'everyday', slots: 8, depth: 3, tops: 0, issuerDepth: 5 },
    constraintSystem: toHex(random(32)),
    powersOfTau: { checksum: toHex(random(64)), power: 15 },
    circuitHash: toHex(random(64)),
    members: members.map(({ name, publicKey }) => ({ name, publicKey: toHex(publicKey) })),
    beacon: { source: 'a test', iterationsExponent: 10 },
  };
  const transcript: CeremonyTranscript = { format: 'medveil/ceremony/1', description, contributions: [] };
  let delta = 1n;
  for (const member of members) {
    const factor = new SeededDraws(random(32)).scalar();
    const deltaBefore = GENERATOR_G1.multiply(delta);
    const content = {
      index: transcript.contributions.length + 1,
      name: member.name,
      previous: lastHash(transcript),
      proof: proveKnowledge(transcript, deltaBefore, factor, random),
      keyFile: toHex(random(32)),
      beacon: null,
    };
    transcript.contributions.push(attested(description, member, content));
    delta = (delta * factor) % GROUP_ORDER;
  }
  return { transcript, key: keyWith(delta, transcript) };
}

/** Hash and attestation of a contribution, as its maker makes them. */
export function attested(description: CeremonyDescription, { publicKey, sign }: CeremonyMember, content: Omit<Contribution, 'hash' | 'attestation'>): Contribution {
  const hash = toHex(contributionHash(content));
  const signature = sign(ATTESTATION_DOMAIN, attestedStatement(description, { ...content, hash }));
  return { ...content, hash, attestation: { publicKey: toHex(publicKey), signature: toHex(signature) } };
}

const GROUP_ORDER = 21888242871839275222246405745257275088548364400416034343698204186575808495617n;

function proveKnowledge({ description, contributions }: CeremonyTranscript, deltaBefore: PointG1, factor: bigint, random: RandomBytes): ContributionKnowledge {
  const s = new SeededDraws(random(32)).g1();
  const sx = s.multiply(factor);
  const before = [fromHex(description.circuitHash), ...contributions.map(({ proof }) => knowledgeBytes(proof))];
  const challenge = blake2b(concatBytes(...before, fromHex(formatG1(s)), fromHex(formatG1(sx))), { dkLen: 64 });
  return {
    deltaAfter: formatG1(deltaBefore.multiply(factor)),
    s: formatG1(s),
    sx: formatG1(sx),
    spx: formatG2(new SeededDraws(challenge).g2().multiply(factor)),
    challenge: toHex(challenge),
  };
}

function compressedG2(factor: bigint): string {
  const { x, y } = GENERATOR_G2.multiply(factor).toAffine();
  return toHex(compressG2([[x.c0, x.c1], [y.c0, y.c1]]));
}

function keyWith(delta: bigint, { description, contributions }: CeremonyTranscript): VerificationKey {
  const g1 = GENERATOR_G1.toAffine();
  const generator = toHex(compressG1([g1.x, g1.y]));
  return {
    format: 'medveil/verification-key/1',
    instance: description.instance,
    development: false,
    contributions: contributions.map(({ hash }) => hash),
    alpha: generator,
    beta: compressedG2(1n),
    gamma: compressedG2(1n),
    delta: compressedG2(delta),
    ic: Array.from({ length: PUBLIC_INPUT_COUNT + 1 }, () => generator),
  };
}
