import { concatBytes, decodeCanonical, encodeCanonical } from '@medveil/encoding';
import { z } from 'zod';
import { eligibilityError } from './errors.js';
import { bytesToField, FIELD_BYTES, fieldToBytes } from './field.js';
import { poseidon } from './poseidon.js';
import { type CurvePoint, isPrimeOrderPoint, publicPoint, sign, verifiedHash } from './schnorr.js';

/** A public key on Baby Jubjub: 64 bytes, Ax ‖ Ay, each big-endian. */
export const ISSUER_PUBLIC_KEY_BYTES = 2 * FIELD_BYTES;

export interface IssuerKey {
  /** 32-byte seed; whoever has it attests in the issuer's name. */
  readonly seed: Uint8Array;
  readonly publicKey: Uint8Array;
}

/** Schnorr signature of an issuer on (partsRoot, T, subject), see schnorr.ts. Private: it never leaves the agents. */
export interface Attestation {
  readonly issuer: Uint8Array;
  readonly timeDay: number;
  readonly challenge: bigint;
  readonly response: bigint;
}

export interface Attested {
  readonly partsRoot: bigint;
  /** T: days since 1970-01-01. */
  readonly timeDay: number;
  readonly subject: bigint;
}

/** subject = Poseidon(TAG, idSecret); fixed at enrolment, certified by the PKG. */
export const subjectOf = (idSecret: bigint): bigint => poseidon('subject', [idSecret]);

/** What an issuer signs. */
const attestationMessage = ({ partsRoot, timeDay, subject }: Attested): bigint[] => [partsRoot, BigInt(timeDay), subject];

/** @param seed 32 secret bytes */
export function issuerKeyFromSeed(seed: Uint8Array): IssuerKey {
  if (seed.length !== 32) throw eligibilityError('eligibility/bad-issuer', 'an issuer seed is 32 bytes');
  const { x, y } = publicPoint(seed);
  return { seed, publicKey: concatBytes(fieldToBytes(x), fieldToBytes(y)) };
}

/** @throws CodedError `eligibility/bad-issuer` unless the key is a point of the prime-order subgroup */
export function issuerPoint(publicKey: Uint8Array): CurvePoint {
  const wellFormed = publicKey.length === ISSUER_PUBLIC_KEY_BYTES;
  const x = wellFormed ? bytesToField(publicKey.subarray(0, FIELD_BYTES)) : 0n;
  const y = wellFormed ? bytesToField(publicKey.subarray(FIELD_BYTES)) : 0n;
  if (!wellFormed || !isPrimeOrderPoint({ x, y })) {
    throw eligibilityError('eligibility/bad-issuer', 'not a point of prime order on Baby Jubjub');
  }
  return { x, y };
}

/** The issuer certifies parts, order and completeness of the tree, and whose record it is. */
export function attest(issuer: IssuerKey, attested: Attested): Attestation {
  return { issuer: issuer.publicKey, timeDay: attested.timeDay, ...sign(issuer.seed, attestationMessage(attested)) };
}

export const verifyAttestation = (attestation: Attestation, record: Omit<Attested, 'timeDay'>): boolean =>
  attestationHash(attestation, record) !== undefined;

/** The hash that an attestation's challenge is the end of; undefined where it does not verify. */
export const attestationHash = (attestation: Attestation, record: Omit<Attested, 'timeDay'>): bigint | undefined =>
  verifiedHash(issuerPoint(attestation.issuer), attestationMessage({ ...record, timeDay: attestation.timeDay }), attestation);

const attestationSchema = z.strictObject({
  version: z.literal(1),
  issuer: z.instanceof(Uint8Array),
  timeDay: z.int().min(0).max(2 ** 31),
  challenge: z.instanceof(Uint8Array),
  response: z.instanceof(Uint8Array),
});

/** Canonical bytes: what a hospital hands to the patient's agent. */
export const encodeAttestation = (attestation: Attestation): Uint8Array =>
  encodeCanonical({
    version: 1,
    issuer: attestation.issuer,
    timeDay: attestation.timeDay,
    challenge: fieldToBytes(attestation.challenge),
    response: fieldToBytes(attestation.response),
  });

/** @throws CodedError `eligibility/bad-attestation` */
export function decodeAttestation(bytes: Uint8Array): Attestation {
  try {
    const { issuer, timeDay, challenge, response } = attestationSchema.parse(decodeCanonical(bytes));
    issuerPoint(issuer);
    return { issuer, timeDay, challenge: bytesToField(challenge), response: bytesToField(response) };
  } catch (cause) {
    throw eligibilityError('eligibility/bad-attestation', 'not an attestation', {}, { cause });
  }
}

export interface Commitment {
  /** B = Poseidon(TAG, subject, r), 32 bytes. */
  readonly blinding: Uint8Array;
  /** h = Poseidon(TAG, partsRoot, T, B), 32 bytes: what is registered on the ledger. */
  readonly h: Uint8Array;
}

/** @param r drawn by the patient, fresh for every instance (`randomField`): the hospital does not recognise h */
export function commit(attested: Attested, r: bigint): Commitment {
  const blinding = poseidon('blinding', [attested.subject, r]);
  return { blinding: fieldToBytes(blinding), h: recordHash(attested.partsRoot, attested.timeDay, blinding) };
}

export const recordHash = (partsRoot: bigint, timeDay: number, blinding: bigint): Uint8Array =>
  fieldToBytes(poseidon('record', [partsRoot, BigInt(timeDay), blinding]));

/** Poseidon(TAG, idSecret, requirement id): one reward per person and requirement. */
export const claimNullifier = (idSecret: bigint, requirementId: bigint): bigint => poseidon('claimNullifier', [idSecret, requirementId]);

/** Poseidon(TAG', idSecret, domain), and 0 where no domain is asked for: an unused place must not link a person's claims. */
export const domainNullifier = (idSecret: bigint, domain: bigint): bigint =>
  domain === 0n ? 0n : poseidon('domainNullifier', [idSecret, domain]);
