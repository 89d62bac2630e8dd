import { type RandomBytes, bytesSchema, encodeCanonical } from '@medveil/encoding';
import { z } from 'zod';
import { decodeAs } from './decode.js';
import { IdentityError, guarded } from './errors.js';
import { type Wrapping, openBytes, sealBytes } from './vault-wrapping.js';

/** Where sealed bytes are kept: files, a table, memory. `put` replaces whole and at once. */
export interface SecretStore {
  get(name: string): Promise<Uint8Array | null>;
  put(name: string, bytes: Uint8Array): Promise<void>;
  list(): Promise<readonly string[]>;
}

/** Lower-case names such as `patients/pat_0123/seed`; `vault` alone is the header's. */
export const SECRET_NAME = /^[a-z0-9][a-z0-9_.-]*(?:\/[a-z0-9][a-z0-9_.-]*){0,7}$/;
export const MAX_SECRET_NAME_CHARACTERS = 200;
export const MAX_SECRET_BYTES = 65_536;
export const MAX_SECRETS = 100_000;
const HEADER = 'vault';
const MAX_HEADER_BYTES = 8192;
const MAX_EXPORT_BYTES = 64 * 1024 * 1024;

const headerSchema = z.strictObject({
  version: z.literal(1),
  vaultId: bytesSchema({ length: 16 }),
  kind: z.string().max(64),
  wrapped: bytesSchema({ max: 4096 }),
});

const exportSchema = z.strictObject({
  version: z.literal(1),
  header: bytesSchema({ max: MAX_HEADER_BYTES }),
  entries: z.array(z.tuple([z.string(), bytesSchema({ max: MAX_SECRET_BYTES + 64 })])).max(MAX_SECRETS),
});

type Header = z.infer<typeof headerSchema>;

/**
 * Secrets sealed at rest. A random data key seals each secret by AES-256-GCM, bound to the vault and to the secret's
 * name; the data key itself is kept in the header under a wrapping key. So the wrapping key is
 * rotated by rewriting the header, and a copy of the store is worthless without it. Whoever can write the store can
 * bring back an old secret under its own name, or take one away: that is not noticed here.
 */
export class KeyVault {
  private constructor(
    private readonly store: SecretStore,
    private readonly random: RandomBytes,
    private readonly vaultId: Uint8Array,
    private readonly dataKey: Uint8Array,
  ) {}

  /** Makes a vault in an empty store. @throws IdentityError `identity/bad-input` where there is one already */
  static async create(store: SecretStore, wrapping: Wrapping, random: RandomBytes): Promise<KeyVault> {
    await refuseUsedStore(store);
    const vault = new KeyVault(store, random, random(16), random(32));
    await store.put(HEADER, await vault.header(wrapping));
    return vault;
  }

  /** @throws IdentityError `identity/vault-locked` for a wrong key or means, `identity/vault-corrupt`, `identity/secret-not-found` */
  static async open(store: SecretStore, wrapping: Wrapping, random: RandomBytes): Promise<KeyVault> {
    const bytes = await store.get(HEADER);
    if (bytes === null) throw new IdentityError('identity/secret-not-found', 'there is no vault in this store');
    return KeyVault.unlock(store, decodeHeader(bytes), wrapping, random);
  }

  /** Opens the vault that is there, or makes one. */
  static async openOrCreate(store: SecretStore, wrapping: Wrapping, random: RandomBytes): Promise<KeyVault> {
    return (await store.get(HEADER)) === null ? KeyVault.create(store, wrapping, random) : KeyVault.open(store, wrapping, random);
  }

  /**
   * Restores an export into an empty store, under a fresh data key: so this is also the way to leave a leaked wrapping
   * key behind for good. Every secret is opened before the first is written, and the header comes last: after a
   * crash the store holds no vault, and is emptied before the next attempt.
   */
  static async import(
    exported: Uint8Array,
    from: Wrapping,
    to: { readonly store: SecretStore; readonly wrapping: Wrapping },
    random: RandomBytes,
  ): Promise<KeyVault> {
    await refuseUsedStore(to.store);
    const { header, entries } = decodeAs(exported, exportSchema, MAX_EXPORT_BYTES, 'identity/vault-corrupt', 'vault export');
    const source = await KeyVault.unlock(to.store, decodeHeader(header), from, random);
    const secrets = entries.map(([name, sealed]) => [name, source.unseal(checkedName(name), sealed)] as const);
    const vault = new KeyVault(to.store, random, random(16), random(32));
    for (const [name, secret] of secrets) await vault.put(name, secret);
    await vault.rotate(to.wrapping);
    return vault;
  }

