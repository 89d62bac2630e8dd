import { CodedError, digest } from '@medveil/encoding';
import type { PbftErrorCode } from './errors.js';

/** A replica's position in the replica set: 0 … n-1. */
export type ReplicaId = number;

/** The Ed25519 public keys (32 bytes each) of the replicas; a replica's id is its position. */
export interface ReplicaSet {
  readonly publicKeys: readonly Uint8Array[];
}

export const MAX_REPLICAS = 64;

/** A position that no set has: of a replica that is no member and only follows. */
export const NO_SEAT: ReplicaId = MAX_REPLICAS;

/**
 * Who agrees on the sequence numbers from `epoch` on, until a later configuration begins. The first sequence number names
 * the configuration, 1 that of genesis; it stands in everything that is signed.
 */
export interface Configuration {
  readonly epoch: number;
  readonly replicaSet: ReplicaSet;
  /** How transports name the members, in the set's order: a name stays when its key changes. */
  readonly names: readonly string[];
}

/** f: how many of n replicas may be Byzantine; n ≥ 3f + 1 (Castro–Liskov 1999, section 2). */
export const faultsTolerated = (replicas: number): number => Math.floor((replicas - 1) / 3);

/**
 * How many matching votes decide: any two quorums share a correct replica. 2f+1 where n = 3f+1,
 * and ⌈(n+f+1)/2⌉ for the set sizes between.
 */
export const quorumSize = (replicas: number): number => Math.ceil((replicas + faultsTolerated(replicas) + 1) / 2);

/** P = V mod |R| (Castro–Liskov 1999, section 4). */
export const primaryOf = (view: number, replicas: number): ReplicaId => view % replicas;

/** Commits to the keys and their order; the ledger's headers carry it. @returns 32 bytes */
export const replicaSetDigest = (set: ReplicaSet): Uint8Array => digest('medveil/pbft/replica-set/1', [...set.publicKeys]);

/** @throws CodedError `pbft/bad-replica-set` for an empty or too large set, a key of a wrong length or a key held twice */
export function checkReplicaSet(set: ReplicaSet): ReplicaSet {
  const { publicKeys } = set;
  if (publicKeys.length < 1 || publicKeys.length > MAX_REPLICAS) {
    throw bad('the number of replicas is out of range', { given: publicKeys.length, most: MAX_REPLICAS });
  }
  const seen = new Set<string>();
  for (const key of publicKeys) {
    if (key.length !== 32) throw bad('a replica key must have 32 bytes', { given: key.length });
    seen.add(key.join(','));
  }
  if (seen.size !== publicKeys.length) throw bad('two replicas share a key', {});
  return set;
}

/** @throws CodedError `pbft/bad-replica-set`: as above, or names that are missing, too long or held twice */
export function checkConfiguration(configuration: Configuration): Configuration {
  const { epoch, replicaSet, names } = configuration;
  checkReplicaSet(replicaSet);
  if (!Number.isSafeInteger(epoch) || epoch < 1) throw bad('an epoch is the first sequence number of a configuration', { given: epoch });
  if (names.length !== replicaSet.publicKeys.length || new Set(names).size !== names.length) throw bad('every replica has a name of its own', { given: names.length });
  if (names.some((name) => name.length < 1 || name.length > 128)) throw bad('a name has 1 to 128 characters', {});
  return configuration;
}

const bad = (message: string, details: Record<string, number>): CodedError<PbftErrorCode> =>
  new CodedError('pbft/bad-replica-set', message, details);
