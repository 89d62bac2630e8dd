/**
 * What a dispute rests on (docs/scheme.md, section 2): one document, encrypted once, its key sealed to each auditor. On the ledger
 * stands one hash, of the document, the ciphertext and the sealed keys: so whoever keeps them can be held to them, and no auditor is shown
 * another document than the others.
 */
import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { AccountId } from '@medveil/agreements';
import { PART_TYPES, type PartType } from '@medveil/eligibility';
import { bytesSchema, concatBytes, decodeCanonical, digest, encodeCanonical, equalBytes, idSchema, type RandomBytes, utf8 } from '@medveil/encoding';
import { HPKE_OVERHEAD_BYTES, type HpkeKeyPair, hpkeOpen, hpkeSeal, isIdentityError } from '@medveil/identity';
import { DISCLOSED_KEY_BYTES, TRANSFORMED_CAPSULE_BYTES } from '@medveil/pre';
import { z } from 'zod';
import type { Check } from './check-log.js';
import { DeliveryError } from './errors.js';

const DOCUMENT_DOMAIN = 'medveil/dispute-evidence/1';
const SEALED_DOMAIN = 'medveil/sealed-evidence/1';
const HPKE_INFO = utf8('medveil/dispute-evidence/1');
const KEY_BYTES = 32;
const TAG_BYTES = 16;
/** The key serves once, so the nonce may be zero. */
const ZERO_NONCE = new Uint8Array(12);
/** Of a document: the policy is the largest part of it. */
const MAX_DOCUMENT_BYTES = 192 * 1024;
const MAX_AUDITORS = 256;
/** As it is kept for the auditors. */
export const MAX_SEALED_EVIDENCE_BYTES = 256 * 1024;

/** Typed as the rest of the project types them. */
const bytes = (size: { length: number } | { max: number }) => bytesSchema(size) as z.ZodType<Uint8Array, Uint8Array>;

const partSchema = z.enum(PART_TYPES);
const evidenceSchema = z.strictObject({
  version: z.literal(1),
  chainId: z.string().min(1).max(64),
  claimId: idSchema('clm'),
  /** The policy behind the requirement's h′, canonical. */
  policy: bytes({ max: 64 * 1024 }),
  /** The delivery as the ledger recorded it: it keeps the hash. */
  transformed: z.array(z.strictObject({ part: partSchema, transformed: bytes({ length: TRANSFORMED_CAPSULE_BYTES }) })).max(PART_TYPES.length),
  /** K of each part that is disputed, with its proof: the auditors see these parts and no others. */
  disclosed: z.array(z.strictObject({ part: partSchema, key: bytes({ length: DISCLOSED_KEY_BYTES }) })).max(PART_TYPES.length),
  /** What failed, in the institution's words. The auditors look for themselves. */
  code: z.string().max(100),
  checks: z.array(z.strictObject({ check: z.string().max(100), ok: z.boolean(), detail: z.string().max(200) })).max(100),
  /** Keeps the document from being guessed by its hash. */
  salt: bytes({ length: 16 }),
});
export type Evidence = z.infer<typeof evidenceSchema>;

const sealedSchema = z.strictObject({
  documentHash: bytes({ length: 32 }),
  /** AES-256-GCM, tag last. */
  ciphertext: bytes({ max: MAX_DOCUMENT_BYTES + TAG_BYTES }),
  keys: z.array(z.strictObject({ auditor: idSchema('acc'), sealed: bytes({ length: KEY_BYTES + HPKE_OVERHEAD_BYTES }) })).min(1).max(MAX_AUDITORS),
});
/** The document as it is kept for the auditors. */
export type SealedEvidence = z.infer<typeof sealedSchema>;

export interface Auditor {
  readonly account: AccountId;
  /** HPKE public key, as pinned */
  readonly sealKey: Uint8Array;
}

