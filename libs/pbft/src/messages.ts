import type { CertifiedProposal, CheckpointCertificate, CommitCertificate, PreparedCertificate } from './certificates.js';
import type { ReplicaId } from './replica-set.js';

/** A statement names its signer by configuration and position, and carries an Ed25519 signature under its payload (`payloads.ts`). */
interface Signed {
  readonly epoch: number;
  readonly replica: ReplicaId;
  readonly signature: Uint8Array;
}

/** Transactions passed on, so that every replica can suspect a leader who leaves them out. */
export interface Request extends Signed {
  readonly type: 'request';
  readonly transactions: readonly Uint8Array[];
}

/**
 * Castro–Liskov 1999, 4.2. Outside the signature, since the digest binds them: the whole `proposal`, or else its `outline`
 * (`ProposalReader`), or neither, where the body travels apart.
 */
export interface PrePrepare extends Signed {
  readonly type: 'pre-prepare';
  readonly view: number;
  readonly sequence: number;
  readonly digest: Uint8Array;
  readonly previousDigest: Uint8Array;
  readonly proposal: Uint8Array | null;
  readonly outline: Uint8Array | null;
}

export interface Prepare extends Signed {
  readonly type: 'prepare';
  readonly view: number;
  readonly sequence: number;
  readonly digest: Uint8Array;
  readonly previousDigest: Uint8Array;
}

export interface Commit extends Signed {
  readonly type: 'commit';
  readonly view: number;
  readonly sequence: number;
  readonly digest: Uint8Array;
}

/** Castro–Liskov 1999, 4.3. */
export interface Checkpoint extends Signed {
  readonly type: 'checkpoint';
  readonly sequence: number;
  readonly stateDigest: Uint8Array;
}

/**
 * Castro–Liskov 1999, 4.4, with a commit certificate in place of the stable checkpoint: `base` is the highest
 * certified block (null: genesis), `prepared` what is prepared above it, contiguous and chained.
 */
export interface ViewChange extends Signed {
  readonly type: 'view-change';
  readonly newView: number;
  readonly base: CommitCertificate | null;
  readonly prepared: readonly PreparedCertificate[];
}

/** A PRE-PREPARE of the new view for something that was prepared before: no body, everybody can derive it. */
export interface NewViewProposal {
  readonly sequence: number;
  readonly digest: Uint8Array;
  readonly previousDigest: Uint8Array;
  /** The new primary's signature under the PRE-PREPARE in the new view. */
  readonly signature: Uint8Array;
}

export interface NewView extends Signed {
  readonly type: 'new-view';
  readonly view: number;
  /** A quorum, sorted by replica. */
  readonly viewChanges: readonly ViewChange[];
  readonly prePrepares: readonly NewViewProposal[];
}

/** In the view of the STATUS: is the PRE-PREPARE here, with its body, and whose votes. */
export interface StatusOfSequence {
  readonly prePrepared: boolean;
  readonly prepares: readonly ReplicaId[];
  readonly commits: readonly ReplicaId[];
}

/** Periodic: who is behind gets what it lacks (Castro–Liskov 2002, 5.2). */
export interface Status extends Signed {
  readonly type: 'status';
  readonly view: number;
  /** False while the replica waits for the NEW-VIEW of `view`. */
  readonly active: boolean;
  /** Last delivered sequence. */
  readonly committed: number;
  /** Last stable checkpoint. */
  readonly stable: number;
  /** Of the sequence numbers from `committed + 1` on, in order. */
  readonly inAgreement: readonly StatusOfSequence[];
  /** Whose VIEW-CHANGE for `view` (or a later view) is here; empty when active. */
  readonly viewChanges: readonly ReplicaId[];
}

/**
 * Asks for certified blocks `from` … `until`, both included. Not signed, and neither is the answer: who catches up may be no
 * member, or know only a former configuration. The transport says whom to answer; blocks certify themselves.
 */
export interface Fetch {
  readonly type: 'fetch';
  readonly from: number;
  readonly until: number;
}

/** Consecutive certified blocks, and the sender's stable checkpoint. */
export interface Fetched {
  readonly type: 'fetched';
  readonly blocks: readonly CertifiedProposal[];
  readonly stable: CheckpointCertificate | null;
}

/** Asks for the body of a proposal that is known by its digest only. */
export interface FetchProposal extends Signed {
  readonly type: 'fetch-proposal';
  readonly sequence: number;
  readonly digest: Uint8Array;
}

export interface Proposal extends Signed {
  readonly type: 'proposal';
  readonly sequence: number;
  readonly proposal: Uint8Array;
}

export type Statement =
  | Request
  | PrePrepare
  | Prepare
  | Commit
  | Checkpoint
  | ViewChange
  | NewView
  | Status
  | FetchProposal
  | Proposal;

export type Message = Statement | Fetch | Fetched;

export type MessageType = Message['type'];
