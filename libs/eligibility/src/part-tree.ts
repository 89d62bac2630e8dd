import { digest as domainDigest, sha256 } from '@medveil/encoding';
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 as sha256Hash } from '@noble/hashes/sha2.js';
import { eligibilityError } from './errors.js';
import { bytesToInteger, FIELD_ORDER } from './field.js';
import { depthFor, type MerklePath, MerkleTree } from './merkle.js';
import { codeHash, DAY_LIMIT, dayOf, encodeValue, HIGH_KEY, LOW_KEY, type Observation, observationKey, startOfDayMs } from './observation.js';
import { type PartType } from './parts.js';
import { poseidon } from './poseidon.js';

/** Observations that one part may hold, the low sentinel apart. */
export const MAX_OBSERVATIONS = 1 << 16;

/** Observations in a bucket: with its next key eleven inputs, a width of Poseidon that is cheap for what it takes in. */
export const BUCKET_SIZE = 5;

/** Nodes over buckets have five children: parts of up to 4, 24, 124, 624, … observations look alike. */
export const OBSERVATION_TREE = { tag: 'observationNode', arity: 5 } as const;

/** A place in the sorted list of a part: an observation, or the low sentinel, whose value is the salt of the whole subtree. */
export interface ObservationLeaf {
  readonly key: bigint;
  readonly value: bigint;
  readonly nextKey: bigint;
  /** The observation behind the leaf; the low sentinel has none. */
  readonly observation: Observation | undefined;
}

/** What a bucket is the hash of: the keys of five leaves and the key after them, and five values. Beyond the end keys are HIGH_KEY. */
export interface Bucket {
  readonly keys: readonly bigint[];
  readonly values: readonly bigint[];
}

/** Poseidon(TAG, key, value, …, next key). */
export const bucketHash = ({ keys, values }: Bucket): bigint =>
  poseidon('observationBucket', [...values.flatMap((value, i) => [keys[i] ?? HIGH_KEY, value]), keys[BUCKET_SIZE] ?? HIGH_KEY]);

/**
 * The observation subtree of one part: buckets of leaves sorted by key, closed by sentinels. Leaf 0 is the low sentinel, so an
 * empty part has one leaf and absence can be shown in it too. Its value is a salt: without it no bucket, and no root, can be guessed
 * by its contents. One salt does for the part, since a part is shown whole or by its root.
 */
export class PartTree {
  private readonly tree: MerkleTree;
  /** Poseidon(TAG, digestHi, digestLo, salt), the digest in two 128-bit halves. */
  readonly sealedDigest: bigint;

  constructor(
    readonly part: PartType,
    /** SHA-256 of the de-identified plaintext of the part, 32 bytes. */
    readonly digest: Uint8Array,
    /** Keeps the digest of a part that is not shown from being guessed. */
    readonly salt: bigint,
    readonly leaves: readonly ObservationLeaf[],
  ) {
    const buckets = Array.from({ length: Math.ceil(leaves.length / BUCKET_SIZE) }, (_, i) => bucketHash(this.bucket(i)));
    this.tree = new MerkleTree(OBSERVATION_TREE, depthFor(OBSERVATION_TREE.arity, buckets.length), buckets);
    this.sealedDigest = sealDigest(digest, salt);
  }

  get root(): bigint {
    return this.tree.root;
  }

  /** Levels of nodes over the buckets. */
  get depth(): number {
    return this.tree.depth;
  }

  bucket(index: number): Bucket {
    const first = index * BUCKET_SIZE;
    const places = Array.from({ length: BUCKET_SIZE + 1 }, (_, i) => this.leaves[first + i]);
    return {
      keys: places.map((leaf) => leaf?.key ?? HIGH_KEY),
      values: places.slice(0, BUCKET_SIZE).map((leaf) => leaf?.value ?? 0n),
    };
  }

  /** From the bucket that a leaf lies in. */
  path(leafIndex: number): MerklePath {
    return this.tree.path(Math.floor(leafIndex / BUCKET_SIZE));
  }
}

export const sealDigest = (digest: Uint8Array, salt: bigint): bigint =>
  poseidon('partDigest', [bytesToInteger(digest.subarray(0, 16)), bytesToInteger(digest.subarray(16)), salt]);

/** Digest of a part that a record does not have: SHA-256 of nothing. */
export const EMPTY_PART_DIGEST: Uint8Array = sha256(new Uint8Array());

/** Builds a part's subtree; salts come from the record secret. */
export function buildPartTree(part: PartType, observations: readonly Observation[], partDigest: Uint8Array, recordSecret: Uint8Array): PartTree {
  if (partDigest.length !== 32) throw eligibilityError('eligibility/bad-record', 'a part digest is 32 bytes', { part });
  const leaves = leavesOf(keyedObservations(part, observations), derivedSalt(recordSecret, 'medveil/subtree-salt/1', part));
  return new PartTree(part, partDigest, derivedSalt(recordSecret, 'medveil/part-salt/1', part), leaves);
}

/** The low sentinel and the observations, each with the key after it. */
export function leavesOf(sorted: readonly KeyedObservation[], salt: bigint): ObservationLeaf[] {
  const keys = [LOW_KEY, ...sorted.map((entry) => entry.key), HIGH_KEY];
  return keys.slice(0, -1).map((key, i): ObservationLeaf => {
    const observation = sorted[i - 1]?.observation;
    return { key, value: observation === undefined ? salt : encodeValue(observation.value), nextKey: keys[i + 1] ?? HIGH_KEY, observation };
  });
}

export interface KeyedObservation {
  readonly key: bigint;
  readonly observation: Observation;
}

/**
 * Gives every observation its key. Observations of one code on one day are numbered in order of their values: the same
 * observations always give the same tree.
 * @throws CodedError `eligibility/bad-observation`, `eligibility/too-many-observations`
 */
export function keyedObservations(part: PartType, observations: readonly Observation[]): KeyedObservation[] {
  if (observations.length > MAX_OBSERVATIONS) {
    throw eligibilityError('eligibility/too-many-observations', 'a part holds too many observations', { part, limit: MAX_OBSERVATIONS });
  }
  const entries = observations.map((observation) => {
    const { timeMs } = observation;
    if (observation.part !== part || startOfDayMs(timeMs) !== timeMs || Math.abs(dayOf(timeMs)) >= DAY_LIMIT) {
      throw eligibilityError('eligibility/bad-observation', 'an observation belongs to its part and is dated to the day', { part });
    }
    return { base: observationKey(codeHash(observation.code), timeMs, 0), value: encodeValue(observation.value), observation };
  });
  entries.sort((a, b) => compare(a.base, b.base) || compare(a.value, b.value));
  let previous = LOW_KEY;
  return entries.map(({ base, observation }) => {
    const key = previous >= base ? previous + 1n : base;
    previous = key;
    return { key, observation };
  });
}

const compare = (a: bigint, b: bigint): number => (a < b ? -1 : Number(a > b));

/** Salt = HMAC-SHA-256(record secret, what it is for), twice for 512 bits, modulo r. */
function derivedSalt(recordSecret: Uint8Array, purpose: string, part: PartType): bigint {
  const info = domainDigest(purpose, part);
  const block = (counter: number) => bytesToInteger(hmac(sha256Hash, recordSecret, new Uint8Array([...info, counter])));
  return ((block(0) << 256n) | block(1)) % FIELD_ORDER;
}
