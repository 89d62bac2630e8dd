import { type RandomBytes, bytesSchema, digest, encodeCanonical, equalBytes, timeMsSchema, toBase64Url } from '@medveil/encoding';
import { z } from 'zod';
import { PUBLIC_KEY_BYTES, SIGNATURE_BYTES, type SigningKeyPair, isAcceptablePublicKey, sign, verifySignature } from './accounts.js';
import { decodeAs } from './decode.js';
import type { ECertSubject } from './e-cert-subject.js';
import { IdentityError } from './errors.js';
import { chainIdSchema, enrolmentIdSchema, roleSchema } from './roles.js';

/**
 * Enrolment with a self-made key: the party proves possession of it by signing the request, and shows the one-time
 * token that the PKG gave to it out of band. The PKG keeps only the token's digest, certifies, and never learns a
 * secret key (docs/scheme.md, section 2, phase 1). Renewal is the same request, signed a second time with
 * the key of the E-Cert in force, instead of a token.
 */
export interface EnrolmentRequest extends Required<ECertSubject> {
  readonly version: 1;
  readonly chainId: string;
  readonly requestedAtMs: number;
  /** What the request is made under: a token's digest, or the serial of the E-Cert that it renews. */
  readonly authority: { readonly kind: 'token'; readonly tokenDigest: Uint8Array } | { readonly kind: 'renewal'; readonly serial: string };
}

export const ENROLMENT_TOKEN_BYTES = 32;
const MAX_REQUEST_BYTES = 2048;
const REQUEST_DOMAIN = 'medveil/enrolment-request/1';
const RENEWAL_DOMAIN = 'medveil/enrolment-renewal/1';

const requestSchema = z.strictObject({
  version: z.literal(1),
  chainId: chainIdSchema,
  enrolmentId: enrolmentIdSchema,
  role: roleSchema,
  publicKey: bytesSchema({ length: PUBLIC_KEY_BYTES }),
  hpkePublicKey: bytesSchema({ length: 32 }).nullable(),
  subjectCommitment: bytesSchema({ length: 32 }).nullable(),
  requestedAtMs: timeMsSchema,
  authority: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('token'), tokenDigest: bytesSchema({ length: 32 }) }),
    z.strictObject({ kind: z.literal('renewal'), serial: z.string().regex(/^[0-9a-f]{32}$/) }),
  ]),
});

const signedRequestSchema = z.strictObject({
  request: bytesSchema({ max: MAX_REQUEST_BYTES }),
  possession: bytesSchema({ length: SIGNATURE_BYTES }),
  renewal: bytesSchema({ length: SIGNATURE_BYTES }).nullable(),
});

/** A one-time token for the party, and what the PKG keeps of it. */
export function createEnrolmentToken(random: RandomBytes): { token: Uint8Array; tokenDigest: Uint8Array } {
  const token = random(ENROLMENT_TOKEN_BYTES);
  return { token, tokenDigest: enrolmentTokenDigest(token) };
}

export const enrolmentTokenDigest = (token: Uint8Array): Uint8Array => digest('medveil/enrolment-token/1', token);

/**
 * The `nonce` with which somebody logs in at an identity provider in order to enrol: it names the key, so that an ID token that was
 * stolen enrols no other. base64url of 32 bytes.
 */
export const enrolmentKeyNonce = (chainId: string, publicKey: Uint8Array): string => toBase64Url(digest('medveil/enrolment-key-nonce/1', { chainId, publicKey }));

/** @param renewedKey the key of the E-Cert in force, for a renewal */
export function createEnrolmentRequest(request: EnrolmentRequest, key: SigningKeyPair, renewedKey: SigningKeyPair | null = null): Uint8Array {
  const { version, chainId, enrolmentId, role, publicKey, hpkePublicKey, subjectCommitment, requestedAtMs, authority } = request;
  if (!equalBytes(publicKey, key.publicKey)) throw new IdentityError('identity/bad-key', 'the request names another key than the one that signs it');
  const body = encodeCanonical({ version, chainId, enrolmentId, role, publicKey, hpkePublicKey, subjectCommitment, requestedAtMs, authority });
  return encodeCanonical({
    request: body,
    possession: sign(key, REQUEST_DOMAIN, body),
    renewal: renewedKey === null ? null : sign(renewedKey, RENEWAL_DOMAIN, body),
  });
}

/**
 * Checks form, chain and proof of possession. Whether the token is known and unused, and when the request was made,
 * is the PKG's to judge; so is, for a renewal, `renewedPublicKey`: the key of the verified E-Cert in force.
 * @throws IdentityError `identity/bad-input`, `identity/wrong-chain`, `identity/bad-key`, `identity/bad-possession-proof`,
 *   `identity/bad-signature`
 */
export function verifyEnrolmentRequest(bytes: Uint8Array, chainId: string, renewedPublicKey: Uint8Array | null = null): EnrolmentRequest {
  const outer = decodeAs(bytes, signedRequestSchema, MAX_REQUEST_BYTES + 256, 'identity/bad-input', 'enrolment request');
  const request = decodeAs(outer.request, requestSchema, MAX_REQUEST_BYTES, 'identity/bad-input', 'enrolment request');
  if (request.chainId !== chainId) throw new IdentityError('identity/wrong-chain', 'the request is for another ledger');
  if (!isAcceptablePublicKey(request.publicKey)) throw new IdentityError('identity/bad-key', 'not an acceptable Ed25519 key');
  if (!verifySignature(request.publicKey, REQUEST_DOMAIN, outer.request, outer.possession)) {
    throw new IdentityError('identity/bad-possession-proof', 'possession of the enrolment key is not proved');
  }
  const renews = request.authority.kind === 'renewal';
  if (renews !== (outer.renewal !== null) || renews !== (renewedPublicKey !== null)) {
    throw new IdentityError('identity/bad-input', 'a renewal, and nothing else, is signed with the key that it renews');
  }
  if (renewedPublicKey !== null && outer.renewal !== null && !verifySignature(renewedPublicKey, RENEWAL_DOMAIN, outer.request, outer.renewal)) {
    throw new IdentityError('identity/bad-signature', 'the renewal is not signed with the key of the E-Cert in force');
  }
  return request;
}
