import { createPrivateKey, createPublicKey, sign as nodeSign, verify as nodeVerify } from 'node:crypto';
import { type Id, concatBytes, digest, encodeCanonical, fromHex, makeId } from '@medveil/encoding';
import { IdentityError } from './errors.js';

/**
 * Ed25519 keys of enrolments (E-Cert) and of ledger accounts (T-Cert), and the one signature check that
 * replicas, light clients and services share.
 *
 * Verification follows RFC 8032, section 5.1.7, in its strict, cofactorless form, and not ZIP 215:
 *  1. the signature is 64 bytes R ‖ S with S < L (no second signature by adding L);
 *  2. the public key is a canonical point encoding (y < p) and not of small order (such a key "signs" anything);
 *  3. encode([S]B − [k]A) equals R byte for byte, so that R is canonical too.
 * Batch and cofactored verifiers accept more than this. Replicas must not disagree about a signature, so
 * nothing on which they must agree is verified in any other way. Rules 1 and 3 are those of OpenSSL 3, which node:crypto
 * calls; rule 2 is added here. node:crypto also signs: unlike big-integer JavaScript it runs in constant time.
 */
export interface SigningKeyPair {
  /** The RFC 8032 private key: 32 bytes, from which everything else follows. */
  readonly secretKey: Uint8Array;
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
}

export const SIGNING_SEED_BYTES = 32;
export const PUBLIC_KEY_BYTES = 32;
export const SIGNATURE_BYTES = 64;

const PKCS8_PREFIX = fromHex('302e020100300506032b657004220420');
const SPKI_PREFIX = fromHex('302a300506032b6570032100');

/** p = 2^255 − 19, big endian. */
const FIELD_PRIME = fromHex('7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed');

/** The y coordinates of the eight points whose order divides 8, in canonical little endian, without the sign bit. */
const SMALL_ORDER_Y = new Set([
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '0000000000000000000000000000000000000000000000000000000000000000',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
]);

/** @param seed 32 bytes, kept secret: the key pair is a function of them alone */
export function signingKeyFromSeed(seed: Uint8Array): SigningKeyPair {
  if (seed.length !== SIGNING_SEED_BYTES) {
    throw new IdentityError('identity/bad-key', 'an Ed25519 seed is 32 bytes', { bytes: seed.length });
  }
  const spki = createPublicKey(privateKeyObject(seed)).export({ format: 'der', type: 'spki' });
  return { secretKey: Uint8Array.from(seed), publicKey: new Uint8Array(spki.subarray(SPKI_PREFIX.length)) };
}

/** The ledger's name for a public key: `acc_` and the hash of the key in hexadecimal. */
export const accountId = (publicKey: Uint8Array): Id<'acc'> => makeId('acc', digest('medveil/account/1', publicKey));

/**
 * Signs DAG-CBOR([domain, message]).
 * @param domain what is signed and its version, for example `medveil/transaction/1`
 * @returns 64 bytes; the same for the same key, domain and message
 */
export const sign = (key: SigningKeyPair, domain: string, message: Uint8Array): Uint8Array =>
  signRaw(key, encodeCanonical([domain, message]));

/** Checks a signature made by `sign`. Never throws: whatever is malformed is false. */
export const verifySignature = (publicKey: Uint8Array, domain: string, message: Uint8Array, signature: Uint8Array): boolean =>
  verifyRaw(publicKey, encodeCanonical([domain, message]), signature);

/** Ed25519 over bytes as they are: only for formats that fix their own bytes (X.509, JWS). */
export const signRaw = (key: SigningKeyPair, bytes: Uint8Array): Uint8Array =>
  new Uint8Array(nodeSign(null, bytes, privateKeyObject(key.secretKey)));

/** Checks Ed25519 over bytes as they are, by the rules at the head of this file. */
export function verifyRaw(publicKey: Uint8Array, bytes: Uint8Array, signature: Uint8Array): boolean {
  if (signature.length !== SIGNATURE_BYTES || !isAcceptablePublicKey(publicKey)) return false;
  try {
    return nodeVerify(null, bytes, publicKeyObject(publicKey), signature);
  } catch {
    return false;
  }
}

/** Rule 2: 32 bytes, canonical, not of small order. Whether the point is on the curve shows when it is used. */
export function isAcceptablePublicKey(publicKey: Uint8Array): boolean {
  if (publicKey.length !== PUBLIC_KEY_BYTES) return false;
  const y = Uint8Array.from(publicKey);
  y[31] = (y[31] ?? 0) & 0x7f;
  return isBelowPrime(y) && !SMALL_ORDER_Y.has(Buffer.from(y).toString('hex'));
}

function isBelowPrime(yLittleEndian: Uint8Array): boolean {
  for (const [index, limit] of FIELD_PRIME.entries()) {
    const byte = yLittleEndian[31 - index] ?? 0;
    if (byte !== limit) return byte < limit;
  }
  return false;
}

const privateKeyObject = (seed: Uint8Array) =>
  createPrivateKey({ key: Buffer.from(concatBytes(PKCS8_PREFIX, seed)), format: 'der', type: 'pkcs8' });

const publicKeyObject = (publicKey: Uint8Array) =>
  createPublicKey({ key: Buffer.from(concatBytes(SPKI_PREFIX, publicKey)), format: 'der', type: 'spki' });
