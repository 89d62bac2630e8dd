import { bytesSchema, DIGEST_BYTES, encodeCanonical } from '@medveil/encoding';
import type { CommitCertificate } from '@medveil/pbft';
import { z } from 'zod';
import { type BlockHeader, headerSchema } from './block.js';
import { certificateSchema } from './certificate.js';
import { decodeWith } from './codec.js';
import { LEDGER_LIMITS } from './limits.js';
import type { MerkleListProof } from './merkle-list.js';
import { type ReplicaSet, replicaSetSchema } from './replica-set.js';
import { type StateTreeProof, stateTreeProofSchema } from './state-proof.js';

/**
 * What a node hands out with an answer, so that its word need not be taken: checked by `LightClient`.
 * Each has one canonical encoding, which is what travels (base64url in JSON).
 */

/** A header with the signatures of the replica set that the header before it names. */
export interface CertifiedHeader {
  readonly header: BlockHeader;
  readonly certificate: CommitCertificate;
}

/** The entry under `key` after block `certified.header.height - 1`. */
export interface StateProof {
  readonly key: string;
  /** Canonical bytes, or null: the key is absent. */
  readonly value: Uint8Array | null;
  readonly proof: StateTreeProof;
  readonly certified: CertifiedHeader;
}

/** A receipt of block `certified.header.height - 1`. */
export interface ReceiptProof {
  /** Canonical bytes of a `Receipt`. */
  readonly receipt: Uint8Array;
  readonly proof: MerkleListProof;
  readonly certified: CertifiedHeader;
}

/** A transaction of block `certified.header.height`: it was ordered; what became of it, its receipt says. */
export interface TransactionProof {
  readonly transaction: Uint8Array;
  readonly proof: MerkleListProof;
  readonly certified: CertifiedHeader;
}

/** A header that names another replica set than the one that certified it, with the set it names. */
export interface ReplicaSetChange {
  readonly certified: CertifiedHeader;
  readonly replicaSet: ReplicaSet;
}

const MAX_PROOF_BYTES = 512 * 1024;

export const certifiedSchema: z.ZodType<CertifiedHeader> = z.strictObject({ header: headerSchema, certificate: certificateSchema });

const listProofSchema: z.ZodType<MerkleListProof> = z.strictObject({
  position: z.int().min(0),
  count: z.int().min(1).max(LEDGER_LIMITS.transactionsPerBlock + 1),
  siblings: z.array(bytesSchema({ length: DIGEST_BYTES })).max(32),
});

const stateProofSchema: z.ZodType<StateProof> = z.strictObject({
  key: z.string().min(1).max(LEDGER_LIMITS.stateKeyLength),
  value: bytesSchema({ max: LEDGER_LIMITS.stateValueBytes }).nullable(),
  proof: stateTreeProofSchema,
  certified: certifiedSchema,
});

const receiptProofSchema: z.ZodType<ReceiptProof> = z.strictObject({
  receipt: bytesSchema({ max: LEDGER_LIMITS.receiptBytes }),
  proof: listProofSchema,
  certified: certifiedSchema,
});

const transactionProofSchema: z.ZodType<TransactionProof> = z.strictObject({
  transaction: bytesSchema({ max: LEDGER_LIMITS.transactionBytes }),
  proof: listProofSchema,
  certified: certifiedSchema,
});

export const replicaSetChangeSchema: z.ZodType<ReplicaSetChange> = z.strictObject({
  certified: certifiedSchema,
  replicaSet: replicaSetSchema,
});

/** Bytes of a bundle; each `decode…` throws LedgerError `ledger/malformed` or `ledger/too-large`. */
const codec = <T extends object>(schema: z.ZodType<T>, what: string) => ({
  // Interfaces have no index signature; a bundle is plain canonical data all the same.
  encode: (bundle: T): Uint8Array => encodeCanonical(bundle as never),
  decode: (bytes: Uint8Array): T => decodeWith(schema, bytes, what, MAX_PROOF_BYTES),
});

export const { encode: encodeCertifiedHeader, decode: decodeCertifiedHeader } = codec(certifiedSchema, 'certified header');
export const { encode: encodeStateProof, decode: decodeStateProof } = codec(stateProofSchema, 'state proof');
export const { encode: encodeReceiptProof, decode: decodeReceiptProof } = codec(receiptProofSchema, 'receipt proof');
export const { encode: encodeTransactionProof, decode: decodeTransactionProof } = codec(transactionProofSchema, 'transaction proof');
export const { encode: encodeReplicaSetChange, decode: decodeReplicaSetChange } = codec(replicaSetChangeSchema, 'replica set change');
