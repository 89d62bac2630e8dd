import type { CertifiedProposal, CommitCertificate } from './certificates.js';
import type { Message } from './messages.js';
import type { Configuration, ReplicaId } from './replica-set.js';
import type { WalEntry } from './wal-entries.js';

/** The last block that the shell's ledger holds durably and has executed. */
export interface LedgerHead {
  /** 0: genesis. */
  readonly sequence: number;
  readonly digest: Uint8Array;
  /** Digest of the state after this block: what CHECKPOINTs agree on. */
  readonly stateDigest: Uint8Array;
  /** Null for genesis only. */
  readonly certificate: CommitCertificate | null;
}

/** A transaction that the shell has checked (form, signature, nonce) and takes for executable. */
export interface PoolRequest {
  /** Unique per transaction: its id or digest in text form. */
  readonly id: string;
  /** The account that signed it: limits and fairness are per sender. */
  readonly sender: string;
  readonly bytes: Uint8Array;
}

export type TimerId = 'assembly' | 'batch' | 'fetch' | 'progress' | 'status' | 'view-change';

export type Input =
  /**
   * Must be the first input. `entries`: the log as read back, without a torn last record.
   * `recovering`: the log is known to be lost (wiped disk): the replica follows silently until it is safe to vote.
   */
  | { readonly type: 'start'; readonly entries: readonly WalEntry[]; readonly head: LedgerHead; readonly recovering: boolean }
  /** Bytes from a peer. `from` is whom the transport names; faults are counted to it. Verified inside the step. */
  | { readonly type: 'message'; readonly from: string; readonly bytes: Uint8Array }
  /** A message that the shell has decoded and found good with `verifyMessage` (in a worker thread, say), under the configuration of its epoch. */
  | { readonly type: 'verified-message'; readonly from: string; readonly message: Message }
  /** `origin`: 'client' for those this replica took in itself (it passes them on), else the peer that passed them on. */
  | { readonly type: 'requests'; readonly requests: readonly PoolRequest[]; readonly origin: 'client' | ReplicaId }
  /** The shell found them no longer executable (nonce used, expired): they no longer count against the leader. */
  | { readonly type: 'requests-dropped'; readonly ids: readonly string[] }
  | { readonly type: 'timer'; readonly id: TimerId }
  /**
   * Answer to `build-proposal`. `proposal` null: nothing worth a block. `unusable`: requests that the builder found
   * not executable; they leave the pool.
   */
  | {
      readonly type: 'proposal-built';
      readonly view: number;
      readonly sequence: number;
      readonly proposal: Uint8Array | null;
      readonly unusable: readonly string[];
    }
  /** Answer to `validate-proposal`. A proposal found bad makes the replica leave the view at once. */
  | { readonly type: 'proposal-validated'; readonly sequence: number; readonly digest: Uint8Array; readonly ok: boolean; readonly reason?: string }
  /** The delivered block is executed and durable in the ledger. `requestIds`: the requests it contained. */
  | {
      readonly type: 'executed';
      readonly sequence: number;
      readonly stateDigest: Uint8Array;
      readonly requestIds: readonly string[];
      /** Who agrees on the next sequence number: the same as before, or a new one that begins there. */
      readonly configuration: Configuration;
    }
  /** Answer to `read-blocks`: consecutive blocks from the ledger, possibly fewer than asked for, possibly none. */
  | { readonly type: 'blocks'; readonly to: string; readonly blocks: readonly CertifiedProposal[] }
  /** The ledger has a timeout to process: a block is due even without requests. Holds until the next executed block. */
  | { readonly type: 'work-due' };
