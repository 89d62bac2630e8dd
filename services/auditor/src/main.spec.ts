import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const MAIN = fileURLToPath(new URL('main.js', import.meta.url));

describe('an auditor’s agent that starts alone', () => {
  it('names each setting that is missing, and ends with 2', async () => {
    const failed: unknown = await promisify(execFile)(process.execPath, [MAIN], { env: {} }).catch((error: unknown) => error);
    const { code, stderr } = failed as { code: number; stderr: string };
    assert.equal(code, 2);
    for (const name of ['MODE', 'AUDITOR', 'CONTRACT_URL', 'VAULT_FOLDER', 'INFRASTRUCTURE_DATA_FOLDER']) assert.match(stderr, new RegExp(`^  MEDVEIL_AUDITOR_${name}: `, 'm'));
  });
});
