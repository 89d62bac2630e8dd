import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { toBase64Url } from '@medveil/encoding';
import { World } from './spec-world.js';

const MAIN = fileURLToPath(new URL('main.js', import.meta.url));
const exec = promisify(execFile);

describe('a contract service that starts alone', () => {
  let world: World;
  before(async () => { world = await World.open(); });
  after(async () => world.close());

  it('names each setting that is missing, and ends with 2', async () => {
    const failed: unknown = await exec(process.execPath, [MAIN], { env: {} }).catch((error: unknown) => error);
    const { code, stderr } = failed as { code: number; stderr: string };
    assert.equal(code, 2);
    for (const name of ['MODE', 'NODE_URLS', 'VAULT_FOLDER', 'INFRASTRUCTURE_DATA_FOLDER']) assert.match(stderr, new RegExp(`^  MEDVEIL_CONTRACT_${name}: `, 'm'));
  });

  it('starts, follows, and ends with 0 on SIGTERM', async () => {
    const env = {
      MEDVEIL_CONTRACT_MODE: 'development', MEDVEIL_CONTRACT_DATA_FOLDER: join(world.folder, 'alone-ledger'), MEDVEIL_CONTRACT_NETWORK_FILE: world.networkFile,
      MEDVEIL_CONTRACT_VAULT_FOLDER: world.vault.folder, MEDVEIL_CONTRACT_VAULT_KEY_FILE: world.vault.keyFile,
      MEDVEIL_CONTRACT_OPERATOR_PUBLIC_KEY: toBase64Url(world.operator.publicKey), MEDVEIL_CONTRACT_NODE_URLS: world.node.url,
      MEDVEIL_CONTRACT_INFRASTRUCTURE_DATA_FOLDER: join(world.folder, 'alone'),
    };
    const child = spawn(process.execPath, [MAIN], { env, stdio: ['ignore', 'pipe', 'pipe'] });
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
      assert.equal((await fetch(new URL('/v1/genesis', url))).status, 200);
    } finally {
      child.kill('SIGTERM');
    }
    assert.equal(await ended, 0, errors);
  });
});
