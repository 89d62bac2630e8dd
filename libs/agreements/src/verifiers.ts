import type { EligibilityStatement } from '@medveil/eligibility';
import type { Voucher, VoucherKind } from '@medveil/vouchers';
import type { z } from 'zod';
import type { contradictionKindSchema } from './transactions.js';
import type { PartType } from './vocabulary.js';

export interface ReEncryptionStatement {
  readonly chainId: string;
  readonly record: Uint8Array;
  readonly part: PartType;
  readonly version: number;
  readonly claimId: string;
  readonly ownerKey: Uint8Array;
  readonly delegateeKey: Uint8Array;
  readonly capsule: Uint8Array;
  readonly transformed: Uint8Array;
  readonly proof: Uint8Array;
}

/** What a T-Cert says, once its signature, chain and dates have been checked. */
export interface CertifiedAccount {
  readonly serial: Uint8Array;
  readonly role: string;
  /** Ed25519, 32 bytes. */
  readonly accountKey: Uint8Array;
  /** P1; null for roles without. */
  readonly ownerKey: Uint8Array | null;
  readonly notAfterMs: number;
}

/** What a replica contradicted itself about, as libs/pbft reads it from evidence. */
export interface ReplicaContradiction {
  readonly kind: z.infer<typeof contradictionKindSchema>;
  /** First height of the configuration in which it spoke. */
  readonly epoch: number;
  /** Its position there. */
  readonly replica: number;
  readonly view: number;
  readonly sequence: number;
}

/**
 * The cryptography that the rules rest on. All of it is deterministic, takes no clock and no randomness, and answers
 * false (or null) on malformed input.
 */
export interface Verifiers {
  /** Ed25519 over DAG-CBOR([domain, message]). */
  verifySignature(publicKey: Uint8Array, domain: string, message: Uint8Array, signature: Uint8Array): boolean;
  /** @returns null where the certificate is malformed, of another chain or PKG, or not valid at `atMs` */
  verifyTCert(certificate: Uint8Array, pkgPublicKey: Uint8Array, chainId: string, atMs: number): CertifiedAccount | null;
  /** Whether this replica can check proofs under the key with this hash. */
  hasVerificationKey(hash: Uint8Array): boolean;
  /** Of a key that `hasVerificationKey`; for another it throws, since "false" would be another answer than that of replicas which have it. */
  verifyEligibility(verificationKeyHash: Uint8Array, statement: EligibilityStatement, proof: Uint8Array): boolean;
  verifyReEncryption(statement: ReEncryptionStatement): boolean;
  /** @returns null for what is no evidence */
  readEvidence(evidence: Uint8Array): ReplicaContradiction | null;
  /** Whether a replica of this set signed both of two statements that contradict each other. @param publicKeys of the evidence's epoch, in order */
  verifyEvidence(evidence: Uint8Array, publicKeys: readonly Uint8Array[], chainId: string): boolean;
  /** Knowledge of the secret of P2, bound to `context`. */
  verifyDelegateeKey(publicKey: Uint8Array, proof: Uint8Array, context: Uint8Array): boolean;
  /** The form of a voucher key (RSA of the one size). */
  isVoucherKey(publicKey: Uint8Array): boolean;
  /** Whether the treasury can sign it: below the key's modulus. */
  isBlindedMessage(publicKey: Uint8Array, blinded: Uint8Array): boolean;
  /** The treasury's answer to a blinded voucher. */
  verifyBlindSignature(publicKey: Uint8Array, blinded: Uint8Array, signature: Uint8Array): boolean;
  verifyVoucher(kind: VoucherKind, voucher: Voucher): boolean;
  /** Whether e(P1,h) = e(g,P2): the proxy alone could then read the owner's parts (docs/scheme.md, section 5). True for malformed keys, too. */
  areRelatedKeys(ownerKey: Uint8Array, delegateeKey: Uint8Array): boolean;
}
