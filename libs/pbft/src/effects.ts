import type { CommitCertificate } from './certificates.js';
import type { Evidence } from './evidence.js';
import type { PoolRequest, TimerId } from './inputs.js';
import type { MessageType } from './messages.js';
import type { Configuration, ReplicaId } from './replica-set.js';
import type { WalEntry } from './wal-entries.js';

/**
 * What the shell must do, IN THIS ORDER, across steps too: a `persist` or `compact-log` must be on disk (fsync)
 * before any later `send`, `broadcast` or `deliver` is carried out. Several persists may share one fsync.
 * Timers may be set at once. An effect that has an answering input may be answered at any later time.
 */
export type Effect =
  | { readonly type: 'send'; readonly to: string; readonly kind: MessageType; readonly bytes: Uint8Array }
  /** To every other member of the configuration in force. */
  | { readonly type: 'broadcast'; readonly kind: MessageType; readonly bytes: Uint8Array }
  /** Append to the write-ahead log. */
  | { readonly type: 'persist'; readonly entries: readonly WalEntry[] }
  /** Replace the whole log, atomically, by these entries. */
  | { readonly type: 'compact-log'; readonly entries: readonly WalEntry[] }
  /** Setting a timer that runs restarts it. */
  | { readonly type: 'set-timer'; readonly id: TimerId; readonly delayMs: number }
  | { readonly type: 'cancel-timer'; readonly id: TimerId }
  /** The next block, in sequence order, each once per run. Made durable together with its certificate: nothing else keeps that. Answer: `executed`. */
  | {
      readonly type: 'deliver';
      readonly sequence: number;
      readonly digest: Uint8Array;
      readonly proposal: Uint8Array;
      readonly certificate: CommitCertificate;
    }
  /** This replica leads. Answer: `proposal-built` with the same view and sequence. `requests` are in the order to use. */
  | {
      readonly type: 'build-proposal';
      readonly view: number;
      readonly sequence: number;
      readonly previousDigest: Uint8Array;
      /** Bodies of the blocks between the last delivered one and this, oldest first: agreed on, or about to be. */
      readonly ancestors: readonly Uint8Array[];
      readonly requests: readonly PoolRequest[];
      /** Of the whole proposal. */
      readonly maxBytes: number;
      /** A block is wanted even if it is empty. */
      readonly evenIfEmpty: boolean;
    }
  /**
   * Answer: `proposal-validated`. All blocks delivered so far are executed by then, `ancestors` (as in `build-proposal`, each
   * found valid) are not: the ledger executes them on a state that it can drop. `certified`: a quorum has prepared it in an earlier
   * view, so checks against the local clock must be left out (they were made when it was fresh).
   */
  | {
      readonly type: 'validate-proposal';
      readonly sequence: number;
      readonly digest: Uint8Array;
      readonly proposal: Uint8Array;
      readonly ancestors: readonly Uint8Array[];
      readonly certified: boolean;
    }
  /** Transactions a peer passed on. Check form, signature and nonce, then input `requests` with `origin: from`. */
  | { readonly type: 'check-requests'; readonly from: ReplicaId; readonly transactions: readonly Uint8Array[] }
  /** Of the client's requests that this step took in: those that the pool has no room for. The client may bring them again. */
  | { readonly type: 'requests-refused'; readonly ids: readonly string[] }
  /** A peer asks for blocks. Answer: `blocks` (also when there are none), at most `maxBytes` of proposals but at least one block. */
  | { readonly type: 'read-blocks'; readonly to: string; readonly from: number; readonly until: number; readonly maxBytes: number }
  /** A replica has contradicted itself; see `verifyEvidence`. */
  | { readonly type: 'evidence'; readonly evidence: Evidence }
  /** For metrics and operators: this replica now works in `view`. */
  | { readonly type: 'view-entered'; readonly view: number; readonly primary: ReplicaId }
  /** A change of the replica set has taken effect here: `seat` is this replica's position in it, null where it is no member (any more). */
  | { readonly type: 'reconfigured'; readonly configuration: Configuration; readonly seat: ReplicaId | null }
  /** A quorum has another state than this replica's executor: it stops voting; the ledger must be rebuilt. */
  | { readonly type: 'diverged'; readonly sequence: number; readonly expected: Uint8Array; readonly actual: Uint8Array };
