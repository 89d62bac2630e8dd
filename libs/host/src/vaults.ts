import { open, readFile } from 'node:fs/promises';
import { CodedError, fromHex, type RandomBytes, toHex } from '@medveil/encoding';
import { keyFileWrapping, KeyVault, passphraseWrapping, type Wrapping } from '@medveil/identity';
import { secret } from '@medveil/service-kit';
import { z } from 'zod';
import { SecretFolder } from './secret-folder.js';

/** Where a service's secrets are, and what unseals them: a key file (32 bytes in hexadecimal) or a passphrase. */
export const vaultSettings = z.strictObject({
  folder: z.string().min(1),
  keyFile: z.string().min(1).optional(),
  passphrase: secret(z.string().min(12)).optional(),
}).refine(({ keyFile, passphrase }) => (keyFile === undefined) !== (passphrase === undefined), {
  error: 'give either keyFile or passphrase',
}).prefault({} as { folder: string }); // so that a missing vault is reported by its missing settings
export type VaultSettings = z.infer<typeof vaultSettings>;

/** What unseals a vault: one of the two. */
export interface VaultKey {
  readonly keyFile?: string | undefined;
  readonly passphrase?: string | undefined;
}

/** @throws CodedError `host/bad-key-file`, IdentityError `identity/bad-key` */
export const wrappingOf = async ({ keyFile, passphrase }: VaultKey, random: RandomBytes): Promise<Wrapping> =>
  keyFile === undefined ? passphraseWrapping(passphrase ?? '', random) : keyFileWrapping(await readKeyFile(keyFile), random);

/** Opens the vault, or makes it where there is none. @throws CodedError `host/bad-key-file`, IdentityError of the vault */
export async function openVault(settings: VaultSettings, random: RandomBytes): Promise<KeyVault> {
  return KeyVault.openOrCreate(new SecretFolder(settings.folder), await wrappingOf(settings, random), random);
}

/** Makes a key file readable by its owner only; leaves one that is there. */
export async function ensureKeyFile(path: string, random: RandomBytes): Promise<void> {
  const file = await open(path, 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EEXIST') return null;
    throw error;
  });
  if (file === null) return;
  try {
    await file.writeFile(`${toHex(random(32))}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function readKeyFile(path: string): Promise<Uint8Array> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new CodedError('host/bad-key-file', 'the key file cannot be read', { path }, { cause });
  });
  try {
    return fromHex(text.trim());
  } catch (cause) {
    throw new CodedError('host/bad-key-file', 'the key file must hold 32 bytes in hexadecimal', { path }, { cause });
  }
}

/** Where the treasury's vault keeps the private half of a voucher key, PKCS #8. @param keyId of its public half */
export const voucherKeyName = (keyId: Uint8Array): string => `voucher-key-${toHex(keyId)}`;
