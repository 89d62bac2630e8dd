import { concatBytes, digest } from '@medveil/encoding';
import type { EligibilityStatement } from '@medveil/eligibility';
import { verifySignature, verifyTCert, isIdentityError } from '@medveil/identity';
import { isBlindedMessage, isVoucherKey, verifyBlindSignature, verifyVoucher } from '@medveil/vouchers';
import { decodeEvidence, verifyEvidence } from '@medveil/pbft';
import { readEvidence } from '../create-verifiers.js';
import type { CertifiedAccount, ReEncryptionStatement, Verifiers } from '../verifiers.js';

/**
 * Verifiers for the specs of the rules: signatures, certificates, vouchers and evidence are real, and a proof is a hash of exactly what it
 * has to bind, so that whatever a rule hands to the verifier wrongly makes it fail. The real proofs are checked in
 * create-verifiers.spec.ts.
 */
export const ruleVerifiers: Verifiers = {
  verifySignature,
  verifyTCert: (certificate, pkgPublicKey, chainId, atMs): CertifiedAccount | null => {
    try {
      const { serial, role, accountKey, preKey, notAfterMs } = verifyTCert(certificate, pkgPublicKey, chainId, atMs);
      return { serial, role, accountKey, ownerKey: preKey, notAfterMs };
    } catch (error) {
      if (isIdentityError(error)) return null;
      throw error;
    }
  },
  hasVerificationKey: () => true,
  verifyEligibility: (hash, statement, proof) => same(proof, eligibilityProof(hash, statement)),
  verifyReEncryption: ({ proof, ...statement }) => same(proof, reEncryptionProof(statement)),
  readEvidence,
  verifyEvidence: (evidence, publicKeys, chainId) => verifyEvidence(decodeEvidence(evidence), { publicKeys }, chainId),
  verifyDelegateeKey: (publicKey, proof, context) => same(proof, delegateeProof(publicKey, context)),
  isVoucherKey,
  isBlindedMessage,
  verifyBlindSignature,
  verifyVoucher,
  areRelatedKeys: (ownerKey, delegateeKey) => same(ownerKey.subarray(1, 33), delegateeKey.subarray(1, 33)),
};

const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

export function eligibilityProof(hash: Uint8Array, statement: EligibilityStatement): Uint8Array {
  const bound = digest('medveil/spec/eligibility/1', { hash, ...statement });
  return concatBytes(bound, bound, bound, bound);
}

export const reEncryptionProof = (statement: Omit<ReEncryptionStatement, 'proof'>): Uint8Array =>
  digest('medveil/spec/re-encryption/1', { ...statement });

export const delegateeProof = (publicKey: Uint8Array, context: Uint8Array): Uint8Array =>
  digest('medveil/spec/delegatee/1', [publicKey, context]);
