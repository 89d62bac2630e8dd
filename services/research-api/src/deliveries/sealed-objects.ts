import { createCipheriv, createDecipheriv } from 'node:crypto';
import { concatBytes, encodeCanonical, type RandomBytes, sha256, toHex } from '@medveil/encoding';
import type { KeyVault } from '@medveil/identity';
import { objectKey, type ObjectStore } from '@medveil/object-store';
import { ResearchApiError } from '../errors.js';

/** In the vault: 32 bytes that seal whatever lies in the object store. */
const STORAGE_KEY = 'storage-key';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * What was received, at rest: AES-256-GCM under a key of the vault, bound to what it is (`name`), in a store that need not be
 * trusted for secrecy.
 */
export class SealedObjects {
  private constructor(
    private readonly store: ObjectStore,
    private readonly key: Uint8Array,
    private readonly random: RandomBytes,
  ) {}

  /** Makes the key at the first start. */
  static async open(store: ObjectStore, vault: KeyVault, random: RandomBytes): Promise<SealedObjects> {
    const kept = await vault.find(STORAGE_KEY);
    if (kept !== null) return new SealedObjects(store, kept, random);
    const key = random(32);
    await vault.put(STORAGE_KEY, key);
    return new SealedObjects(store, key, random);
  }

  /** @returns under which key it is kept */
  async put(namespace: string, name: readonly string[], content: Uint8Array): Promise<string> {
    const nonce = this.random(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.key, nonce).setAAD(aadOf(namespace, name));
    const sealed = concatBytes(nonce, cipher.update(content), cipher.final(), cipher.getAuthTag());
    const digest = sha256(sealed);
    const key = objectKey(namespace, digest);
    await this.store.put(key, once(sealed), { sha256: digest, sizeBytes: sealed.length });
    return key;
  }

  /** @throws ResearchApiError `research-api/sealed-part-altered`, and those of the store */
  async get(namespace: string, name: readonly string[], key: string): Promise<Uint8Array> {
    const { body } = await this.store.get(key);
    const pieces: Uint8Array[] = [];
    for await (const piece of body) pieces.push(piece);
    const sealed = concatBytes(...pieces);
    try {
      const decipher = createDecipheriv('aes-256-gcm', this.key, sealed.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES }).setAAD(aadOf(namespace, name));
      decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
      return concatBytes(decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final());
    } catch {
      throw new ResearchApiError('research-api/sealed-part-altered', 'what is kept was altered, or belongs elsewhere', { key: toHex(sha256(sealed)).slice(0, 16) });
    }
  }
}

const aadOf = (namespace: string, name: readonly string[]): Uint8Array => encodeCanonical(['medveil/sealed-object/1', namespace, [...name]]);

// oxlint-disable-next-line require-await -- an async generator is what the store reads from
async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
