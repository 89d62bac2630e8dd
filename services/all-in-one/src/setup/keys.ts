import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { RandomBytes } from '@medveil/encoding';
import { ensureKeyFile, openVault, type VaultSettings } from '@medveil/host';
import type { KeyVault } from '@medveil/identity';

/** Secrets that each party's vault holds from the start; 32-byte seeds. */
export const VAULT_SECRETS = {
  operator: ['operator-key', 'fee-key'],
  pkg: ['ca-key', 't-cert-key', 'account-key', 'message-key', 'token-key'],
  contract: ['message-key', 'token-key', 'treasury-key'],
  'proxy-cloud': ['account-key', 'hpke-seed', 'message-key', 'token-key'],
  replica: ['replica-key', 'message-key', 'operator-key', 'hpke-seed'],
  auditor: ['account-key', 'hpke-seed'],
} as const;
export type PartyKind = keyof typeof VAULT_SECRETS;

/** Every party has a vault of its own; in one process all are unsealed by one key file, readable by its owner only. */
export class PartyVaults {
  private constructor(
    private readonly dataFolder: string,
    private readonly random: RandomBytes,
  ) {}

  static async open(dataFolder: string, random: RandomBytes): Promise<PartyVaults> {
    await mkdir(dataFolder, { recursive: true, mode: 0o700 });
    const vaults = new PartyVaults(dataFolder, random);
    await ensureKeyFile(vaults.keyFile, random);
    return vaults;
  }

  get keyFile(): string {
    return join(this.dataFolder, 'vault.key');
  }

  settings(party: string): VaultSettings {
    return { folder: join(this.dataFolder, 'vaults', party), keyFile: this.keyFile };
  }

  /** The vault of a party, with the secrets of its kind made where they are missing. */
  async ensure(party: string, kind: PartyKind): Promise<KeyVault> {
    const vault = await openVault(this.settings(party), this.random);
    for (const name of VAULT_SECRETS[kind]) {
      if ((await vault.find(name)) === null) await vault.put(name, this.random(32));
    }
    return vault;
  }
}
