import { type CborValue, decodeCanonical, encodeCanonical } from '@medveil/encoding';
import { z } from 'zod';
import { eligibilityError } from './errors.js';
import { bytesToField, bytesToInteger, fieldToBytes } from './field.js';
import { type Coding, type Observation } from './observation.js';
import { MAX_OBSERVATIONS, type ObservationLeaf, PartTree } from './part-tree.js';
import { PART_TYPES, type PartType } from './parts.js';
import { type RecordTree } from './record.js';

/** A granted part as the institution gets it: every leaf of the subtree but the low sentinel's salt apart, in order of keys. */
export interface OpenedPart {
  readonly part: PartType;
  readonly digest: Uint8Array;
  readonly salt: bigint;
  /** Salt of the low sentinel's leaf. */
  readonly sentinelSalt: bigint;
  readonly leaves: readonly OpenedLeaf[];
}

/** An observation with the sequence number of its key within the day, and its leaf's salt. */
export interface OpenedLeaf {
  readonly observation: Observation;
  readonly key: bigint;
  readonly salt: bigint;
}

/**
 * What goes to the institution beside the parts' ciphertexts: T, B, the granted parts opened, of the others their part
 * leaf only. It shows no subject, and nothing of a part that was not granted.
 */
export interface DeliveryOpening {
  readonly timeDay: number;
  /** B, from `commit`. */
  readonly blinding: Uint8Array;
  readonly parts: readonly OpenedPart[];
  /** Part leaves of the other part types, by part. */
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
    closed: Object.fromEntries(closed.map((part) => [part, fieldToBytes(record.parts[part].leafOfPart)])),
  };
}

function openPart(tree: PartTree): OpenedPart {
  const [sentinel, ...leaves] = tree.leaves;
  return {
    part: tree.part,
    digest: tree.digest,
    salt: tree.salt,
    sentinelSalt: sentinel?.salt ?? 0n,
    leaves: leaves.map(openLeaf),
  };
}

function openLeaf(leaf: ObservationLeaf): OpenedLeaf {
  if (leaf.observation === undefined) throw new RangeError('a leaf without its observation');
  return { observation: leaf.observation, key: leaf.key, salt: leaf.salt };
}

const field = z.instanceof(Uint8Array).transform(bytesToField);
const bytes32 = z.instanceof(Uint8Array).refine((b) => b.length === 32, { error: 'must be 32 bytes' });
const text = z.string().min(1).max(200);
const integer = z.union([z.int(), z.bigint()]).transform(BigInt);
const value = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('quantity'), scaled: integer, unit: z.string().min(1).max(64) }),
  z.strictObject({ kind: z.literal('coded'), system: text, code: text }),
  z.strictObject({ kind: z.literal('present') }),
]);
const leafSchema = z.strictObject({
  system: text,
  code: text,
  timeMs: z.int(),
  value,
  key: z.instanceof(Uint8Array).refine((b) => b.length === 24, { error: 'must be 24 bytes' }).transform(bytesToInteger),
  salt: field,
});
const openingSchema = z.strictObject({
  version: z.literal(1),
  timeDay: z.int().min(0).max(2 ** 31),
  blinding: bytes32,
  parts: z
    .array(
      z.strictObject({
        part: z.enum(PART_TYPES),
        digest: bytes32,
        salt: field,
        sentinelSalt: field,
        leaves: z.array(leafSchema).max(MAX_OBSERVATIONS),
      }),
    )
    .max(PART_TYPES.length),
  closed: z.partialRecord(z.enum(PART_TYPES), bytes32),
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
      leaves: part.leaves.map(({ observation, key, salt }) => ({
        system: observation.code.system,
        code: observation.code.code,
        timeMs: observation.timeMs,
        value: encodeObservationValue(observation),
        key: fieldToBytes(key).subarray(8),
        salt: fieldToBytes(salt),
      })),
    })),
    closed: { ...opening.closed } as Record<string, Uint8Array>,
  });

function encodeObservationValue({ value: v }: Observation): CborValue {
  if (v.kind === 'quantity') return { kind: v.kind, scaled: v.scaled, unit: v.unit };
  return v.kind === 'coded' ? { kind: v.kind, system: v.system, code: v.code } : { kind: v.kind };
}

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
          return { observation: { part: part.part, code, timeMs: leaf.timeMs, value: leaf.value }, key: leaf.key, salt: leaf.salt };
        }),
      })),
    };
  } catch (cause) {
    throw eligibilityError('eligibility/bad-opening', 'not a delivery opening', {}, { cause });
  }
}
