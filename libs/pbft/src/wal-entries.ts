import type { CheckpointCertificate, CommitCertificate, PreparedCertificate } from './certificates.js';
import type { NewView, PrePrepare, ViewChange } from './messages.js';

/**
 * What a replica writes ahead of what it says. Replayed in order at start they give back every promise made:
 * the replica then never contradicts a message that it sent before a crash.
 */
export type WalEntry =
  /** The body of a proposal that this replica has proposed or prepared. */
  | { readonly type: 'proposal'; readonly sequence: number; readonly digest: Uint8Array; readonly proposal: Uint8Array }
  /** This PRE-PREPARE (body left out) was sent, as the primary, or PREPAREd. */
  | { readonly type: 'pre-prepare'; readonly prePrepare: PrePrepare }
  /** Written before the COMMIT. */
  | { readonly type: 'prepared'; readonly certificate: PreparedCertificate }
  /** Written before the block is delivered. */
  | { readonly type: 'committed'; readonly certificate: CommitCertificate }
  /** Written before the VIEW-CHANGE: from here on no vote in an earlier view. */
  | { readonly type: 'view-change'; readonly viewChange: ViewChange }
  /** Written before anything is sent in the new view. */
  | { readonly type: 'new-view'; readonly newView: NewView }
  /** What follows was promised in this configuration; what stood before binds no more. 1 where a log begins without it. */
  | { readonly type: 'configuration'; readonly epoch: number }
  | { readonly type: 'stable'; readonly certificate: CheckpointCertificate }
  /**
   * The disk was lost: no vote before a block above `quietUntil` is certified (null: the bound is not known yet).
   * docs/consensus.md, "A wiped replica".
   */
  | { readonly type: 'recovering'; readonly quietUntil: number | null }
  | { readonly type: 'recovered' };
