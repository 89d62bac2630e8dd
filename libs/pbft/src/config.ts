import { CodedError } from '@medveil/encoding';
import { z } from 'zod';
import type { PbftErrorCode } from './errors.js';
import { MAX_IN_FLIGHT } from './message-codec.js';
import { checkConfiguration, type Configuration, NO_SEAT, type ReplicaId } from './replica-set.js';

const positive = z.int().min(1);

const settingsSchema = z.strictObject({
  /** Blocks between checkpoints (K). */
  checkpointInterval: positive.default(64),
  /** Sequence numbers above the stable checkpoint that may be worked on (L ≥ 2K). */
  window: positive.default(256),
  /** Patience with a leader before the first view change; doubles with each view change, halves with each block. */
  progressTimeoutMs: positive.default(2_000),
  /** The doubling stops at progressTimeoutMs · 2^maxBackoff. */
  maxBackoff: z.int().min(0).max(20).default(8),
  /** How often a replica says where it stands, and repeats what others lack. */
  statusIntervalMs: positive.default(500),
  /** Patience with a peer that was asked for blocks or a proposal. */
  fetchTimeoutMs: positive.default(1_000),
  /** How long the leader waits for more requests before it proposes; 0: not at all. */
  batchDelayMs: z.int().min(0).default(2),
  /** How long the requests that a proposal names may be on their way before its body is asked for. */
  assemblyTimeoutMs: positive.default(200),
  maxProposalBytes: positive.default(2_097_152),
  maxRequestsPerProposal: positive.default(2_000),
  maxRequestBytes: positive.default(65_536),
  /** Blocks in one answer to a FETCH. */
  maxFetchedBlocks: positive.max(256).default(32),
  /**
   * Sequence numbers above the last executed one that may be in agreement at once; the same on every replica. 1: the next block
   * is proposed when the last one is executed.
   */
  maxInFlight: positive.max(MAX_IN_FLIGHT).default(1),
  /** Delivered blocks that may wait for the executor. */
  maxUnexecuted: positive.default(64),
  /** Sequence numbers above the last delivered one for which messages are kept. */
  maxAhead: positive.default(16),
  poolRequests: positive.default(20_000),
  poolRequestsPerSender: positive.default(256),
  /** Requests of one peer that may be under check by the shell. */
  maxUncheckedPerPeer: positive.default(4_096),
  /** Blocks that may pass over a request that is next in its sender's line before the leader is suspected. */
  patienceBlocks: positive.default(16),
});

export type ReplicaSettings = z.output<typeof settingsSchema>;

/** The settings, and the configuration in force: of the sequence number after the last executed block. */
export interface ReplicaConfig extends ReplicaSettings, Configuration {
  /** The ledger's id: in everything that is signed. */
  readonly chainId: string;
  /** How transports name this replica. */
  readonly name: string;
  /** This replica's position in the set; `NO_SEAT` for one that is no member, or lacks its member's key, and follows. */
  readonly replica: ReplicaId;
}

export interface ReplicaOptions extends z.input<typeof settingsSchema> {
  readonly chainId: string;
  readonly name: string;
  /** Of the sequence number after the ledger's head. */
  readonly configuration: Configuration;
}

/**
 * Fills in the defaults.
 * @throws CodedError `pbft/bad-config` naming the setting, `pbft/bad-replica-set`
 */
export function replicaConfig(options: ReplicaOptions): ReplicaConfig {
  const { chainId, name, configuration, ...rest } = options;
  const settings = settingsSchema.safeParse(rest);
  if (!settings.success) {
    const issue = settings.error.issues[0];
    throw bad(issue?.path.join('.') ?? '', issue?.message ?? 'not valid');
  }
  if (name.length < 1 || name.length > 128) throw bad('name', 'must have 1 to 128 characters');
  if (chainId.length < 1 || chainId.length > 128) throw bad('chainId', 'must have 1 to 128 characters');
  if (settings.data.window < 2 * settings.data.checkpointInterval) throw bad('window', 'must be at least two checkpoint intervals');
  if (settings.data.maxAhead < settings.data.maxInFlight) throw bad('maxAhead', 'must be at least maxInFlight');
  return configured({ chainId, name, ...settings.data }, configuration, () => true);
}

/**
 * The same replica under another configuration.
 * @param holds whether this replica has the secret of a key
 * @throws CodedError `pbft/bad-replica-set`
 */
export function configured(
  replica: Omit<ReplicaConfig, keyof Configuration | 'replica'>,
  configuration: Configuration,
  holds: (publicKey: Uint8Array) => boolean,
): ReplicaConfig {
  const { epoch, replicaSet, names } = checkConfiguration(configuration);
  const seat = names.indexOf(replica.name);
  const publicKey = replicaSet.publicKeys[seat];
  return { ...replica, epoch, replicaSet, names, replica: publicKey !== undefined && holds(publicKey) ? seat : NO_SEAT };
}

const bad = (setting: string, message: string): CodedError<PbftErrorCode> =>
  new CodedError('pbft/bad-config', `${setting}: ${message}`, { setting });
