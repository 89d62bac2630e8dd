import { createPrivateKey, createPublicKey, sign as nodeSign } from 'node:crypto';
import { type Id, concatBytes, digest, encodeCanonical, fromHex, makeId, toBase64Url, toHex } from '@medveil/encoding';
import { type Ed25519Verify, fastestVerify } from './ed25519-verify.js';
import { IdentityError } from './errors.js';

/**
 * Ed25519 keys of enrolments (E-Cert) and of ledger accounts (T-Cert), and the one signature check that
 * replicas, light clients and services share.
 *
 * Verification follows RFC 8032, section 5.1.7, in its strict, cofactorless form, and not ZIP 215:
 *  1. the signature is 64 bytes R ‖ S with S < L (no second signature by adding L);
 *  2. the public key is a canonical point encoding (y < p) and not of small order (such a key "signs" anything);
 *  3. encode([S]B − [k]A) equals R byte for byte, so that R is canonical too;
 *  4. R is not of small order either: only a signer who gave its nonce away makes such a one.
 * Batch and cofactored verifiers accept more than this. Replicas must not disagree about a signature, so
 * nothing on which they must agree is verified in any other way. Rules 1 and 3 are those of libsodium and of OpenSSL 3, of which
 * ed25519-verify.ts takes the one at hand; libsodium has rules 2 and 4 as well, OpenSSL has not, so they are checked here for both.
 * node:crypto signs: unlike big-integer JavaScript it runs in constant time.
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
const SMALL_ORDER_FIRST = new Set([...SMALL_ORDER_Y].map((hex) => Number.parseInt(hex.slice(0, 2), 16)));

/** @param seed 32 bytes, kept secret: the key pair is a function of them alone */
export function signingKeyFromSeed(seed: Uint8Array): SigningKeyPair {
  if (seed.length !== SIGNING_SEED_BYTES) {
    throw new IdentityError('identity/bad-key', 'an Ed25519 seed is 32 bytes', { bytes: seed.length });
  }
  const spki = createPublicKey(privateKeyOfSeed(seed)).export({ format: 'der', type: 'spki' });
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
  new Uint8Array(nodeSign(null, bytes, privateKeyObject(key)));

/** Checks Ed25519 over bytes as they are, by the rules at the head of this file. */
export function verifyRaw(publicKey: Uint8Array, bytes: Uint8Array, signature: Uint8Array, verify: Ed25519Verify = fastestVerify): boolean {
  if (signature.length !== SIGNATURE_BYTES || !isAcceptablePublicKey(publicKey) || isSmallOrder(signature)) return false;
  try {
    return verify(publicKey, bytes, signature);
  } catch {
    return false;
  }
}

/** Rule 2: 32 bytes, canonical, not of small order. Whether the point is on the curve shows when it is used. */
export function isAcceptablePublicKey(publicKey: Uint8Array): boolean {
  if (publicKey.length !== PUBLIC_KEY_BYTES) return false;
  return isBelowPrime(publicKey) && !isSmallOrder(publicKey);
}

/** Whether the point that these bytes begin with has an order that divides 8. */
function isSmallOrder(point: Uint8Array): boolean {
  // Of the eight encodings few begin like a given one: most points are told apart by a byte.
  const [first] = point;
  if (first === undefined || !SMALL_ORDER_FIRST.has(first)) return false;
  const y = Uint8Array.from(point.subarray(0, PUBLIC_KEY_BYTES));
  y[31] = (y[31] ?? 0) & 0x7f;
  return SMALL_ORDER_Y.has(toHex(y));
}

/** Of y in little endian; the highest bit is the sign of x. */
function isBelowPrime(yLittleEndian: Uint8Array): boolean {
  for (let index = 31; index >= 0; index -= 1) {
    const byte = (yLittleEndian[index] ?? 0) & (index === 31 ? 0x7f : 0xff);
    const limit = FIELD_PRIME[31 - index] ?? 0;
    if (byte !== limit) return byte < limit;
  }
  return false;
}

/** In JWK form, which spares OpenSSL's decoders: most of the time that a signature takes. */
const privateKeyObject = ({ secretKey, publicKey }: SigningKeyPair) =>
  createPrivateKey({ key: { kty: 'OKP', crv: 'Ed25519', d: toBase64Url(secretKey), x: toBase64Url(publicKey) }, format: 'jwk' });

const privateKeyOfSeed = (seed: Uint8Array) =>
  createPrivateKey({ key: Buffer.from(concatBytes(PKCS8_PREFIX, seed)), format: 'der', type: 'pkcs8' });
