import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { encodeCanonical } from '@medveil/encoding';
import { type SigningKeyPair, signingKeyFromSeed } from './accounts.js';
import { IdentityError } from './errors.js';

/**
 * Everything of a patient (or of any other party) follows from one 32-byte seed, so that a lost device is
 * recovered from the seed alone: HKDF-SHA256(seed, salt = none, info = DAG-CBOR([context, index])) with a
 * context of its own for every purpose. In particular the keys of an owner and of a delegatee are
 * never the same nor related (docs/scheme.md, section 5), and one pseudonym's keys tell nothing of another's.
 */
export const PATIENT_SEED_BYTES = 32;

/** The order of the BN254 scalar field, in which the circuits compute. */
export const BN254_SCALAR_ORDER = 21888242871839275222246405745257275088548364400416034343698204186575808495617n;

export interface PseudonymKeys {
  /** Signs the pseudonym's transactions; certified by its T-Cert. */
  readonly account: SigningKeyPair;
  /** 32 bytes for `ownerKeyFromSeed` of @medveil/pre. */
  readonly ownerSeed: Uint8Array;
  /** 32 bytes for `delegateeKeyFromSeed` of @medveil/pre: institutions derive from a seed of their own in the same way. */
  readonly delegateeSeed: Uint8Array;
}

export interface RecordSecrets {
  /** 32 bytes: the salts of the record's leaves and parts (docs/scheme.md, section 6). */
  readonly recordSecret: Uint8Array;
  /** r of B = Poseidon(TAG, subject, r): uniform in the BN254 scalar field, fresh per instance. */
  readonly blinding: bigint;
}

export interface PatientKeys {
  /** Signs what is done under the enrolment's own name; certified by the E-Cert. */
  readonly enrolment: SigningKeyPair;
  /** 32 bytes for `hpkeKeyPairFromSeed`: what is sealed to the enrolment. */
  readonly hpkeSeed: Uint8Array;
  /** The secret behind subject and all nullifiers: uniform in the BN254 scalar field, not zero. */
  readonly idSecret: bigint;
  /** 32 bytes: the key of the holder's view of their own audit trail. */
  readonly viewKey: Uint8Array;
  /** Keys of the i-th T-Cert. */
  pseudonym(index: number): PseudonymKeys;
  /** Secrets of the i-th record instance. */
  record(index: number): RecordSecrets;
  /** 32 bytes for a purpose of the caller's own, for example sealing a local database. */
  secret(purpose: string, index: number): Uint8Array;
}

/** @throws IdentityError `identity/bad-key` where the seed is not 32 bytes */
export function derivePatientKeys(seed: Uint8Array): PatientKeys {
  if (seed.length !== PATIENT_SEED_BYTES) {
    throw new IdentityError('identity/bad-key', 'a seed is 32 bytes', { bytes: seed.length });
  }
  const root = Uint8Array.from(seed);
  const derive = (context: string, index = 0, length = 32): Uint8Array =>
    hkdf(sha256, root, undefined, encodeCanonical([`medveil/seed/${context}/1`, checkedIndex(index)]), length);

  return {
    enrolment: signingKeyFromSeed(derive('enrolment-key')),
    hpkeSeed: derive('hpke-key'),
    idSecret: toNonZeroScalar(derive('id-secret', 0, 48)),
    viewKey: derive('view-key'),
    pseudonym: (index) => ({
      account: signingKeyFromSeed(derive('account-key', index)),
      ownerSeed: derive('owner-key', index),
      delegateeSeed: derive('delegatee-key', index),
    }),
    record: (index) => ({
      recordSecret: derive('record-secret', index),
      blinding: toNonZeroScalar(derive('record-blinding', index, 48)),
    }),
    secret: (purpose, index) => derive(`other/${purpose}`, index),
  };
}

function checkedIndex(index: number): number {
  if (!Number.isSafeInteger(index) || index < 0) throw new IdentityError('identity/bad-input', 'an index is a whole number from 0');
  return index;
}

/** 384 bits reduced to 1 … order − 1: the distance from uniform is below 2^-128. */
function toNonZeroScalar(bytes: Uint8Array): bigint {
  const value = bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  return (value % (BN254_SCALAR_ORDER - 1n)) + 1n;
}
