import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { equalBytes } from '@medveil/encoding';
import type { ReplicaPorts, Signer, Verifier } from './ports.js';

/** RFC 8410 wrappings of raw 32-byte keys: node:crypto takes no raw Ed25519 keys. */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');
const KEPT_KEYS = 256;

/** @param secretKey the 32-byte seed of RFC 8032 */
export function ed25519Signer(secretKey: Uint8Array): Signer {
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, secretKey]), format: 'der', type: 'pkcs8' });
  return { sign: (payload) => new Uint8Array(sign(null, payload, key)) };
}

/** @param secretKeys the 32-byte seeds that this replica holds: its present key, and the next where one is prepared */
export function ed25519Keys(...secretKeys: readonly Uint8Array[]): ReplicaPorts['signerOf'] {
  const held = secretKeys.map((secretKey) => ({ publicKey: publicKeyOf(secretKey), signer: ed25519Signer(secretKey) }));
  return (publicKey) => held.find((key) => equalBytes(key.publicKey, publicKey))?.signer ?? null;
}

function publicKeyOf(secretKey: Uint8Array): Uint8Array {
  const key = createPublicKey(createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, secretKey]), format: 'der', type: 'pkcs8' }));
  return new Uint8Array(key.export({ format: 'der', type: 'spki' }).subarray(SPKI_PREFIX.length));
}

const keys = new Map<string, KeyObject>();

/** RFC 8032 verification by node:crypto (OpenSSL). */
export const ed25519Verifier: Verifier = {
  verify(publicKey, payload, signature) {
    if (publicKey.length !== 32 || signature.length !== 64) return false;
    return verify(null, payload, publicKeyObject(publicKey), signature);
  },
};

/** Making a key object costs as much as a tenth of a verification; the replicas are few. */
function publicKeyObject(publicKey: Uint8Array): KeyObject {
  const name = Buffer.from(publicKey).toString('latin1');
  const known = keys.get(name);
  if (known !== undefined) return known;
  const key = createPublicKey({ key: Buffer.concat([SPKI_PREFIX, publicKey]), format: 'der', type: 'spki' });
  if (keys.size >= KEPT_KEYS) keys.clear();
  keys.set(name, key);
  return key;
}
