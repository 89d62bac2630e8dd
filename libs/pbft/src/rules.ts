import { faultsTolerated, quorumSize } from './replica-set.js';

/**
 * The protocol's rules, one by one, so that the mutation check can break a single one and see the simulator notice.
 * `createReplica` always runs under PRODUCTION_RULES; only the simulator can hand over others. docs/consensus.md says
 * which property rests on which.
 */
export interface ProtocolRules {
  /** Matching COMMITs that decide. */
  readonly commitQuorum: (replicas: number) => number;
  /** PREPAREs of others than the primary that, with its PRE-PREPARE, prepare. */
  readonly prepareVotes: (replicas: number) => number;
  /** VIEW-CHANGEs that make a NEW-VIEW. */
  readonly viewChangeQuorum: (replicas: number) => number;
  /** Others' VIEW-CHANGEs that draw a replica along. */
  readonly joinVotes: (replicas: number) => number;
  readonly checkSignatures: boolean;
  readonly checkCommitCertificates: boolean;
  readonly checkPreparedCertificates: boolean;
  /** Recompute what a NEW-VIEW must propose again. */
  readonly checkNewView: boolean;
  /** Of several prepared certificates for a sequence the one of the highest view counts. */
  readonly preferHighestView: boolean;
  /** Put what is prepared into VIEW-CHANGEs. */
  readonly reportPrepared: boolean;
  /** PRE-PREPAREs come from the view's primary. */
  readonly checkPrimary: boolean;
  /** One PRE-PREPARE per view and sequence. */
  readonly refuseSecondPrePrepare: boolean;
  /** Votes count only for the digest and view they name. */
  readonly matchVotes: boolean;
  /** A body that is fetched, or put together, is the one of its digest. */
  readonly checkBodies: boolean;
  /** A replica's vote counts once. */
  readonly countVotersOnce: boolean;
  /** No vote in a view that was left. */
  readonly silentAfterViewChange: boolean;
  /** PREPARE only what the ledger found valid. */
  readonly requireValidation: boolean;
  /** PREPARE only what chains on the last block. */
  readonly checkChain: boolean;
  /** PREPARE n+1, and count it as prepared, only once n is prepared in the same view, or delivered. */
  readonly prepareInOrder: boolean;
  /** VIEW-CHANGEs report all that is prepared above the base, not the first of it only. */
  readonly reportWholeRun: boolean;
  /** NEW-VIEW ends where what is prepared does not chain. */
  readonly cutBrokenChain: boolean;
  /** What was accepted in a view is no predecessor in the next one. */
  readonly dropSpeculation: boolean;
  /** Nothing above a block that names another set until it is executed. */
  readonly stopAtChange: boolean;
  /** A request that is in agreement is not proposed again. */
  readonly skipInFlight: boolean;
  readonly persistPrePrepare: boolean;
  readonly persistPrepared: boolean;
  readonly persistViewChange: boolean;
  /** Effects that persist come before the messages that rest on them. */
  readonly persistBeforeSend: boolean;
  /** Deliver each sequence once. */
  readonly deliverOnce: boolean;
  /** View-change timers double. */
  readonly backOff: boolean;
  /** Repeat to a peer what it says it lacks. */
  readonly retransmit: boolean;
  /** Messages of another configuration do not count. */
  readonly checkEpoch: boolean;
  /** A fetched block's certificate is one of the configuration of its height. */
  readonly checkCertificateEpoch: boolean;
  /** Go on in the new configuration where a change takes effect. */
  readonly changeConfiguration: boolean;
  /** Leave where the change has no seat for this replica. */
  readonly leaveWhenRemoved: boolean;
}

export const PRODUCTION_RULES: ProtocolRules = Object.freeze({
  commitQuorum: quorumSize,
  prepareVotes: (replicas: number) => quorumSize(replicas) - 1,
  viewChangeQuorum: quorumSize,
  joinVotes: (replicas: number) => faultsTolerated(replicas) + 1,
  checkSignatures: true,
  checkCommitCertificates: true,
  checkPreparedCertificates: true,
  checkNewView: true,
  preferHighestView: true,
  reportPrepared: true,
  checkPrimary: true,
  refuseSecondPrePrepare: true,
  matchVotes: true,
  checkBodies: true,
  countVotersOnce: true,
  silentAfterViewChange: true,
  requireValidation: true,
  checkChain: true,
  prepareInOrder: true,
  reportWholeRun: true,
  cutBrokenChain: true,
  dropSpeculation: true,
  stopAtChange: true,
  skipInFlight: true,
  persistPrePrepare: true,
  persistPrepared: true,
  persistViewChange: true,
  persistBeforeSend: true,
  deliverOnce: true,
  backOff: true,
  retransmit: true,
  checkEpoch: true,
  checkCertificateEpoch: true,
  changeConfiguration: true,
  leaveWhenRemoved: true,
});
