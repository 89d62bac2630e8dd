import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';

it('says which settings it lacks when it is started alone', async () => {
  const main = spawn(process.execPath, [fileURLToPath(new URL('main.js', import.meta.url))], { env: {}, stdio: ['ignore', 'ignore', 'pipe'] });
  const [told, [status]] = await Promise.all([text(main.stderr), once(main, 'exit')]);
  assert.equal(status, 2);
  for (const name of ['MEDVEIL_PKG_MODE', 'MEDVEIL_PKG_NETWORK_FILE', 'MEDVEIL_PKG_VAULT', 'MEDVEIL_PKG_CONTRACT_URL', 'MEDVEIL_PKG_INFRASTRUCTURE']) {
    assert.match(told, new RegExp(name));
  }
});
