import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';

/** Who signs outgoing messages: the service's own Ed25519 key. */
export interface MessageSigner {
  /** The name under which receivers find the public key, for example `pkg` or `replica-2`. */
  readonly sender: string;
  /** @returns the 64-byte Ed25519 signature */
  sign(bytes: Uint8Array): Uint8Array | Promise<Uint8Array>;
}

/** How a receiver learns whom to believe. The directory is built from certificates, never from the message. */
export interface SenderDirectory {
  lookup(sender: string): KnownSender | undefined | Promise<KnownSender | undefined>;
}

export interface KnownSender {
  /** Ed25519, 32 bytes */
  readonly publicKey: Uint8Array;
  /** Message types that this sender may send; all others are dropped as `not-allowed`. */
  readonly allowedTypes: ReadonlySet<string>;
}

/** A directory whose senders are known at start-up. */
export const staticDirectory = (senders: Readonly<Record<string, KnownSender>>): SenderDirectory => {
  const known = new Map(Object.entries(senders));
  return { lookup: (sender) => known.get(sender) };
};

// DER wrappings of raw Ed25519 keys, RFC 8410 section 7 and 4.
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

/** @param seed 32 bytes, the Ed25519 private key (RFC 8032) */
export function ed25519Signer(sender: string, seed: Uint8Array): MessageSigner & { readonly publicKey: Uint8Array } {
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: 'der', type: 'pkcs8' });
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' });
  return {
    sender,
    publicKey: new Uint8Array(spki.subarray(SPKI_PREFIX.length)),
    sign: (bytes) => new Uint8Array(sign(null, bytes, key)),
  };
}

/** Parsed public keys, since parsing costs as much as a hash of a large message; bounded. */
export class Ed25519Verifier {
  readonly #keys = new Map<string, KeyObject>();
  readonly #maxKeys: number;

  constructor(maxKeys = 256) {
    this.#maxKeys = maxKeys;
  }

  /** False also where the key or the signature has a wrong form. */
  verify(publicKey: Uint8Array, bytes: Uint8Array, signature: Uint8Array): boolean {
    if (publicKey.length !== 32 || signature.length !== 64) return false;
    return verify(null, bytes, this.#key(publicKey), signature);
  }

  #key(publicKey: Uint8Array): KeyObject {
    const name = Buffer.from(publicKey).toString('hex');
    const known = this.#keys.get(name);
    if (known !== undefined) return known;
    const key = createPublicKey({ key: Buffer.concat([SPKI_PREFIX, publicKey]), format: 'der', type: 'spki' });
    if (this.#keys.size >= this.#maxKeys) this.#keys.clear();
    this.#keys.set(name, key);
    return key;
  }
}
