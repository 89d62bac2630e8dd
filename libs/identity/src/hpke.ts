import { Chacha20Poly1305 } from '@hpke/chacha20poly1305';
import { CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core';
import { type RandomBytes, concatBytes } from '@medveil/encoding';
import { IdentityError, guardedAsync } from './errors.js';

/**
 * Single-shot HPKE, RFC 9180, mode base: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20-Poly1305.
 * Every secret that crosses a border of trust travels in this form. Mode base does not say who sealed:
 * where that matters the sealed bytes are signed.
 */
export interface HpkeKeyPair {
  /** 32 bytes. */
  readonly secretKey: Uint8Array;
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
}

export const HPKE_KEY_BYTES = 32;
/** What sealing adds to a plaintext: the encapsulated key (32) and the tag (16). */
export const HPKE_OVERHEAD_BYTES = 48;
const ENCAPSULATED_BYTES = 32;

const suite = new CipherSuite({ kem: new DhkemX25519HkdfSha256(), kdf: new HkdfSha256(), aead: new Chacha20Poly1305() });

export interface HpkeContext {
  /** What the message is for; separates uses of one key pair, for example `medveil/grant/1`. */
  readonly info: Uint8Array;
  /** What the message is bound to. Both sides must give the same bytes. */
  readonly aad: Uint8Array;
}

/** DeriveKeyPair of RFC 9180, section 7.1.3. @param seed at least 32 secret bytes */
export async function hpkeKeyPairFromSeed(seed: Uint8Array): Promise<HpkeKeyPair> {
  if (seed.length < HPKE_KEY_BYTES) {
    throw new IdentityError('identity/bad-key', 'an HPKE seed has at least 32 bytes', { bytes: seed.length });
  }
  const pair = await suite.kem.deriveKeyPair(buffer(seed));
  return {
    secretKey: new Uint8Array(await suite.kem.serializePrivateKey(pair.privateKey)),
    publicKey: new Uint8Array(await suite.kem.serializePublicKey(pair.publicKey)),
  };
}

/** @returns encapsulated key ‖ ciphertext ‖ tag: 48 bytes more than the plaintext */
export const hpkeSeal = (
  recipientPublicKey: Uint8Array,
  context: HpkeContext,
  plaintext: Uint8Array,
  random: RandomBytes,
): Promise<Uint8Array> => hpkeSealWithSeed(recipientPublicKey, context, plaintext, random(32));

/**
 * Sealing whose ephemeral key follows from a seed, so that whoever is shown the seed can repeat it byte for byte.
 * @param ephemeralSeed 32 bytes, never used for a second message
 */
export function hpkeSealWithSeed(
  recipientPublicKey: Uint8Array,
  context: HpkeContext,
  plaintext: Uint8Array,
  ephemeralSeed: Uint8Array,
): Promise<Uint8Array> {
  return guardedAsync('identity/bad-key', 'cannot seal to this public key', async () => {
    const recipient = await suite.kem.deserializePublicKey(buffer(recipientPublicKey));
    const sender = await suite.createSenderContext({
      recipientPublicKey: recipient,
      info: buffer(context.info),
      ekm: buffer(ephemeralSeed),
    });
    const ciphertext = await sender.seal(buffer(plaintext), buffer(context.aad));
    return concatBytes(new Uint8Array(sender.enc), new Uint8Array(ciphertext));
  });
}

/** @throws IdentityError `identity/cannot-open` for a wrong key, info, aad or any altered byte */
export function hpkeOpen(recipient: HpkeKeyPair, context: HpkeContext, sealed: Uint8Array): Promise<Uint8Array> {
  return guardedAsync('identity/cannot-open', 'the sealed message does not open', async () => {
    const privateKey = await suite.kem.deserializePrivateKey(buffer(recipient.secretKey));
    const receiver = await suite.createRecipientContext({
      recipientKey: privateKey,
      enc: buffer(sealed.subarray(0, ENCAPSULATED_BYTES)),
      info: buffer(context.info),
    });
    return new Uint8Array(await receiver.open(buffer(sealed.subarray(ENCAPSULATED_BYTES)), buffer(context.aad)));
  });
}

/** The library takes whole ArrayBuffers, not views of a larger one. */
const buffer = (bytes: Uint8Array): ArrayBuffer => Uint8Array.from(bytes).buffer;
