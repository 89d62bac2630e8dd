import { eligibilityError } from './errors.js';
import { type Observation } from './observation.js';
import { buildPartTree, EMPTY_PART_DIGEST, type PartTree } from './part-tree.js';
import { PART_TYPES, type PartType } from './parts.js';
import { poseidon } from './poseidon.js';

/** One part as it goes into a record. */
export interface RecordPart {
  readonly observations: readonly Observation[];
  /** SHA-256 of the de-identified plaintext bytes of the part, 32 bytes. */
  readonly digest: Uint8Array;
}

export interface RecordInput {
  /** Parts that are missing here are empty, their digest that of no bytes. */
  readonly parts: Readonly<Partial<Record<PartType, RecordPart>>>;
  /** 32 secret bytes that the salts derive from; whoever attests the record knows them, nobody else. */
  readonly recordSecret: Uint8Array;
  /** To what the de-identification kept dates; windows that are finer are refused on evaluation. Default `day`. */
  readonly datePrecision?: DatePrecision;
}

export type DatePrecision = 'day' | 'year';

/** A record as a tree: every part type has a subtree and a digest, whether it holds anything or not. */
export interface RecordTree {
  readonly partsRoot: bigint;
  readonly parts: Readonly<Record<PartType, PartTree>>;
  readonly datePrecision: DatePrecision;
}

/**
 * Builds the tree of a record (docs/scheme.md, section 6). Deterministic: the same input gives the same tree.
 * @throws CodedError `eligibility/bad-record`, `eligibility/bad-observation`, `eligibility/too-many-observations`
 */
export function buildRecord(input: RecordInput): RecordTree {
  if (input.recordSecret.length !== 32) throw eligibilityError('eligibility/bad-record', 'a record secret is 32 bytes');
  const entries = PART_TYPES.map((part) => {
    const given = input.parts[part];
    return [part, buildPartTree(part, given?.observations ?? [], given?.digest ?? EMPTY_PART_DIGEST, input.recordSecret)] as const;
  });
  const parts = Object.fromEntries(entries) as Record<PartType, PartTree>;
  return { partsRoot: partsRootOf(entries.map(([, tree]) => tree)), parts, datePrecision: input.datePrecision ?? 'day' };
}

/** What partsRoot holds of a part: the root of its subtree, and its digest behind a salt. */
export interface CommittedPart {
  readonly root: bigint;
  readonly sealedDigest: bigint;
}

/** Poseidon(TAG, the sealed digests of the ten parts): the circuit never opens it. */
export const partDigestsOf = (parts: readonly CommittedPart[]): bigint => poseidon('partDigests', parts.map((part) => part.sealedDigest));

/** Poseidon(TAG, the ten subtree roots, partDigests), in the order of the part types. */
export const partsRootOf = (parts: readonly CommittedPart[]): bigint =>
  poseidon('partsRoot', [...parts.map((part) => part.root), partDigestsOf(parts)]);
