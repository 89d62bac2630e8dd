import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { toBase64Url } from '@medveil/encoding';
import { World } from './spec-world.js';

const MAIN = fileURLToPath(new URL('main.js', import.meta.url));
const exec = promisify(execFile);

describe('a node that starts alone', () => {
  let world: World;
  before(async () => { world = await World.open(); });
  after(async () => world.close());
  const settings = (): Record<string, string> => ({
    MEDVEIL_CONSENSUS_NODE_MODE: 'development',
    MEDVEIL_CONSENSUS_NODE_REPLICA: 'replica-0',
    MEDVEIL_CONSENSUS_NODE_DATA_FOLDER: world.dataFolder('replica-0'),
    MEDVEIL_CONSENSUS_NODE_NETWORK_FILE: world.networkFile,
    MEDVEIL_CONSENSUS_NODE_VAULT_FOLDER: world.vault('replica-0').folder,
    MEDVEIL_CONSENSUS_NODE_VAULT_KEY_FILE: world.vault('replica-0').keyFile,
    MEDVEIL_CONSENSUS_NODE_OPERATOR_PUBLIC_KEY: toBase64Url(world.operator.publicKey),
    MEDVEIL_CONSENSUS_NODE_INFRASTRUCTURE_DATA_FOLDER: join(world.folder, 'alone'),
  });

  it('names each setting that is missing, and ends with 2', async () => {
    const failed: unknown = await exec(process.execPath, [MAIN], { env: {} }).catch((error: unknown) => error);
    const { code, stderr } = failed as { code: number; stderr: string };
    assert.equal(code, 2);
    for (const name of ['MODE', 'REPLICA', 'VAULT_FOLDER', 'INFRASTRUCTURE_DATA_FOLDER']) assert.match(stderr, new RegExp(`^  MEDVEIL_CONSENSUS_NODE_${name}: `, 'm'));
  });

  it('shows its configuration without the passphrase', async () => {
    const env = { ...settings(), MEDVEIL_CONSENSUS_NODE_VAULT_PASSPHRASE: 'a very long passphrase' };
    delete (env as Record<string, string | undefined>)['MEDVEIL_CONSENSUS_NODE_VAULT_KEY_FILE'];
    const { stdout } = await exec(process.execPath, [MAIN, '--print-config'], { env });
    assert.match(stdout, /"passphrase": "\*\*\*"/);
    assert.doesNotMatch(stdout, /very long/);
  });

  it('starts, serves, and ends with 0 on SIGTERM', async () => {
    const child = spawn(process.execPath, [MAIN], { env: settings(), stdio: ['ignore', 'pipe', 'pipe'] });
    const ended = new Promise<number | null>((resolve) => { child.once('exit', resolve); });
    let errors = '';
    child.stderr.on('data', (chunk: Buffer) => { errors += chunk.toString(); });
    try {
      const url = await new Promise<string>((resolve, reject) => {
        let output = '';
        child.stdout.on('data', (chunk: Buffer) => {
          output += chunk.toString();
          const found = /"url":"([^"]+)"/.exec(output)?.[1];
          if (found !== undefined) resolve(found);
        });
        void ended.then(() => reject(new Error(errors)));
      });
      const status = (await (await fetch(new URL('/v1/status', url))).json()) as { replica: string };
      assert.equal(status.replica, 'replica-0');
    } finally {
      child.kill('SIGTERM');
    }
    assert.equal(await ended, 0, errors);
  });
});
