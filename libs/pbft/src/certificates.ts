import type { ReplicaId } from './replica-set.js';

/** One replica's signature under a statement that the certificate spells out. */
export interface ReplicaSignature {
  readonly replica: ReplicaId;
  /** Ed25519, 64 bytes. */
  readonly signature: Uint8Array;
}

/**
 * A quorum of COMMITs (2f+1): the proposal with `digest` is the block at `sequence`, for ever.
 * Signed bytes: `commitPayload`. Signatures are sorted by replica, each replica once.
 */
export interface CommitCertificate {
  /** Of the configuration that committed it: its first sequence number. */
  readonly epoch: number;
  readonly view: number;
  readonly sequence: number;
  /** The block header's hash, 32 bytes. */
  readonly digest: Uint8Array;
  readonly signatures: readonly ReplicaSignature[];
}

/** PRE-PREPARE of the view's primary and matching PREPAREs of 2f other replicas (Castro–Liskov 1999, 4.2). */
export interface PreparedCertificate {
  readonly view: number;
  readonly sequence: number;
  readonly digest: Uint8Array;
  readonly previousDigest: Uint8Array;
  /** The primary's signature under the PRE-PREPARE. */
  readonly prePrepare: Uint8Array;
  /** PREPAREs of others than the primary, sorted by replica. */
  readonly prepares: readonly ReplicaSignature[];
}

/** A quorum of CHECKPOINTs: the state after `sequence` has this digest (Castro–Liskov 1999, 4.3). */
export interface CheckpointCertificate {
  readonly epoch: number;
  readonly sequence: number;
  readonly stateDigest: Uint8Array;
  readonly signatures: readonly ReplicaSignature[];
}

/** A block as replicas hand it to each other: self-certifying. */
export interface CertifiedProposal {
  readonly proposal: Uint8Array;
  readonly certificate: CommitCertificate;
}
