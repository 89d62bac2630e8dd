import { concatBytes, decodeCanonical, encodeCanonical } from '@medveil/encoding';
import { z } from 'zod';
import { eligibilityError } from './errors.js';
import { bytesToField, bytesToInteger, FIELD_BYTES, fieldToBytes } from './field.js';
import { type Coding, KEY_BYTES, type Observation } from './observation.js';
import { encodeObservationValue, observationValueSchema } from './observation-codec.js';
import { MAX_OBSERVATIONS, type ObservationLeaf, PartTree } from './part-tree.js';
import { PART_TYPES, type PartType } from './parts.js';
import { type CommittedPart, type RecordTree } from './record.js';

/** A granted part as the institution gets it: the salts of its digest and of its subtree, and every leaf in order of keys. */
export interface OpenedPart {
  readonly part: PartType;
  readonly digest: Uint8Array;
  readonly salt: bigint;
  /** Value of the low sentinel. */
  readonly sentinelSalt: bigint;
  readonly leaves: readonly OpenedLeaf[];
}

/** An observation with its key, which says its number within the day. */
export interface OpenedLeaf {
  readonly observation: Observation;
  readonly key: bigint;
}

/**
 * What goes to the institution beside the parts' ciphertexts: T, B, the granted parts opened, of the others what partsRoot
 * holds of them only. It shows no subject, and nothing of a part that was not granted.
 */
export interface DeliveryOpening {
  readonly timeDay: number;
  /** B, from `commit`. */
  readonly blinding: Uint8Array;
  readonly parts: readonly OpenedPart[];
  /** Of the other part types, by part: root of the subtree ‖ sealed digest, 64 bytes. */
  readonly closed: Readonly<Partial<Record<PartType, Uint8Array>>>;
}

/** @param granted the parts that the requirement asks for, and no others */
export function openForDelivery(
  record: RecordTree,
  granted: readonly PartType[],
  commitment: { timeDay: number; blinding: Uint8Array },
): DeliveryOpening {
  const closed = PART_TYPES.filter((part) => !granted.includes(part));
  return {
    timeDay: commitment.timeDay,
    blinding: commitment.blinding,
    parts: PART_TYPES.filter((part) => granted.includes(part)).map((part) => openPart(record.parts[part])),
    closed: Object.fromEntries(closed.map((part) => [part, closePart(record.parts[part])])),
  };
}

const closePart = ({ root, sealedDigest }: PartTree): Uint8Array => concatBytes(fieldToBytes(root), fieldToBytes(sealedDigest));

/** @throws CodedError `eligibility/bad-field-element` unless the bytes are two field elements */
export const readClosedPart = (bytes: Uint8Array): CommittedPart => ({
  root: bytesToField(bytes.subarray(0, FIELD_BYTES)),
  sealedDigest: bytesToField(bytes.subarray(FIELD_BYTES)),
});

function openPart(tree: PartTree): OpenedPart {
  const [sentinel, ...leaves] = tree.leaves;
  return {
    part: tree.part,
    digest: tree.digest,
    salt: tree.salt,
    sentinelSalt: sentinel?.value ?? 0n,
    leaves: leaves.map(openLeaf),
  };
}

function openLeaf(leaf: ObservationLeaf): OpenedLeaf {
  if (leaf.observation === undefined) throw new RangeError('a leaf without its observation');
  return { observation: leaf.observation, key: leaf.key };
}

const field = z.instanceof(Uint8Array).transform(bytesToField);
const bytesOf = (length: number) => z.instanceof(Uint8Array).refine((b) => b.length === length, { error: `must be ${length} bytes` });
const text = z.string().min(1).max(200);
const leafSchema = z.strictObject({
  system: text,
  code: text,
  timeMs: z.int(),
  value: observationValueSchema,
  key: bytesOf(KEY_BYTES).transform(bytesToInteger),
});
const openingSchema = z.strictObject({
  version: z.literal(1),
  timeDay: z.int().min(0).max(2 ** 31),
  blinding: bytesOf(32),
  parts: z
    .array(
      z.strictObject({
        part: z.enum(PART_TYPES),
        digest: bytesOf(32),
        salt: field,
        sentinelSalt: field,
        leaves: z.array(leafSchema).max(MAX_OBSERVATIONS),
      }),
    )
    .max(PART_TYPES.length),
  closed: z.partialRecord(z.enum(PART_TYPES), bytesOf(2 * FIELD_BYTES)),
});

/** Canonical bytes, to be sealed to the institution. */
export const encodeOpening = (opening: DeliveryOpening): Uint8Array =>
  encodeCanonical({
    version: 1,
    timeDay: opening.timeDay,
    blinding: opening.blinding,
    parts: opening.parts.map((part) => ({
      part: part.part,
      digest: part.digest,
      salt: fieldToBytes(part.salt),
      sentinelSalt: fieldToBytes(part.sentinelSalt),
      leaves: part.leaves.map(({ observation, key }) => ({
        system: observation.code.system,
        code: observation.code.code,
        timeMs: observation.timeMs,
        value: encodeObservationValue(observation.value),
        key: fieldToBytes(key).subarray(FIELD_BYTES - KEY_BYTES),
      })),
    })),
    closed: { ...opening.closed } as Record<string, Uint8Array>,
  });

/** @throws CodedError `eligibility/bad-opening` */
export function decodeOpening(bytes: Uint8Array): DeliveryOpening {
  try {
    const { version: _, parts, closed, ...rest } = openingSchema.parse(decodeCanonical(bytes));
    return {
      ...rest,
      closed,
      parts: parts.map((part) => ({
        part: part.part,
        digest: part.digest,
        salt: part.salt,
        sentinelSalt: part.sentinelSalt,
        leaves: part.leaves.map((leaf) => {
          const code: Coding = { system: leaf.system, code: leaf.code };
          return { observation: { part: part.part, code, timeMs: leaf.timeMs, value: leaf.value }, key: leaf.key };
        }),
      })),
    };
  } catch (cause) {
    throw eligibilityError('eligibility/bad-opening', 'not a delivery opening', {}, { cause });
  }
}
