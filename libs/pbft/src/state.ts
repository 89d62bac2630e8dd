import type { CheckpointCertificate, CommitCertificate, PreparedCertificate } from './certificates.js';
import type { ReplicaConfig } from './config.js';
import type { TimerId } from './inputs.js';
import type { Checkpoint, Commit, NewView, Prepare, PrePrepare, ViewChange } from './messages.js';
import { newPool, type PoolState } from './pool.js';
import type { ReplicaId } from './replica-set.js';
import type { WalEntry } from './wal-entries.js';

export interface BlockContent {
  readonly requestIds: readonly string[];
  /** It names another replica set: the last block that the configuration in force decides. */
  readonly isLast: boolean;
}

export interface PendingOutline {
  readonly digest: Uint8Array;
  readonly bytes: Uint8Array;
  /** How many requests had come when it was looked at last. */
  lookedAt: number;
  /** The wait for its requests is over. */
  isOverdue: boolean;
}

/** Everything known about one sequence number above the last delivered one. */
export interface Slot {
  readonly sequence: number;
  /** The PRE-PREPARE this replica works with: of its current view, or of the last view it was in. Body apart. */
  accepted: PrePrepare | null;
  /** It came with a NEW-VIEW: a quorum had prepared it before. */
  reproposed: boolean;
  /** PRE-PREPAREs of later views, one per sender, body included. */
  early: Map<ReplicaId, PrePrepare>;
  /** Bodies by digest (hex): of what is accepted or prepared, nothing else. */
  bodies: Map<string, Uint8Array>;
  /** Of a body that is not here: what it is put together from. */
  outline: PendingOutline | null;
  /** Somebody has been asked for a body here: the leader comes first. */
  asked: boolean;
  /** Digests (hex) of bodies that are in the log. */
  logged: Set<string>;
  /** What the ledger said of a digest (hex). */
  validations: Map<string, 'asked' | 'bad' | 'ok'>;
  /** What is in a body, by its digest (hex), where it has been looked at. */
  contents: Map<string, BlockContent>;
  /** The latest vote of each replica. */
  prepares: Prepare[];
  commits: Commit[];
  /** Last view in which this replica stood behind `accepted` (PREPARE, or PRE-PREPARE as the primary); -1: none. */
  votedIn: number;
  /** Last view in which this replica had it prepared and sent COMMIT; -1: none. */
  committedIn: number;
  /** Of the highest view. */
  prepared: PreparedCertificate | null;
  certificate: CommitCertificate | null;
  /** The digest that a later block's certificate makes final here. */
  final: Uint8Array | null;
}

export interface Peer {
  /** Last delivered sequence it claims; -1: not heard of, or it could not show the blocks. */
  head: number;
  /** Repeats granted since the last status tick: bounds what a peer can make this replica send. */
  repeats: number;
  /** `check-requests` that the shell has not answered. */
  unchecked: number;
  /** Requests that it passed on lately and that are not in the pool, by id, oldest first. */
  recent: Map<string, Uint8Array>;
  recentBytes: number;
}

/** What was asked for last; one question at a time. */
export type FetchState =
  | { readonly kind: 'blocks'; readonly peer: string; readonly from: number }
  | { readonly kind: 'proposal'; readonly peer: string; readonly sequence: number; readonly digest: Uint8Array };