  /** @throws IdentityError `identity/secret-not-found`, `identity/vault-corrupt` */
  async get(name: string): Promise<Uint8Array> {
    const secret = await this.find(name);
    if (secret === null) throw new IdentityError('identity/secret-not-found', 'the vault holds no such secret', { name });
    return secret;
  }

  /** @returns null where there is none */
  async find(name: string): Promise<Uint8Array | null> {
    const sealed = await this.store.get(checkedName(name));
    return sealed === null ? null : this.unseal(name, sealed);
  }

  async put(name: string, secret: Uint8Array): Promise<void> {
    if (secret.length > MAX_SECRET_BYTES) throw new IdentityError('identity/bad-input', 'secret too large', { bytes: secret.length });
    await this.store.put(checkedName(name), sealBytes(this.dataKey, this.aad(name), secret, this.random));
  }

  /** Names in order; they are not secret. */
  async list(): Promise<string[]> {
    return (await this.store.list()).filter((name) => name !== HEADER).toSorted();
  }

  /** From now on only the new wrapping opens the vault. A copy of the old header still opens with the old one: see `import`. */
  async rotate(wrapping: Wrapping): Promise<void> {
    await this.store.put(HEADER, await this.header(wrapping));
  }

  /** Everything in one file, under a wrapping of its own: a backup that `import` restores. */
  async export(wrapping: Wrapping): Promise<Uint8Array> {
    const entries: [string, Uint8Array][] = [];
    for (const name of await this.list()) {
      const sealed = await this.store.get(name);
      if (sealed !== null) entries.push([name, sealed]);
    }
    return encodeCanonical({ version: 1, header: await this.header(wrapping), entries });
  }

  private static async unlock(store: SecretStore, header: Header, wrapping: Wrapping, random: RandomBytes): Promise<KeyVault> {
    if (header.kind !== wrapping.kind) {
      throw new IdentityError('identity/vault-locked', 'the vault opens by other means', { given: wrapping.kind, needed: header.kind });
    }
    const dataKey = await wrapping.unwrap(header.wrapped);
    if (dataKey.length !== 32) throw new IdentityError('identity/vault-corrupt', 'the wrapped key has a wrong length');
    return new KeyVault(store, random, header.vaultId, dataKey);
  }

  private async header(wrapping: Wrapping): Promise<Uint8Array> {
    return encodeCanonical({ version: 1, vaultId: this.vaultId, kind: wrapping.kind, wrapped: await wrapping.wrap(this.dataKey) });
  }

  private unseal(name: string, sealed: Uint8Array): Uint8Array {
    return guarded('identity/vault-corrupt', 'a sealed secret was altered or belongs elsewhere', () =>
      openBytes(this.dataKey, this.aad(name), sealed),
    );
  }

  private aad(name: string): Uint8Array {
    return encodeCanonical(['medveil/vault/secret/1', this.vaultId, name]);
  }
}

const decodeHeader = (bytes: Uint8Array): Header => decodeAs(bytes, headerSchema, MAX_HEADER_BYTES, 'identity/vault-corrupt', 'vault header');

async function refuseUsedStore(store: SecretStore): Promise<void> {
  if ((await store.list()).length > 0) throw new IdentityError('identity/bad-input', 'the store is not empty');
}

function checkedName(name: string): string {
  if (name === HEADER || name.length > MAX_SECRET_NAME_CHARACTERS || !SECRET_NAME.test(name)) {
    throw new IdentityError('identity/bad-input', 'a secret has a lower-case name of letters, digits, dots, dashes, underscores and slashes');
  }
  return name;
}
