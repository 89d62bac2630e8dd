import { blake2b } from '@noble/hashes/blake2.js';
import { concatBytes, digest, encodeCanonical, fromHex, hexSchema, toHex } from '@medveil/encoding';
import { z } from 'zod';
import { circuitSizeSchema } from '../verification-key.js';
import { ceremonyError } from './errors.js';
import { G1_UNCOMPRESSED_BYTES, G2_UNCOMPRESSED_BYTES } from './points.js';

/** Steps of a ceremony, the beacon included. */
export const MAX_CONTRIBUTIONS = 100;
const BLAKE2B_BYTES = 64;
/** snarkjs cuts names at 64 characters and stores their length in a byte. */
export const contributorNameSchema = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}$/, { error: 'must be 1 to 64 letters, digits, spaces, dots, dashes' });
/** The hash is iterated 2^n times; the limit is what a verifier can be asked to repeat. */
export const beaconExponentSchema = z.int().min(10).max(30);

const memberSchema = z.strictObject({ name: contributorNameSchema, publicKey: hexSchema(32) });

/** What a ceremony is about, fixed before its first contribution; its digest is the ceremony's identifier. */
export const descriptionSchema = z.strictObject({
  name: contributorNameSchema,
  instance: circuitSizeSchema,
  /** SHA-256 of the circuit's r1cs file. */
  constraintSystem: hexSchema(32),
  /** BLAKE2b-512 of the whole powers-of-tau file. */
  powersOfTau: z.strictObject({ checksum: hexSchema(BLAKE2B_BYTES), power: z.int().min(1).max(28) }),
  /** snarkjs's circuit hash: BLAKE2b-512 over the points of the initial key. */
  circuitHash: hexSchema(BLAKE2B_BYTES),
  /** Ed25519 keys of those whose contributions are attested. */
  members: z.array(memberSchema).min(1).max(MAX_CONTRIBUTIONS),
  /** Which public random value will be applied last, announced in words, and how often its hash will be iterated (2^n). */
  beacon: z.strictObject({ source: z.string().min(1).max(300), iterationsExponent: beaconExponentSchema }),
});
export type CeremonyDescription = z.output<typeof descriptionSchema>;

/**
 * The public part of a contribution (Bowe, Gabizon, Miers, "Scalable Multi-party Computation for zk-SNARK Parameters in
 * the Random Beacon Model", 2017, section 4): δ·G1 after it, and the proof that its maker knows the factor x:
 * s and s·x in G1, s′·x in G2, where s′ is derived from the challenge, the hash of all that came before with s and s·x.
 */
const knowledgeSchema = z.strictObject({
  deltaAfter: hexSchema(G1_UNCOMPRESSED_BYTES),
  s: hexSchema(G1_UNCOMPRESSED_BYTES),
  sx: hexSchema(G1_UNCOMPRESSED_BYTES),
  spx: hexSchema(G2_UNCOMPRESSED_BYTES),
  challenge: hexSchema(BLAKE2B_BYTES),
});
export type ContributionKnowledge = z.output<typeof knowledgeSchema>;

const contributionSchema = z.strictObject({
  /** 1 for the first. */
  index: z.int().min(1).max(MAX_CONTRIBUTIONS),
  name: contributorNameSchema,
  /** `hash` of the contribution before; of the first: the ceremony's identifier. */
  previous: hexSchema(32),
  proof: knowledgeSchema,
  /** SHA-256 of the key file after this step. */
  keyFile: hexSchema(32),
  /** Of the last step: the public random value, and how often its hash was iterated. */
  beacon: z.strictObject({ value: z.string().regex(/^([0-9a-f]{2}){16,128}$/), iterationsExponent: beaconExponentSchema }).nullable(),
  hash: hexSchema(32),
  /** null: a contribution by somebody who is not a member, and the beacon. */
  attestation: z.strictObject({ publicKey: hexSchema(32), signature: hexSchema(64) }).nullable(),
});
export type Contribution = z.output<typeof contributionSchema>;

export const transcriptSchema = z.strictObject({
  format: z.literal('medveil/ceremony/1'),
  description: descriptionSchema,
  contributions: z.array(contributionSchema).max(MAX_CONTRIBUTIONS),
});
export type CeremonyTranscript = z.output<typeof transcriptSchema>;

/** The one text of a transcript: fields in the order of the schema, two spaces, a newline at the end. */
export const encodeTranscript = (transcript: CeremonyTranscript): string => `${JSON.stringify(transcriptSchema.parse(transcript), null, 2)}\n`;

/** @throws CodedError `ceremony/bad-transcript` for what is malformed or not in canonical form */
export function parseTranscript(text: string): CeremonyTranscript {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw ceremonyError('ceremony/bad-transcript', 'the transcript is not JSON', {}, { cause });
  }
  const parsed = transcriptSchema.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw ceremonyError('ceremony/bad-transcript', `transcript, ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'malformed'}`);
  }
  if (encodeTranscript(parsed.data) !== text) throw ceremonyError('ceremony/bad-transcript', 'the transcript is not in canonical form');
  return parsed.data;
}

/** 32 bytes that stand for the whole description. */
export const ceremonyId = (description: CeremonyDescription): Uint8Array => digest('medveil/ceremony/1', description);

/** The bytes that snarkjs hashes of a contribution. */
export const knowledgeBytes = ({ deltaAfter, s, sx, spx, challenge }: ContributionKnowledge): Uint8Array =>
  concatBytes(...[deltaAfter, s, sx, spx, challenge].map(fromHex));

/** What snarkjs shows as the contribution's hash. 64 bytes. */
export const snarkjsContributionHash = (proof: ContributionKnowledge): Uint8Array => blake2b(knowledgeBytes(proof), { dkLen: BLAKE2B_BYTES });

/** Over all of a contribution but its attestation; with `previous` in it, the last hash stands for the whole ceremony. 32 bytes. */
export const contributionHash = (contribution: Omit<Contribution, 'hash' | 'attestation'>): Uint8Array =>
  digest('medveil/ceremony-contribution/1', {
    index: contribution.index,
    name: contribution.name,
    previous: fromHex(contribution.previous),
    proof: snarkjsContributionHash(contribution.proof),
    keyFile: fromHex(contribution.keyFile),
    beacon: contribution.beacon === null ? null : { ...contribution.beacon },
  });

/** Signed under this domain, with `attestedStatement`, by the member who made a contribution. */
export const ATTESTATION_DOMAIN = 'medveil/ceremony-attestation/1';

/** "I made this contribution, in this ceremony, at this place, and destroyed what I multiplied by": canonical CBOR. */
export const attestedStatement = (description: CeremonyDescription, contribution: Pick<Contribution, 'index' | 'hash' | 'previous'>): Uint8Array =>
  encodeCanonical({
    ceremony: ceremonyId(description),
    circuit: fromHex(description.circuitHash),
    index: contribution.index,
    contribution: fromHex(contribution.hash),
    previous: fromHex(contribution.previous),
  });

/** What the next contribution has to name as `previous`. */
export const lastHash = ({ description, contributions }: CeremonyTranscript): string => contributions.at(-1)?.hash ?? toHex(ceremonyId(description));
