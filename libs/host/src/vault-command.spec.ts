import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { isIdentityError } from '@medveil/identity';
import { administerVault } from './vault-command.js';
import { ensureKeyFile, openVault } from './vaults.js';

const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length));
const PASSPHRASE = 'correct horse battery staple';

const administer = async (words: readonly string[], env: Record<string, string>): Promise<{ code: number; answer: unknown; complaint: string }> => {
  const [told, complaints]: [string[], string[]] = [[], []];
  const host = {
    argv: ['node', 'vault', ...words], env, exitCode: 0, once: () => undefined, off: () => undefined,
    stdout: { write: (text: string) => told.push(text) }, stderr: { write: (text: string) => complaints.push(text) },
  };
  await administerVault(host, random);
  return { code: host.exitCode, answer: told.length === 0 ? null : JSON.parse(told.join('')), complaint: complaints.join('') };
};

describe('the operator of a vault', () => {
  let folder: string;
  const path = (name: string): string => join(folder, name);
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'medveil-vault-'));
    for (const name of ['first.key', 'second.key']) await ensureKeyFile(path(name), random);
    const vault = await openVault({ folder: path('vault'), keyFile: path('first.key') }, random);
    await vault.put('hospital/seed', new Uint8Array(32).fill(7));
    await vault.put('token-key', new Uint8Array(32).fill(8));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const opened = (key: string) => ({ MEDVEIL_VAULT_FOLDER: path('vault'), MEDVEIL_VAULT_KEY_FILE: path(key) });

  it('rotates what opens it: the next key does from then on, and the former no longer', async () => {
    const { code, answer } = await administer(['rotate'], { ...opened('first.key'), MEDVEIL_VAULT_NEXT_KEY_FILE: path('second.key') });
    assert.deepEqual([code, answer], [0, { opensWith: 'key-file' }]);
    await assert.rejects(openVault({ folder: path('vault'), keyFile: path('first.key') }, random), (error) => isIdentityError(error) && error.code === 'identity/vault-locked');
    const locked = await administer(['list'], opened('first.key'));
    assert.equal(locked.code, 1);
    assert.match(locked.complaint, /^identity\/vault-locked/);
    assert.deepEqual((await administer(['list'], opened('second.key'))).answer, { secrets: ['hospital/seed', 'token-key'] });
  });

  it('writes a backup that restores, into an empty folder and under another key', async () => {
    const passphraseFile = path('passphrase');
    await writeFile(passphraseFile, `${PASSPHRASE}\n`);
    const backup = { MEDVEIL_VAULT_BACKUP_PASSPHRASE_FILE: passphraseFile };
    const written = await administer(['export', path('backup')], { ...opened('second.key'), ...backup });
    assert.deepEqual([written.code, written.answer], [0, { exported: 2, opensWith: 'passphrase' }]);
    assert.equal((await stat(path('backup'))).mode & 0o077, 0);
    assert.match((await administer(['export', path('backup')], { ...opened('second.key'), ...backup })).complaint, /^host\/bad-backup-file/);

    const there = { MEDVEIL_VAULT_FOLDER: path('restored'), MEDVEIL_VAULT_KEY_FILE: path('first.key') };
    const wrong = await administer(['import', path('backup')], { ...there, MEDVEIL_VAULT_BACKUP_PASSPHRASE: 'some other passphrase' });
    assert.match(wrong.complaint, /^identity\/vault-locked/);
    assert.deepEqual((await administer(['import', path('backup')], { ...there, ...backup })).answer, { imported: 2, opensWith: 'key-file' });
    const restored = await openVault({ folder: path('restored'), keyFile: path('first.key') }, random);
    assert.deepEqual(await restored.get('hospital/seed'), new Uint8Array(32).fill(7));
    assert.match((await administer(['import', path('backup')], { ...opened('second.key'), ...backup })).complaint, /not empty/);
  });

  it('is told what is missing or not there, and never shown a passphrase', async () => {
    for (const words of [[], ['rotate', 'x'], ['export'], ['list', 'a', 'b'], ['unheard-of']]) {
      const { code, complaint } = await administer(words, opened('second.key'));
      assert.equal(code, 2);
      assert.match(complaint, /npm run vault -- COMMAND/);
    }
    assert.match((await administer(['rotate'], opened('second.key'))).complaint, /either next\.keyFile or next\.passphrase/);
    assert.match((await administer(['import', path('nowhere')], opened('second.key'))).complaint, /^host\/bad-backup-file/);
    const short = await administer(['list'], { MEDVEIL_VAULT_FOLDER: path('vault'), MEDVEIL_VAULT_PASSPHRASE: 'too short' });
    assert.equal(short.code, 2);
    assert.ok(!short.complaint.includes('too short'));
  });
});
