import { createCipheriv, createDecipheriv } from 'node:crypto';
import { CodedError, concatBytes, type RandomBytes, utf8 } from '@medveil/encoding';
import type { KeyVault } from '@medveil/identity';
import { ensureSecret } from './ensure-secret.js';

/** In the vault: 32 bytes that seal whatever a service keeps outside it. */
const STORAGE_KEY = 'storage-key';
const VERSION = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEAD_BYTES = 1 + NONCE_BYTES;

/** What a service keeps outside its vault, sealed under a key inside it: AES-256-GCM, bound to the place where it is kept. */
export class StorageSealer {
  /** @param key 32 bytes */
  constructor(
    private readonly key: Uint8Array,
    private readonly random: RandomBytes,
  ) {}

  /** With the vault's storage key, which is drawn at the first start. */
  static async open(vault: KeyVault, random: RandomBytes): Promise<StorageSealer> {
    return new StorageSealer(await ensureSecret(vault, STORAGE_KEY, random), random);
  }

  /** @param place names what is sealed, for example `record rec_…`: nothing opens in another place */
  seal(place: string, plaintext: Uint8Array): Uint8Array {
    const nonce = this.random(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.key, nonce, { authTagLength: TAG_BYTES }).setAAD(utf8(place));
    const body = concatBytes(cipher.update(plaintext), cipher.final());
    return concatBytes(Uint8Array.of(VERSION), nonce, body, cipher.getAuthTag());
  }

  /** @throws CodedError `host/sealed-altered` */
  open(place: string, sealed: Uint8Array): Uint8Array {
    try {
      if (sealed[0] !== VERSION) throw new Error('unknown version');
      const nonce = sealed.subarray(1, HEAD_BYTES);
      const decipher = createDecipheriv('aes-256-gcm', this.key, nonce, { authTagLength: TAG_BYTES }).setAAD(utf8(place));
      decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
      return concatBytes(decipher.update(sealed.subarray(HEAD_BYTES, -TAG_BYTES)), decipher.final());
    } catch {
      throw new CodedError('host/sealed-altered', 'what was sealed at rest was altered, or sealed elsewhere or under another key');
    }
  }
}
