import { CodedError } from '@medveil/encoding';
import { faultsTolerated, type ReplicaReport } from '@medveil/pbft';

/** Blocks: a few are always under way; one answer of a peer's brings more. */
const MAX_LAG = 8;

/**
 * Whether the others may do without the next replica, now that this one is there: it votes, and is where they are. Whoever restarts
 * replicas one after the other waits for it, and takes no second one away while the first catches up.
 */
export class Readiness {
  #hasHeard = false;

  /**
   * A replica that is no member follows, and is told nothing: of it only that it has executed what it knows to be committed.
   * @throws CodedError `consensus-node/not-voting`, `consensus-node/peers-unheard`, `consensus-node/behind`
   */
  check(name: string, report: ReplicaReport): void {
    const { members, seat, recovering, diverged, heard, certified, executed } = report;
    const isMember = members.includes(name);
    if (isMember && (seat === null || recovering || diverged)) {
      throw new CodedError('consensus-node/not-voting', 'this member does not vote: it lacks its key, has lost its log, or has a state of its own', { recovering, diverged });
    }
    // Once since the start: who has heard of fewer does not know where the others are.
    this.#hasHeard ||= heard >= 2 * faultsTolerated(members.length);
    if (isMember && !this.#hasHeard) throw new CodedError('consensus-node/peers-unheard', 'too few members have said where they stand', { heard });
    if (executed + MAX_LAG < certified) throw new CodedError('consensus-node/behind', 'the others are further', { executed, certified });
  }
}
