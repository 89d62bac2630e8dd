/** From a re-encrypted capsule and a ciphertext to a part's content (docs/scheme.md, section 2, phase 9). */
import { type PartType, PART_TYPES } from '@medveil/eligibility';
import { bytesSchema, concatBytes, decodeCanonical, equalBytes, sha256 } from '@medveil/encoding';
import { type Afgh06, decryptBody, type DelegateeKey, encodeLabel, isPreError } from '@medveil/pre';
import { z } from 'zod';
import type { CheckLog } from './check-log.js';

/** What the ledger says of a part, and its capsule as it was re-encrypted. */
export interface PartToOpen {
  readonly chainId: string;
  /** h, 32 bytes */
  readonly record: Uint8Array;
  readonly part: PartType;
  readonly version: number;
  /** P1 */
  readonly ownerKey: Uint8Array;
  readonly bodyDigest: Uint8Array;
  readonly bodyBytes: number;
  readonly transformed: Uint8Array;
}

/** What a body holds: the de-identified part, and the opening of its leaves (docs/eligibility.md). */
export interface ReceivedContainer {
  readonly part: PartType;
  /** canonical FHIR Bundle, JSON */
  readonly content: Uint8Array;
  /** canonical `DeliveryOpening` of @medveil/eligibility */
  readonly opening: Uint8Array;
}

/** The way to a part's seed: the institution's key, or what an auditor was given. @throws PreError */
export type SeedOf = (part: PartToOpen, label: Uint8Array) => Uint8Array;

/** The institution's way. */
export const asDelegatee = (pre: Afgh06, key: DelegateeKey): SeedOf =>
  ({ ownerKey, transformed }, label) => pre.decapsulateDelegated(key, ownerKey, label, transformed);

const containerSchema = z.strictObject({
  version: z.literal(1),
  part: z.enum(PART_TYPES),
  content: bytesSchema({ max: 1 << 30 }),
  opening: bytesSchema({ max: 1 << 30 }),
});

/** @throws DeliveryError `delivery/body-differs` unless these are the bytes that were registered */
export function checkBody(part: PartToOpen, ciphertext: Uint8Array, checks: CheckLog): void {
  const right = ciphertext.length === part.bodyBytes && equalBytes(sha256(ciphertext), part.bodyDigest);
  checks.require(right, 'delivery/body-differs', `body ${part.part}`, `${ciphertext.length} bytes`);
}

/**
 * @throws DeliveryError `delivery/capsule-refused` (the Fujisaki–Okamoto check: a cheating proxy or owner),
 * `delivery/body-not-authentic`, `delivery/container-malformed`
 */
export async function openPart(seedOf: SeedOf, part: PartToOpen, ciphertext: Uint8Array, checks: CheckLog): Promise<ReceivedContainer> {
  const seed = decapsulate(seedOf, part);
  checks.require(seed !== undefined, 'delivery/capsule-refused', `capsule ${part.part}`, `label version ${part.version}`);
  const plaintext = await decrypt(seed, part, ciphertext);
  seed.fill(0);
  checks.require(plaintext !== undefined, 'delivery/body-not-authentic', `decryption ${part.part}`, `${plaintext?.length ?? 0} bytes`);
  const container = readContainer(plaintext);
  const right = container !== undefined && container.part === part.part;
  checks.require(right, 'delivery/container-malformed', `container ${part.part}`, 'version 1');
  return container;
}

function decapsulate(seedOf: SeedOf, part: PartToOpen): Uint8Array | undefined {
  const { chainId, record, part: name, version } = part;
  try {
    return seedOf(part, encodeLabel({ chainId, record, part: name, version }));
  } catch (error) {
    if (isPreError(error)) return undefined;
    throw error;
  }
}

async function decrypt(seed: Uint8Array, { record, part, version }: PartToOpen, ciphertext: Uint8Array): Promise<Uint8Array | undefined> {
  const pieces: Uint8Array[] = [];
  try {
    for await (const piece of decryptBody(seed, { record, part, version }, once(ciphertext))) pieces.push(piece);
  } catch (error) {
    if (isPreError(error)) return undefined;
    throw error;
  }
  return concatBytes(...pieces);
}

// oxlint-disable-next-line require-await -- an async generator is what the envelope reads from
async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

function readContainer(plaintext: Uint8Array): ReceivedContainer | undefined {
  try {
    return containerSchema.parse(decodeCanonical(plaintext));
  } catch {
    return undefined;
  }
}
