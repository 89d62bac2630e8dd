import { existsSync } from 'node:fs';
import { mkdir, mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { type RandomBytes, toBase64Url } from '@medveil/encoding';
import { ensureKeyFile, ensureSecret, openVault, type VaultSettings } from '@medveil/host';
import { hpkeKeyPairFromSeed, type KeyVault, type SigningKeyPair, signingKeyFromSeed } from '@medveil/identity';
import { SetupError } from './errors.js';
import { placeFolder, writeNew } from './files.js';

/** Secrets that each kind of party's vault holds from the start, seeds of 32 bytes. An agent makes its own when it needs them. */
export const VAULT_SECRETS = {
  operator: ['operator-key', 'fee-key'],
  pkg: ['ca-key', 't-cert-key', 'account-key', 'message-key', 'token-key'],
  contract: ['message-key', 'token-key', 'treasury-key'],
  'proxy-cloud': ['account-key', 'hpke-seed', 'message-key', 'token-key'],
  replica: ['replica-key', 'message-key', 'operator-key', 'hpke-seed'],
  auditor: ['account-key', 'hpke-seed'],
  agent: [],
} as const;
export type PartyKind = keyof typeof VAULT_SECRETS;

/** What opens the vaults: a key file for each, beside it, or a passphrase for all of them. */
export type Unsealing = { readonly kind: 'key-files' } | { readonly kind: 'passphrase'; readonly passphrase: string };

/** A party whose vault is open. */
export class Party {
  constructor(
    readonly id: string,
    readonly vault: KeyVault,
  ) {}

  async key(secret: string): Promise<SigningKeyPair> {
    return signingKeyFromSeed(await this.vault.get(secret));
  }

  async publicKey(secret: string): Promise<Uint8Array> {
    return (await this.key(secret)).publicKey;
  }

  /** HPKE (X25519), 32 bytes. */
  async sealKey(): Promise<Uint8Array> {
    return (await hpkeKeyPairFromSeed(await this.vault.get('hpke-seed'))).publicKey;
  }
}

/**
 * The parties' folders below `parties/`: `vault`, `vault.key` where no passphrase opens it, and `settings.json` with those settings of
 * the service that follow from setup. Each appears whole or not at all and is never written again; a party takes its own away.
 */
export class PartyFolders {
  constructor(
    private readonly folder: string,
    private readonly unsealing: Unsealing,
    private readonly random: RandomBytes,
  ) {}

  pathOf(party: string): string {
    return join(this.folder, 'parties', party);
  }

  has(party: string): boolean {
    return existsSync(this.pathOf(party));
  }

  vaultSettings(party: string): VaultSettings {
    return this.#vaultIn(this.pathOf(party));
  }

  /** @throws SetupError `setup/no-keys`; `host/bad-key-file`, IdentityError of the vault */
  async open(party: string): Promise<Party> {
    if (!this.has(party)) throw new SetupError('setup/no-keys', `the keys of ${party} are not in this folder`, { party, path: this.pathOf(party) });
    return new Party(party, await openVault(this.vaultSettings(party), this.random));
  }

  /** The party, with the keys of its kind; made where its folder is missing. */
  async ensure(party: string, kind: PartyKind): Promise<Party> {
    if (!this.has(party)) await this.#make(party, kind);
    return this.open(party);
  }

  async #make(party: string, kind: PartyKind): Promise<void> {
    const settings = kind === 'operator' ? null : await this.#settings(party, kind);
    const parties = join(this.folder, 'parties');
    await mkdir(parties, { recursive: true, mode: 0o700 });
    const work = await mkdtemp(join(parties, `.${party}-`));
    if (this.unsealing.kind === 'key-files') await ensureKeyFile(join(work, 'vault.key'), this.random);
    const vault = await openVault(this.#vaultIn(work), this.random);
    for (const secret of VAULT_SECRETS[kind]) await ensureSecret(vault, secret, this.random);
    if (settings !== null) await writeNew(join(work, 'settings.json'), `${JSON.stringify(settings, null, 2)}\n`, 0o644);
    await placeFolder(work, this.pathOf(party));
  }

  async #settings(party: string, kind: PartyKind) {
    const operator = await this.ensure('operator', 'operator');
    return {
      operatorPublicKey: toBase64Url(await operator.publicKey('operator-key')),
      ...(kind === 'replica' ? { replica: party } : {}),
      ...(kind === 'auditor' ? { auditor: party } : {}),
    };
  }

  #vaultIn(path: string): VaultSettings {
    const folder = join(path, 'vault');
    return this.unsealing.kind === 'passphrase' ? { folder, passphrase: this.unsealing.passphrase } : { folder, keyFile: join(path, 'vault.key') };
  }
}
