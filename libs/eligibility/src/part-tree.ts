import { digest as domainDigest, sha256 } from '@medveil/encoding';
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 as sha256Hash } from '@noble/hashes/sha2.js';
import { eligibilityError } from './errors.js';
import { bytesToInteger, FIELD_ORDER } from './field.js';
import { depthFor, type MerklePath, MerkleTree } from './merkle.js';
import { codeHash, DAY_MS, encodeValue, HIGH_KEY, LOW_KEY, type Observation, observationKey, startOfDayMs } from './observation.js';
import { partIndex, type PartType } from './parts.js';
import { poseidon } from './poseidon.js';

/** Largest subtree: 8^6 = 262,144 leaves. */
export const MAX_PART_DEPTH = 6;
/** Observations that one part may hold; one leaf is the low sentinel. */
export const MAX_OBSERVATIONS = 1 << 16;
/** Depth of the smallest subtree: every part of up to 63 observations looks alike. */
export const MIN_PART_DEPTH = 2;

/** A leaf of an observation subtree: Poseidon(TAG, key, value, nextKey, salt). */
export interface ObservationLeaf {
  readonly key: bigint;
  readonly value: bigint;
  readonly nextKey: bigint;
  readonly salt: bigint;
  /** The observation behind the leaf; the low sentinel has none. */
  readonly observation: Observation | undefined;
}

export const leafHash = (leaf: Pick<ObservationLeaf, 'key' | 'value' | 'nextKey' | 'salt'>): bigint =>
  poseidon('observationLeaf', [leaf.key, leaf.value, leaf.nextKey, leaf.salt]);

/**
 * The observation subtree of one part: leaves sorted by key, each with its successor's key, closed by sentinels.
 * Leaf 0 is the low sentinel, so an empty part has one leaf and absence can be shown in it too.
 */
export class PartTree {
  readonly tree: MerkleTree;
  readonly leafOfPart: bigint;

  constructor(
    readonly part: PartType,
    /** SHA-256 of the de-identified plaintext of the part, 32 bytes. */
    readonly digest: Uint8Array,
    readonly salt: bigint,
    readonly leaves: readonly ObservationLeaf[],
  ) {
    const depth = Math.max(MIN_PART_DEPTH, depthFor(leaves.length));
    this.tree = new MerkleTree('observationNode', depth, leaves.map(leafHash));
    this.leafOfPart = partLeaf(part, this.tree.root, digest, salt);
  }

  path(leafIndex: number): MerklePath {
    return this.tree.path(leafIndex);
  }
}

/** Part leaf = Poseidon(TAG, type, subtree root, digestHi, digestLo, partSalt); the digest in two 128-bit halves. */
export const partLeaf = (part: PartType, subtreeRoot: bigint, partDigest: Uint8Array, salt: bigint): bigint =>
  poseidon('partLeaf', [
    BigInt(partIndex(part)),
    subtreeRoot,
    bytesToInteger(partDigest.subarray(0, 16)),
    bytesToInteger(partDigest.subarray(16)),
    salt,
  ]);

/** Digest of a part that a record does not have: SHA-256 of nothing. */
export const EMPTY_PART_DIGEST: Uint8Array = sha256(new Uint8Array());

/** Builds a part's subtree; salts come from the record secret, so that no leaf can be guessed from its hash. */
export function buildPartTree(part: PartType, observations: readonly Observation[], partDigest: Uint8Array, recordSecret: Uint8Array): PartTree {
  if (partDigest.length !== 32) throw eligibilityError('eligibility/bad-record', 'a part digest is 32 bytes', { part });
  if (observations.length > MAX_OBSERVATIONS) {
    throw eligibilityError('eligibility/too-many-observations', 'a part holds too many observations', { part, limit: MAX_OBSERVATIONS });
  }
  const sorted = keyedObservations(part, observations);
  const keys = [LOW_KEY, ...sorted.map((entry) => entry.key), HIGH_KEY];
  const leaves = keys.slice(0, -1).map((key, i): ObservationLeaf => {
    const observation = sorted[i - 1]?.observation;
    return {
      key,
      value: observation === undefined ? 0n : encodeValue(observation.value),
      nextKey: keys[i + 1] ?? HIGH_KEY,
      salt: derivedSalt(recordSecret, ['medveil/leaf-salt/1', part, key]),
      observation,
    };
  });
  return new PartTree(part, partDigest, derivedSalt(recordSecret, ['medveil/part-salt/1', part, 0n]), leaves);
}

/**
 * Gives every observation its key. Observations of one code on one day are told apart by a sequence number in the
 * milliseconds of the day, given in order of their values: the same observations always give the same tree.
 */
export function keyedObservations(part: PartType, observations: readonly Observation[]): { key: bigint; observation: Observation }[] {
  const entries = observations.map((observation) => {
    if (observation.part !== part || !Number.isSafeInteger(observation.timeMs) || startOfDayMs(observation.timeMs) !== observation.timeMs) {
      throw eligibilityError('eligibility/bad-observation', 'an observation belongs to its part and is dated to the day', { part });
    }
    return { base: observationKey(codeHash(observation.code), observation.timeMs, 0), value: encodeValue(observation.value), observation };
  });
  entries.sort((a, b) => compare(a.base, b.base) || compare(a.value, b.value));
  let previous = LOW_KEY;
  return entries.map(({ base, observation }) => {
    const key = previous >= base ? previous + 1n : base;
    if (key - base >= BigInt(DAY_MS)) {
      throw eligibilityError('eligibility/too-many-observations', 'too many observations of one code on one day', { part });
    }
    previous = key;
    return { key, observation };
  });
}

const compare = (a: bigint, b: bigint): number => (a < b ? -1 : Number(a > b));

/** Salt = HMAC-SHA-256(record secret, what it is for), twice for 512 bits, modulo r. */
function derivedSalt(recordSecret: Uint8Array, purpose: readonly [string, PartType, bigint]): bigint {
  const info = domainDigest(purpose[0], [purpose[1], purpose[2].toString(16)]);
  const block = (counter: number) => bytesToInteger(hmac(sha256Hash, recordSecret, new Uint8Array([...info, counter])));
  return ((block(0) << 256n) | block(1)) % FIELD_ORDER;
}
