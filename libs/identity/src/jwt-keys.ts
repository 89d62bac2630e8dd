import { createPrivateKey, createPublicKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { toBase64Url } from '@medveil/encoding';
import { type SigningKeyPair, isAcceptablePublicKey } from './accounts.js';
import { IdentityError } from './errors.js';

/** The forms in which jose takes Ed25519 keys (RFC 8037). */
export const jwtSigningKey = (key: SigningKeyPair): KeyObject =>
  createPrivateKey({
    format: 'jwk',
    key: { kty: 'OKP', crv: 'Ed25519', x: toBase64Url(key.publicKey), d: toBase64Url(key.secretKey) },
  });

/** @throws IdentityError `identity/bad-key` */
export function jwtVerificationKey(publicKey: Uint8Array): KeyObject {
  if (!isAcceptablePublicKey(publicKey)) throw new IdentityError('identity/bad-key', 'not an acceptable Ed25519 key');
  return createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', x: toBase64Url(publicKey) } });
}
