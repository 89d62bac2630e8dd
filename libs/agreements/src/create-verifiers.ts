import { isCodedError, toHex, utf8 } from '@medveil/encoding';
import { type PreparedKey, prepareVerificationKey, publicInputsOf, type VerificationKey, verificationKeyHash, verifyEligibility } from '@medveil/eligibility';
import { isIdentityError, verifySignature, verifyTCert } from '@medveil/identity';
import { type Afgh06, encodeLabel, isPreError, type ReEncryptionStatement as PreStatement } from '@medveil/pre';
import { decodeEvidence, type Evidence, verifyEvidence } from '@medveil/pbft';
import { isBlindedMessage, isVoucherKey, verifyBlindSignature, verifyVoucher } from '@medveil/vouchers';
import { AgreementsFault } from './errors.js';
import type { CertifiedAccount, ReEncryptionStatement, Verifiers } from './verifiers.js';

export interface VerifierLibraries {
  /** `afgh06(await loadEngine())` */
  readonly pre: Afgh06;
  /** Every key that the ledger pins. `await loadVerifier()` of @medveil/eligibility comes before. */
  readonly verificationKeys: readonly VerificationKey[];
}

/**
 * The real verifiers: the one place where the contract meets the cryptography.
 * @throws CodedError `eligibility/bad-verification-key`, `eligibility/verifier-not-loaded`
 */
export function createVerifiers({ pre, verificationKeys }: VerifierLibraries): Verifiers {
  const prepared = new Map<string, PreparedKey>(verificationKeys.map((key) => [toHex(verificationKeyHash(key)), prepareVerificationKey(key)]));
  return {
    verifySignature,
    verifyTCert: certified,
    hasVerificationKey: (hash) => prepared.has(toHex(hash)),
    verifyEligibility: (hash, statement, proof) => {
      const key = prepared.get(toHex(hash));
      if (key === undefined) throw new AgreementsFault('agreements/missing-verification-key', 'a verification key that the ledger pins is not loaded', { hash: toHex(hash) });
      return statement.domains.length === statement.domainNullifiers.length && verifyEligibility(key, publicInputsOf(statement), proof);
    },
    verifyReEncryption: ({ proof, ...statement }) => pre.verifyReEncryption({ ...preStatementOf(statement), proof }),
    readEvidence,
    verifyEvidence: (bytes, publicKeys, chainId) => verifyEvidence(decodeEvidence(bytes), { publicKeys }, chainId),
    verifyDelegateeKey: (publicKey, proof, context) => pre.verifyDelegateeKey(publicKey, proof, context),
    isVoucherKey,
    isBlindedMessage,
    verifyBlindSignature,
    verifyVoucher,
    areRelatedKeys: (ownerKey, delegateeKey) => areRelatedKeys(pre, ownerKey, delegateeKey),
  };
}

/** What @medveil/pre proves and verifies for a part of a claim: the same for the prover and for apply(). */
export const preStatementOf = (statement: Omit<ReEncryptionStatement, 'proof'>): PreStatement => ({
  capsule: statement.capsule,
  transformed: statement.transformed,
  ownerPublicKey: statement.ownerKey,
  delegateePublicKey: statement.delegateeKey,
  label: encodeLabel({ chainId: statement.chainId, record: statement.record, part: statement.part, version: statement.version }),
  claimId: utf8(statement.claimId),
});

function certified(certificate: Uint8Array, pkgPublicKey: Uint8Array, chainId: string, atMs: number): CertifiedAccount | null {
  try {
    const { serial, role, accountKey, preKey, notAfterMs } = verifyTCert(certificate, pkgPublicKey, chainId, atMs);
    return { serial, role, accountKey, ownerKey: preKey, notAfterMs };
  } catch (error) {
    if (isIdentityError(error)) return null;
    throw error;
  }
}

/** Of a replica that contradicts itself. @returns null for what is no evidence */
export function readEvidence(bytes: Uint8Array): Evidence | null {
  try {
    return decodeEvidence(bytes);
  } catch (error) {
    if (isCodedError(error)) return null;
    throw error;
  }
}

function areRelatedKeys(pre: Afgh06, ownerKey: Uint8Array, delegateeKey: Uint8Array): boolean {
  try {
    pre.refuseRelatedKeys(ownerKey, delegateeKey);
    return false;
  } catch (error) {
    if (isPreError(error)) return true;
    throw error;
  }
}