/** Plain data throughout (`structuredClone` copies it): no functions, no clock, no handles. */
export interface ReplicaState {
  /** Settings and the configuration in force. */
  config: ReplicaConfig;
  started: boolean;
  /** The last configuration in which this replica has promised something, by its log. */
  promisedEpoch: number;
  /** Log entries of that configuration, while blocks below it are still to be executed. */
  laterEntries: WalEntry[];
  view: number;
  /** False from VIEW-CHANGE to NEW-VIEW. */
  active: boolean;
  /** The last block handed to the ledger. */
  delivered: { readonly sequence: number; readonly digest: Uint8Array };
  executed: { readonly sequence: number; readonly stateDigest: Uint8Array };
  /** The last block delivered that ends a configuration; 0: none. */
  lastOfConfiguration: number;
  /** The highest commit certificate known; its block may still be on its way here. */
  certified: CommitCertificate | null;
  stable: CheckpointCertificate | null;
  /** A certificate above what is executed here: checked once it is. */
  nextStable: CheckpointCertificate | null;
  /** Own state digests at checkpoint sequences not yet stable. */
  ownCheckpoints: Map<number, Uint8Array>;
  /** The latest CHECKPOINT of each replica. */
  checkpoints: Map<ReplicaId, Checkpoint>;
  slots: Map<number, Slot>;
  /** The latest VIEW-CHANGE of each replica. */
  viewChanges: Map<ReplicaId, ViewChange>;
  /** The NEW-VIEW that `view` began with; null in view 0. */
  newView: NewView | null;
  /** The sequence number that `view` began above: what is certified up to there is not agreed on again. */
  viewBase: number;
  pool: PoolState;
  /** Requests that have come so far. */
  arrivals: number;
  /** So many more of this leader's proposals carry their bodies. */
  wholeProposals: number;
  /** A `build-proposal` is unanswered. */
  proposing: { readonly view: number; readonly sequence: number; readonly previousDigest: Uint8Array } | null;
  /** The builder had nothing to propose; wait for something new. */
  nothingToPropose: boolean;
  batchReady: boolean;
  workDue: boolean;
  /** By position in the configuration. */
  peers: Peer[];
  /** Names of those who speak in a later configuration, on nobody's word but their own: worth one question each. */
  ahead: Set<string>;
  /** Names of those in former configurations who were told, since the last tick, where this replica stands. */
  told: Set<string>;
  /** For whom a `read-blocks` is under way. */
  serving: Set<string>;
  /** By name: of members, and of so many others. */
  dropped: Map<string, Record<string, number>>;
  fetch: FetchState | null;
  /** Who was asked last. */
  lastAsked: string | null;
  timers: Set<TimerId>;
  /** The patience with leaders is progressTimeoutMs · 2^backoff. */
  backoff: number;
  /** Of whom a message came since the last block, or since this replica was found out of touch. */
  spoke: Set<ReplicaId>;
  /** False until a quorum is heard of: alone, it would leave a view in which the others go on. */
  inTouch: boolean;
  deliveredAtTick: number;
  /** Not null: this replica lost its disk and is silent up to and including `until` (null: not known yet). */
  quiet: { until: number | null } | null;
  diverged: boolean;
}

export const newPeers = (replicas: number): Peer[] => Array.from({ length: replicas }, () => ({ head: -1, repeats: 0, unchecked: 0, recent: new Map(), recentBytes: 0 }));

export function newState(config: ReplicaConfig): ReplicaState {
  const none = new Uint8Array(32);
  return {
    config,
    started: false,
    promisedEpoch: 0,
    laterEntries: [],
    view: 0,
    active: true,
    delivered: { sequence: 0, digest: none },
    executed: { sequence: 0, stateDigest: none },
    lastOfConfiguration: 0,
    certified: null,
    stable: null,
    nextStable: null,
    ownCheckpoints: new Map(),
    checkpoints: new Map(),
    slots: new Map(),
    viewChanges: new Map(),
    newView: null,
    viewBase: 0,
    pool: newPool(),
    arrivals: 0,
    wholeProposals: 0,
    proposing: null,
    nothingToPropose: false,
    batchReady: false,
    workDue: false,
    peers: newPeers(config.names.length),
    ahead: new Set(),
    told: new Set(),
    serving: new Set(),
    dropped: new Map(),
    fetch: null,
    lastAsked: null,
    timers: new Set(),
    backoff: 0,
    spoke: new Set(),
    inTouch: false,
    deliveredAtTick: -1,
    quiet: null,
    diverged: false,
  };
}

export const newSlot = (sequence: number): Slot => ({
  sequence,
  accepted: null,
  reproposed: false,
  early: new Map(),
  bodies: new Map(),
  outline: null,
  asked: false,
  logged: new Set(),
  validations: new Map(),
  contents: new Map(),
  prepares: [],
  commits: [],
  votedIn: -1,
  committedIn: -1,
  prepared: null,
  certificate: null,
  final: null,
});

/** The slot for a sequence number, made on first use. Callers have checked the bounds. */
export function slotAt(state: ReplicaState, sequence: number): Slot {
  const known = state.slots.get(sequence);
  if (known !== undefined) return known;
  const slot = newSlot(sequence);
  state.slots.set(sequence, slot);
  return slot;
}

/** What the chain has below a sequence number: the last delivered block, or what is accepted there in the current view. */
export function predecessorOf(state: ReplicaState, sequence: number): Uint8Array | null {
  if (sequence === state.delivered.sequence + 1) return state.delivered.digest;
  const accepted = state.slots.get(sequence - 1)?.accepted ?? null;
  return accepted !== null && accepted.view === state.view ? accepted.digest : null;
}

export const certifiedSequence = (state: ReplicaState): number => Math.max(state.certified?.sequence ?? 0, state.delivered.sequence);
