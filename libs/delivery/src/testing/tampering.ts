/** What a dishonest patient or proxy does to the artefacts of a delivery. */
import { fromUtf8, sha256, utf8 } from '@medveil/encoding';
import type { EncryptedPart } from './patient.js';

export const flipped = (bytes: Uint8Array, at = bytes.length >> 1): Uint8Array => bytes.map((byte, index) => (index === at ? byte ^ 1 : byte));

/** Registered as it is, so that its digest fits. */
export const broken = (part: EncryptedPart): EncryptedPart => {
  const ciphertext = flipped(part.ciphertext);
  return { ...part, ciphertext, bodyDigest: sha256(ciphertext) };
};

/** Other values than were measured. */
export const edited = (content: Uint8Array): Uint8Array => utf8(fromUtf8(content).replace(/"value":(\d)/, (_, digit: string) => `"value":${(Number(digit) + 1) % 10}`));
