import type { ReplicaConfig } from './config.js';
import type { Effect } from './effects.js';
import type { Input } from './inputs.js';
import type { ReplicaPorts } from './ports.js';
import { primaryOf, type ReplicaId } from './replica-set.js';
import { PRODUCTION_RULES } from './rules.js';
import { newState, type ReplicaState } from './state.js';
import { stepWith } from './step.js';

/** Where a replica stands: for health, metrics and the explorer. */
export interface ReplicaReport {
  readonly view: number;
  readonly primary: ReplicaId;
  /** False during a view change. */
  readonly active: boolean;
  readonly delivered: number;
  readonly executed: number;
  readonly stable: number;
  readonly pendingRequests: number;
  /** True while a replica whose disk was lost does not vote. */
  readonly recovering: boolean;
  readonly diverged: boolean;
  /** Dropped messages by peer, then by `ignore/<code>` and `reject/<code>`. */
  readonly dropped: ReadonlyMap<ReplicaId, Readonly<Record<string, number>>>;
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
  const state = newState(config.replicaSet.publicKeys.length);
  return {
    step: (input) => stepWith({ config, ports, rules: PRODUCTION_RULES, state }, input),
    report: () => reportOn(state),
  };
}

export const reportOn = (state: ReplicaState): ReplicaReport => ({
  view: state.view,
  primary: primaryOf(state.view, state.peers.length),
  active: state.active,
  delivered: state.delivered.sequence,
  executed: state.executed.sequence,
  stable: state.stable?.sequence ?? 0,
  pendingRequests: state.pool.waiting.size,
  recovering: state.quiet !== null,
  diverged: state.diverged,
  dropped: new Map(state.peers.map((peer, replica) => [replica, { ...peer.dropped }])),
});