/** @throws DeliveryError `delivery/bad-evidence` where there is no auditor to seal to */
export async function sealEvidence(evidence: Evidence, auditors: readonly Auditor[], random: RandomBytes): Promise<SealedEvidence> {
  if (auditors.length === 0) throw new DeliveryError('delivery/bad-evidence', 'there is no auditor to seal the evidence to');
  const document = encodeCanonical(evidence);
  const key = random(KEY_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, ZERO_NONCE).setAAD(utf8(evidence.claimId));
  const ciphertext = concatBytes(cipher.update(document), cipher.final(), cipher.getAuthTag());
  const keys = await Promise.all(auditors.map(async ({ account, sealKey }) => ({
    auditor: account, sealed: await hpkeSeal(sealKey, contextOf(evidence.claimId, account), key, random),
  })));
  key.fill(0);
  return { documentHash: hashOf(document), ciphertext: new Uint8Array(ciphertext), keys };
}

/** What `open-dispute` carries: 32 bytes. */
export const evidenceHash = (sealed: SealedEvidence): Uint8Array => digest(SEALED_DOMAIN, sealed);

export const encodeSealedEvidence = (sealed: SealedEvidence): Uint8Array => encodeCanonical(sealed);

/** @throws DeliveryError `delivery/bad-evidence` */
export function decodeSealedEvidence(encoded: Uint8Array): SealedEvidence {
  if (encoded.length > MAX_SEALED_EVIDENCE_BYTES) throw new DeliveryError('delivery/bad-evidence', 'the evidence is too large', { bytes: encoded.length, max: MAX_SEALED_EVIDENCE_BYTES });
  return read(sealedSchema, encoded);
}

/**
 * The document, for one auditor.
 * @param claimId of the dispute: evidence for another claim does not open
 * @throws DeliveryError `delivery/bad-evidence` where it does not open for this auditor, to the document that was hashed, of a known form
 */
export async function openEvidence(sealed: SealedEvidence, claimId: Evidence['claimId'], auditor: { readonly account: AccountId; readonly hpke: HpkeKeyPair }): Promise<Evidence> {
  const copy = sealed.keys.find((candidate) => candidate.auditor === auditor.account);
  if (copy === undefined) throw new DeliveryError('delivery/bad-evidence', 'there is no key for this auditor');
  const key = await openedKey(auditor.hpke, claimId, auditor.account, copy.sealed);
  const document = decrypted(key, claimId, sealed.ciphertext);
  key.fill(0);
  if (!equalBytes(hashOf(document), sealed.documentHash)) throw new DeliveryError('delivery/bad-evidence', 'the key opens another document');
  return read(evidenceSchema, document);
}

async function openedKey(hpke: HpkeKeyPair, claimId: string, account: AccountId, sealed: Uint8Array): Promise<Uint8Array> {
  try {
    return await hpkeOpen(hpke, contextOf(claimId, account), sealed);
  } catch (cause) {
    if (!isIdentityError(cause)) throw cause;
    throw new DeliveryError('delivery/bad-evidence', 'the key does not open', {}, { cause });
  }
}

function decrypted(key: Uint8Array, claimId: string, ciphertext: Uint8Array): Uint8Array {
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, ZERO_NONCE, { authTagLength: TAG_BYTES }).setAAD(utf8(claimId));
    decipher.setAuthTag(ciphertext.subarray(-TAG_BYTES));
    return new Uint8Array(concatBytes(decipher.update(ciphertext.subarray(0, -TAG_BYTES)), decipher.final()));
  } catch (cause) {
    throw new DeliveryError('delivery/bad-evidence', 'the document does not open', {}, { cause });
  }
}

/**
 * Which parts the auditors have to see: the one that the failed check names, or all where several parts show it together.
 * @param checks of the institution, the failed one last
 */
export function disputedParts(checks: readonly Check[], granted: readonly PartType[]): readonly PartType[] {
  const failed = checks.at(-1);
  const named = granted.find((part) => failed?.check.endsWith(` ${part}`) === true || failed?.detail === part);
  return named === undefined ? granted : [named];
}

const contextOf = (claimId: string, account: AccountId) => ({ info: HPKE_INFO, aad: encodeCanonical([claimId, account]) });
const hashOf = (document: Uint8Array): Uint8Array => digest(DOCUMENT_DOMAIN, document);

function read<Schema extends z.ZodType>(schema: Schema, encoded: Uint8Array): z.infer<Schema> {
  try {
    return schema.parse(decodeCanonical(encoded));
  } catch (cause) {
    throw new DeliveryError('delivery/bad-evidence', 'not evidence of a known form', {}, { cause });
  }
}
