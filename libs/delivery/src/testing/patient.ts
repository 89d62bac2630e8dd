/** A patient in the hand of the specs: a real record, committed, encrypted and re-encrypted by the libraries themselves. */
import { createHash, randomBytes } from 'node:crypto';
import {
  attest, type Attestation, buildRecord, commit, dayOf, encodeOpening, type IssuerKey, issuerKeyFromSeed, type Observation, openForDelivery, type PartType, PART_TYPES, randomField,
  type RecordTree, subjectOf,
} from '@medveil/eligibility';
import { concatBytes, encodeCanonical, type RandomBytes, sha256, utf8 } from '@medveil/encoding';
import { generatePatients, parseBundle, prepareRecord, type RecordParts } from '@medveil/fhir';
import { type Afgh06, encodeLabel, encryptBody, type OwnerKey } from '@medveil/pre';
import type { PartToOpen } from '../open-part.js';

export const random: RandomBytes = (length) => new Uint8Array(randomBytes(length));

/** The same bytes for the same seed. */
export function seeded(seed: string): RandomBytes {
  let counter = 0;
  return (length) => {
    const blocks: Uint8Array[] = [];
    for (let have = 0; have < length; have += 32) {
      blocks.push(createHash('sha256').update(`${seed} ${counter}`).digest());
      counter += 1;
    }
    return concatBytes(...blocks).subarray(0, length);
  };
}

export interface PatientRecord {
  readonly parts: RecordParts;
  readonly observations: readonly Observation[];
  readonly tree: RecordTree;
  readonly timeDay: number;
  readonly attestation: Attestation;
  readonly issuer: IssuerKey;
  readonly idSecret: bigint;
  readonly r: bigint;
  readonly h: Uint8Array;
  readonly blinding: Uint8Array;
}

export const treeOf = (parts: RecordParts, observations: readonly Observation[], recordSecret: Uint8Array): RecordTree =>
  buildRecord({
    recordSecret,
    parts: Object.fromEntries(PART_TYPES.map((part) => [part, { observations: observations.filter((o) => o.part === part), digest: sha256(parts[part]) }])),
  });

/** @param claimed what the hospital attests, where that is not what the record says */
export function makeRecord(options: { nowMs: number; seed: number; issuer?: IssuerKey; claimed?: (observations: readonly Observation[]) => readonly Observation[] }): PatientRecord {
  const { nowMs, seed, issuer = issuerKeyFromSeed(random(32)), claimed = (all) => all } = options;
  const [bundle] = [...generatePatients({ seed, count: 1, referenceTimeMs: nowMs })];
  const { parts, observations } = prepareRecord(parseBundle(utf8(JSON.stringify(bundle))), { ruleSet: 'limited-data-set', random: seeded(`${seed}`), referenceTimeMs: nowMs });
  const attested = claimed(observations);
  const tree = treeOf(parts, attested, random(32));
  const idSecret = randomField(random);
  const r = randomField(random);
  const timeDay = dayOf(nowMs);
  const subject = subjectOf(idSecret);
  const attestation = attest(issuer, { partsRoot: tree.partsRoot, timeDay, subject });
  return { parts, observations: attested, tree, timeDay, attestation, issuer, idSecret, r, ...commit({ partsRoot: tree.partsRoot, timeDay, subject }, r) };
}

/** Bytes of a body's plaintext, for specs to bend. */
export interface PlainContainer {
  version: number;
  part: PartType;
  content: Uint8Array;
  opening: Uint8Array;
}

export const containerOf = ({ parts, tree, timeDay, blinding }: PatientRecord, part: PartType): PlainContainer => ({
  version: 1,
  part,
  content: parts[part],
  opening: encodeOpening(openForDelivery(tree, [part], { timeDay, blinding })),
});

export interface EncryptedPart extends Omit<PartToOpen, 'transformed'> {
  readonly capsule: Uint8Array;
  readonly ciphertext: Uint8Array;
  readonly label: Uint8Array;
}

export async function encryptPart(
  pre: Afgh06,
  owner: OwnerKey,
  options: { readonly chainId: string; readonly record: Uint8Array; readonly part: PartType; readonly plaintext: Uint8Array },
): Promise<EncryptedPart> {
  const { chainId, record, part, plaintext } = options;
  const version = 1;
  const label = encodeLabel({ chainId, record, part, version });
  const { seed, capsule } = pre.encapsulate(owner.publicKey, label, random);
  const pieces: Uint8Array[] = [];
  for await (const piece of encryptBody(seed, { record, part, version }, once(plaintext), random)) pieces.push(piece);
  const ciphertext = concatBytes(...pieces);
  return { chainId, record, part, version, ownerKey: owner.publicKey, capsule, ciphertext, label, bodyDigest: sha256(ciphertext), bodyBytes: ciphertext.length };
}

export const encodeContainer = ({ version, part, content, opening }: PlainContainer): Uint8Array => encodeCanonical({ version, part, content, opening });

// oxlint-disable-next-line require-await -- an async generator is what the envelope reads from
async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
