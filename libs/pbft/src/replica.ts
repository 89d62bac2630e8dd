import type { ReplicaConfig } from './config.js';
import type { Effect } from './effects.js';
import type { Input } from './inputs.js';
import type { ReplicaPorts } from './ports.js';
import type { ReplicaId } from './replica-set.js';

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
export declare function createReplica(config: ReplicaConfig, ports: ReplicaPorts): Replica;
