import { blake2b } from '@noble/hashes/blake2.js';
import { concatBytes, equalBytes, fromHex, toHex } from '@medveil/encoding';
import type { VerificationKey } from '../verification-key.js';
import { SeededDraws } from './derive.js';
import { type CeremonyErrorCode, ceremonyError } from './errors.js';
import { GENERATOR_G1, GENERATOR_G2, parseCompressedG2, parseG1, parseG2, type PointG1, type PointG2, sameRatio } from './points.js';
import {
  ATTESTATION_DOMAIN, attestedStatement, ceremonyId, type CeremonyTranscript, type Contribution, contributionHash, type ContributionKnowledge, knowledgeBytes,
} from './transcript.js';

/** `verifySignature` of @medveil/identity: Ed25519 over [domain, message]. */
export type VerifySignature = (publicKey: Uint8Array, domain: string, message: Uint8Array, signature: Uint8Array) => boolean;

type Fail = (code: CeremonyErrorCode, message: string) => never;

/**
 * Checks all that a transcript says by itself, step by step: the order, the chain of hashes, each proof that the
 * contributor knew the factor, δ after each step, the attestations. What needs files (the initial key, the key's
 * elements, the powers of tau) or time (the beacon's hash) is `npm run ceremony -- verify`.
 * @throws CodedError `ceremony/…` for the first step that fails, with its `index` and `name`
 */
export function checkSteps(transcript: CeremonyTranscript, verifySignature: VerifySignature): void {
  const { description, contributions } = transcript;
  checkOrder(contributions);
  let previous = toHex(ceremonyId(description));
  let delta: PointG1 = GENERATOR_G1;
  let before: Uint8Array = fromHex(description.circuitHash);
  for (const contribution of contributions) {
    const fail: Fail = (code, message) => {
      throw ceremonyError(code, `contribution ${contribution.index} by ${contribution.name}: ${message}`, { index: contribution.index, name: contribution.name });
    };
    if (contribution.previous !== previous) fail('ceremony/broken-chain', 'it does not continue the one before it');
    if (toHex(contributionHash(contribution)) !== contribution.hash) fail('ceremony/wrong-hash', 'its hash is not that of its content');
    delta = checkKnowledge(contribution.proof, delta, before, fail);
    checkAttestation(transcript, contribution, verifySignature, fail);
    before = concatBytes(before, knowledgeBytes(contribution.proof));
    previous = contribution.hash;
  }
}

/** The same, and that at least one member took part. @throws CodedError `ceremony/…` */
export function checkTranscript(transcript: CeremonyTranscript, verifySignature: VerifySignature): void {
  checkSteps(transcript, verifySignature);
  if (transcript.contributions.every(({ attestation }) => attestation === null)) throw ceremonyError('ceremony/no-contribution', 'no member has contributed');
}

function checkOrder(contributions: readonly Contribution[]): void {
  for (const [position, { index, name, beacon }] of contributions.entries()) {
    const details = { index, name, expected: position + 1 };
    if (index !== position + 1) {
      const isThere = contributions.some((other) => other.index === position + 1);
      if (!isThere) throw ceremonyError('ceremony/missing-contribution', `contribution ${position + 1} is missing: ${index} by ${name} stands in its place`, details);
      throw ceremonyError('ceremony/reordered', `contribution ${index} by ${name} stands where ${position + 1} belongs`, details);
    }
    if (beacon !== null && position + 1 < contributions.length) throw ceremonyError('ceremony/wrong-beacon', 'the beacon is not the last step', details);
  }
}

/** @returns δ·G1 after the step */
function checkKnowledge(proof: ContributionKnowledge, delta: PointG1, before: Uint8Array, fail: Fail): PointG1 {
  const point = <P>(parsed: P | undefined): P => parsed ?? fail('ceremony/bad-point', 'a point is not one of its group');
  const [s, sx, spx, deltaAfter] = [point(parseG1(proof.s)), point(parseG1(proof.sx)), point(parseG2(proof.spx)), point(parseG1(proof.deltaAfter))];
  const challenge = blake2b(concatBytes(before, fromHex(proof.s), fromHex(proof.sx)), { dkLen: 64 });
  if (!equalBytes(challenge, fromHex(proof.challenge))) fail('ceremony/proof-not-bound', 'its proof was made for another ceremony, or another place in it');
  const factor: readonly [PointG2, PointG2] = [new SeededDraws(challenge).g2(), spx];
  if (!sameRatio([s, sx], factor)) fail('ceremony/no-knowledge', 'its maker did not know the factor');
  if (!sameRatio([delta, deltaAfter], factor)) fail('ceremony/wrong-delta', 'delta was not multiplied by the factor that the proof is about');
  return deltaAfter;
}

function checkAttestation({ description }: CeremonyTranscript, contribution: Contribution, verifySignature: VerifySignature, fail: Fail): void {
  const { attestation, name, beacon } = contribution;
  if (attestation === null) return;
  if (beacon !== null) fail('ceremony/wrong-beacon', 'the beacon is nobody\'s contribution');
  const isMember = description.members.some((member) => member.name === name && member.publicKey === attestation.publicKey);
  if (!isMember) fail('ceremony/unknown-member', 'it is attested by a key that is not the named member\'s');
  const signed = verifySignature(fromHex(attestation.publicKey), ATTESTATION_DOMAIN, attestedStatement(description, contribution), fromHex(attestation.signature));
  if (!signed) fail('ceremony/bad-attestation', 'its attestation is not the member\'s');
}

export interface KeyCeremony {
  readonly transcript: CeremonyTranscript;
  /** Ed25519 keys of the consortium; what others attest does not count. */
  readonly memberKeys: readonly Uint8Array[];
  readonly verifySignature: VerifySignature;
}

/**
 * Checks that a verification key is the outcome of a ceremony in which at least one of these members took part: its
 * contributions are the transcript's and its δ is what they multiplied. That the rest of the key is the circuit's is
 * checked where the key is exported and by `npm run ceremony -- verify`; the ledger pins the key's hash.
 * @throws CodedError `ceremony/…`
 */
export function checkKeyCeremony(key: VerificationKey, { transcript, memberKeys, verifySignature }: KeyCeremony): void {
  const { description, contributions } = transcript;
  const { name, slots, depth, tops, issuerDepth } = description.instance;
  const { instance } = key;
  const sameSize = instance.slots === slots && instance.depth === depth && instance.tops === tops && instance.issuerDepth === issuerDepth;
  if (instance.name !== name || !sameSize) {
    throw ceremonyError('ceremony/other-circuit', `the ceremony was for ${name}, the key is for ${instance.name}`, { instance: instance.name });
  }
  if (key.contributions.join() !== contributions.map(({ hash }) => hash).join()) {
    throw ceremonyError('ceremony/other-contributions', 'the key names other contributions than the transcript', { instance: name });
  }
  checkTranscript(transcript, verifySignature);
  const members = new Set(memberKeys.map(toHex));
  if (!contributions.some(({ attestation }) => attestation !== null && members.has(attestation.publicKey))) {
    throw ceremonyError('ceremony/unknown-member', 'no member of the consortium took part in the ceremony', { instance: name });
  }
  const last = parseG1(contributions.at(-1)?.proof.deltaAfter ?? '');
  const delta = parseCompressedG2(key.delta);
  if (last === undefined || delta === undefined || !sameRatio([GENERATOR_G1, last], [GENERATOR_G2, delta])) {
    throw ceremonyError('ceremony/wrong-delta', 'the key\'s delta is not what the contributions multiplied', { instance: name });
  }
}
