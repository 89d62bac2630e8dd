import { readFile, writeFile } from 'node:fs/promises';
import { CodedError, isCodedError, type RandomBytes } from '@medveil/encoding';
import { KeyVault } from '@medveil/identity';
import { ConfigError, defineConfig, loadConfig, type ProcessLike, secret } from '@medveil/service-kit';
import { z } from 'zod';
import { SecretFolder } from './secret-folder.js';
import { type VaultKey, wrappingOf } from './vaults.js';

const USAGE = `npm run vault -- COMMAND, for the vault of a service that need not be running, by MEDVEIL_VAULT_FOLDER and MEDVEIL_VAULT_KEY_FILE
or MEDVEIL_VAULT_PASSPHRASE (or its file in …_PASSPHRASE_FILE)

  list            names of the secrets
  rotate          from now on the vault opens with MEDVEIL_VAULT_NEXT_KEY_FILE or …_NEXT_PASSPHRASE, and with nothing else
  export FILE     everything into one new file, under MEDVEIL_VAULT_BACKUP_KEY_FILE or …_BACKUP_PASSPHRASE
  import FILE     such a file into an empty folder, under a fresh data key
`;

const key = { keyFile: z.string().min(1).optional(), passphrase: secret(z.string().min(12)).optional() };
const definition = defineConfig({
  service: 'vault',
  schema: z.strictObject({ folder: z.string().min(1), ...key, next: z.strictObject(key).prefault({}), backup: z.strictObject(key).prefault({}) }),
});
type Settings = z.output<typeof definition.schema>;

/** The operator's commands on a vault. Answers are JSON lines; exits with 2 where the command or a setting is not right. */
export async function administerVault(host: ProcessLike, random: RandomBytes): Promise<void> {
  const run = commandOf(host.argv.slice(2));
  if (run === undefined) {
    host.stderr.write(USAGE);
    host.exitCode = 2;
    return;
  }
  try {
    const settings = await loadConfig(definition, { env: host.env, readFile: async (path) => readFile(path, 'utf8') });
    host.stdout.write(`${JSON.stringify(await run(settings, random))}\n`);
  } catch (error) {
    if (!isCodedError(error)) throw error;
    host.stderr.write(error instanceof ConfigError ? `${error.problems.join('\n')}\n` : `${error.code}: ${error.message} ${JSON.stringify(error.details)}\n`);
    host.exitCode = error instanceof ConfigError ? 2 : 1;
  }
}

type Command = (settings: Settings, random: RandomBytes) => Promise<object>;

function commandOf([command, file, ...rest]: readonly string[]): Command | undefined {
  if (rest.length > 0) return undefined;
  if (file === undefined) {
    if (command === 'list') return async (settings, random) => ({ secrets: await (await open(settings, random)).list() });
    return command === 'rotate' ? rotate : undefined;
  }
  if (command === 'export') return (settings, random) => exportTo(file, settings, random);
  return command === 'import' ? (settings, random) => importFrom(file, settings, random) : undefined;
}

const open = async (settings: Settings, random: RandomBytes): Promise<KeyVault> =>
  KeyVault.open(new SecretFolder(settings.folder), await wrappingOf(oneOf(settings, ''), random), random);

async function rotate(settings: Settings, random: RandomBytes): Promise<object> {
  const next = await wrappingOf(oneOf(settings.next, 'next.'), random);
  await (await open(settings, random)).rotate(next);
  return { opensWith: next.kind };
}

async function exportTo(file: string, settings: Settings, random: RandomBytes): Promise<object> {
  const backup = await wrappingOf(oneOf(settings.backup, 'backup.'), random);
  const vault = await open(settings, random);
  await writeFile(file, await vault.export(backup), { mode: 0o600, flag: 'wx', flush: true }).catch((cause: unknown) => {
    throw new CodedError('host/bad-backup-file', 'the file is there already, or cannot be written', { path: file }, { cause });
  });
  return { exported: (await vault.list()).length, opensWith: backup.kind };
}

async function importFrom(file: string, settings: Settings, random: RandomBytes): Promise<object> {
  const exported = await readFile(file).catch((cause: unknown) => {
    throw new CodedError('host/bad-backup-file', 'the file cannot be read', { path: file }, { cause });
  });
  const to = { store: new SecretFolder(settings.folder), wrapping: await wrappingOf(oneOf(settings, ''), random) };
  const vault = await KeyVault.import(new Uint8Array(exported), await wrappingOf(oneOf(settings.backup, 'backup.'), random), to, random);
  return { imported: (await vault.list()).length, opensWith: to.wrapping.kind };
}

/** @throws CodedError `host/bad-vault-key` where both are given, or neither */
function oneOf({ keyFile, passphrase }: VaultKey, place: string): VaultKey {
  if ((keyFile === undefined) === (passphrase === undefined)) throw new CodedError('host/bad-vault-key', `give either ${place}keyFile or ${place}passphrase`);
  return { keyFile, passphrase };
}
