import { createCipheriv, createDecipheriv, scrypt } from 'node:crypto';
import { type RandomBytes, bytesSchema, concatBytes, encodeCanonical, utf8 } from '@medveil/encoding';
import { z } from 'zod';
import { decodeAs } from './decode.js';
import { IdentityError, guarded, guardedAsync } from './errors.js';

/**
 * How a vault's data key is itself kept: under a passphrase, under a key file, or by a key management service
 * that implements this port. What `wrap` returns holds everything but the secret that `unwrap` needs.
 */
export interface Wrapping {
  /** Stands in the vault's header, so that a wrong means is refused by name: `passphrase`, `key-file`, `kms:<provider>`. */
  readonly kind: string;
  wrap(dataKey: Uint8Array): Promise<Uint8Array>;
  /** @throws IdentityError `identity/vault-locked` where the means do not fit */
  unwrap(wrapped: Uint8Array): Promise<Uint8Array>;
}

export interface ScryptCost {
  /** CPU and memory: a power of two. */
  readonly N: number;
  readonly r: number;
  readonly p: number;
}

/** 128 MiB and a few tenths of a second: OWASP's recommendation for scrypt. */
export const DEFAULT_SCRYPT_COST: ScryptCost = { N: 131_072, r: 8, p: 1 };
export const MIN_PASSPHRASE_CHARACTERS = 12;
/** A header from elsewhere must not make the process work for minutes. */
const MAX_COST: ScryptCost = { N: 1_048_576, r: 16, p: 4 };

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_BYTES = 32;
const PASSPHRASE_AAD = utf8('medveil/vault/passphrase/1');
const KEY_FILE_AAD = utf8('medveil/vault/key-file/1');

const passphraseSchema = z.strictObject({
  N: z.int().min(2).max(MAX_COST.N),
  r: z.int().min(1).max(MAX_COST.r),
  p: z.int().min(1).max(MAX_COST.p),
  salt: bytesSchema({ length: 16 }),
  sealed: bytesSchema({ length: NONCE_BYTES + KEY_BYTES + TAG_BYTES }),
});

/** @throws IdentityError `identity/bad-key` where the passphrase is shorter than 12 characters */
export function passphraseWrapping(passphrase: string, random: RandomBytes, cost: ScryptCost = DEFAULT_SCRYPT_COST): Wrapping {
  if (passphrase.length < MIN_PASSPHRASE_CHARACTERS) {
    throw new IdentityError('identity/bad-key', 'a passphrase has at least 12 characters', { minimum: MIN_PASSPHRASE_CHARACTERS });
  }
  return {
    kind: 'passphrase',
    async wrap(dataKey) {
      const salt = random(16);
      const key = await stretch(passphrase, salt, cost);
      return encodeCanonical({ ...cost, salt, sealed: sealBytes(key, PASSPHRASE_AAD, dataKey, random) });
    },
    async unwrap(wrapped) {
      const { salt, sealed, ...given } = decodeAs(wrapped, passphraseSchema, 512, 'identity/vault-corrupt', 'wrapped key');
      const key = await stretch(passphrase, salt, given);
      return guarded('identity/vault-locked', 'the passphrase does not open this vault', () => openBytes(key, PASSPHRASE_AAD, sealed));
    },
  };
}

/** @param key the 32 bytes of the key file */
export function keyFileWrapping(key: Uint8Array, random: RandomBytes): Wrapping {
  if (key.length !== KEY_BYTES) throw new IdentityError('identity/bad-key', 'a key file holds 32 bytes', { bytes: key.length });
  const own = Uint8Array.from(key);
  return {
    kind: 'key-file',
    wrap: (dataKey) => Promise.resolve(sealBytes(own, KEY_FILE_AAD, dataKey, random)),
    // oxlint-disable-next-line require-await -- async turns a thrown refusal into a rejection
    unwrap: async (wrapped) => guarded('identity/vault-locked', 'the key file does not open this vault', () => openBytes(own, KEY_FILE_AAD, wrapped)),
  };
}

/** AES-256-GCM. @returns nonce (12) ‖ ciphertext ‖ tag (16) */
export function sealBytes(key: Uint8Array, aad: Uint8Array, plaintext: Uint8Array, random: RandomBytes): Uint8Array {
  const nonce = random(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(aad);
  return concatBytes(nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag());
}

/** Throws where anything was altered. */
export function openBytes(key: Uint8Array, aad: Uint8Array, sealed: Uint8Array): Uint8Array {
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES }).setAAD(aad);
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
  return concatBytes(decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final());
}

/** Passphrases are compared in Unicode's NFKC, as keyboards and systems differ. */
function stretch(passphrase: string, salt: Uint8Array, { N, r, p }: ScryptCost): Promise<Uint8Array> {
  return guardedAsync(
    'identity/vault-corrupt',
    'not a possible scrypt cost',
    () =>
      new Promise((resolve, reject) => {
        scrypt(passphrase.normalize('NFKC'), salt, KEY_BYTES, { N, r, p, maxmem: 128 * N * r * 2 + 1_048_576 }, (error, key) => {
          if (error === null) resolve(new Uint8Array(key));
          else reject(error);
        });
      }),
  );
}
