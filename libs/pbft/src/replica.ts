import { configured, type ReplicaConfig } from './config.js';
import type { Effect } from './effects.js';
import type { Input } from './inputs.js';
import type { ReplicaPorts } from './ports.js';
import { faultsTolerated, NO_SEAT, primaryOf, type ReplicaId } from './replica-set.js';
import { PRODUCTION_RULES } from './rules.js';
import { certifiedSequence, newState, type ReplicaState } from './state.js';
import { stepWith } from './step.js';

/** Where a replica stands: for health, metrics and the explorer. */
export interface ReplicaReport {
  /** First sequence number of the configuration in force. */
  readonly epoch: number;
  /** The members' names, in the set's order. */
  readonly members: readonly string[];
  /** This replica's position among them; null: it is no member, and follows. */
  readonly seat: ReplicaId | null;
  readonly view: number;
  readonly primary: ReplicaId;
  /** False during a view change. */
  readonly active: boolean;
  readonly delivered: number;
  readonly executed: number;
  readonly stable: number;
  /** The highest block known to be committed: its certificate is here, or f+1 other members claim to have delivered it, one of them correct. */
  readonly certified: number;
  /** Other members that have said in this configuration where they stand. */
  readonly heard: number;
  readonly pendingRequests: number;
  /** True while a replica whose disk was lost does not vote. */
  readonly recovering: boolean;
  readonly diverged: boolean;
  /** Dropped messages by the peer's name, then by `ignore/<code>` and `reject/<code>`. */
  readonly dropped: ReadonlyMap<string, Readonly<Record<string, number>>>;
}

export interface Replica {
  /**
   * Deterministic: equal inputs in equal order give equal effects. Never throws for what a peer sent.
   * @throws CodedError `pbft/bad-input` where the shell breaks its side of the contract (no `start` first, a wrong answer)
   */
  step(input: Input): readonly Effect[];
  report(): ReplicaReport;
}

/** The first input must be `start`. */
export function createReplica(config: ReplicaConfig, ports: ReplicaPorts): Replica {
  const state = newState(configured(config, config, (key) => ports.signerOf(key) !== null));
  return {
    step: (input) => stepWith({ ports, rules: PRODUCTION_RULES, state }, input),
    report: () => reportOn(state),
  };
}

export const reportOn = (state: ReplicaState): ReplicaReport => ({
  epoch: state.config.epoch,
  members: state.config.names,
  seat: state.config.replica === NO_SEAT ? null : state.config.replica,
  view: state.view,
  primary: primaryOf(state.view, state.peers.length),
  active: state.active,
  delivered: state.delivered.sequence,
  executed: state.executed.sequence,
  stable: state.stable?.sequence ?? state.config.epoch - 1,
  certified: Math.max(certifiedSequence(state), claimedByCorrect(state)),
  heard: claims(state).length,
  pendingRequests: state.pool.waiting.size,
  recovering: state.quiet !== null,
  diverged: state.diverged,
  dropped: new Map([...state.dropped].map(([name, counts]) => [name, { ...counts }])),
});

const claims = ({ peers, config }: ReplicaState): number[] => peers.flatMap(({ head }, replica) => (replica === config.replica || head < 0 ? [] : [head]));

/** The (f+1)-th highest claim: what at least one correct member has delivered. */
const claimedByCorrect = (state: ReplicaState): number =>
  claims(state).toSorted((a, b) => b - a)[faultsTolerated(state.config.names.length)] ?? 0;
