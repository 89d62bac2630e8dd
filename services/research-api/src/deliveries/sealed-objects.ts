import { concatBytes, sha256 } from '@medveil/encoding';
import type { StorageSealer } from '@medveil/host';
import { objectKey, type ObjectStore } from '@medveil/object-store';

/** What was received, at rest: sealed, bound to what it is (`name`), in a store that need not be trusted for secrecy. */
export class SealedObjects {
  constructor(
    private readonly store: ObjectStore,
    private readonly sealer: StorageSealer,
  ) {}

  /** @returns under which key it is kept */
  async put(namespace: string, name: readonly string[], content: Uint8Array): Promise<string> {
    const sealed = this.sealer.seal(placeOf(namespace, name), content);
    const digest = sha256(sealed);
    const key = objectKey(namespace, digest);
    await this.store.put(key, once(sealed), { sha256: digest, sizeBytes: sealed.length });
    return key;
  }

  /** @throws CodedError `host/sealed-altered`, and those of the store */
  async get(namespace: string, name: readonly string[], key: string): Promise<Uint8Array> {
    const { body } = await this.store.get(key);
    const pieces: Uint8Array[] = [];
    for await (const piece of body) pieces.push(piece);
    return this.sealer.open(placeOf(namespace, name), concatBytes(...pieces));
  }
}

/** Names are identifiers and names of parts, which hold no slash. */
const placeOf = (namespace: string, name: readonly string[]): string => [namespace, ...name].join('/');

// oxlint-disable-next-line require-await -- an async generator is what the store reads from
async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
