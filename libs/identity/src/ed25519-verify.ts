import { createPublicKey, verify } from 'node:crypto';
import { createRequire } from 'node:module';
import { toBase64Url } from '@medveil/encoding';

/** @param publicKey 32 bytes @param signature 64 bytes. May throw where the key is no point. */
export type Ed25519Verify = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean;

/** OpenSSL. A key in JWK form costs a seventh of one in DER, which goes through OpenSSL's decoders. */
export const opensslVerify: Ed25519Verify = (publicKey, message, signature) =>
  verify(null, message, createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: toBase64Url(publicKey) }, format: 'jwk' }), signature);

interface Sodium {
  crypto_sign_verify_detached(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean;
}

/**
 * libsodium, in less than half of OpenSSL's time; null where this platform has no binary of it. It refuses an R of small order, which
 * OpenSSL does not: `verifyRaw` refuses it for both, so that no two replicas differ.
 */
export const sodiumVerify: Ed25519Verify | null = loadSodium();

function loadSodium(): Ed25519Verify | null {
  try {
    const sodium = createRequire(import.meta.url)('sodium-native') as Sodium;
    return (publicKey, message, signature) => sodium.crypto_sign_verify_detached(signature, message, publicKey);
  } catch {
    return null;
  }
}

export const fastestVerify: Ed25519Verify = sodiumVerify ?? opensslVerify;
