import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { CHART } from './chart-files.js';

const begin = async (...options: string[]) => promisify(execFile)(process.execPath, [join(CHART, 'files', 'begin.mjs'), ...options]);
const failed = async (...options: string[]): Promise<string> => begin(...options).then(() => assert.fail('it must fail'), (error: { stderr: string }) => error.stderr);

describe('what a pod takes over before its service starts', () => {
  let folder = '';
  before(async () => { folder = await mkdtemp(join(tmpdir(), 'medveil-begin-')); });
  after(async () => rm(folder, { recursive: true, force: true }));

  it('is a file, one field of a file, and a folder with all that is below it', async () => {
    const from = join(folder, 'setup');
    await mkdir(join(from, 'vault', 'patients'), { recursive: true });
    await writeFile(join(from, 'network.json'), '{}');
    await writeFile(join(from, 'settings.json'), '{"operatorPublicKey":"abc"}');
    await writeFile(join(from, 'vault', 'vault.sealed'), 'header');
    await writeFile(join(from, 'vault', 'patients', 'one.sealed'), 'seed');
    const to = join(folder, 'taken');
    await begin(`${from}/network.json=${to}/network/network.json`, `${from}/settings.json#operatorPublicKey=${to}/key`, `${from}/vault=${to}/vault`);
    assert.equal(await readFile(join(to, 'network', 'network.json'), 'utf8'), '{}');
    assert.equal(await readFile(join(to, 'key'), 'utf8'), 'abc');
    assert.equal(await readFile(join(to, 'vault', 'patients', 'one.sealed'), 'utf8'), 'seed');
    assert.equal((await stat(join(to, 'key'))).mode & 0o077, 0, 'nobody else reads it');
  });

  it('follows the links of a mounted Secret, and leaves out its hidden folders', async () => {
    const secret = join(folder, 'secret');
    await mkdir(join(secret, '..2026'), { recursive: true });
    await writeFile(join(secret, '..2026', 'vault.sealed'), 'header');
    await symlink('..2026', join(secret, '..data'));
    await symlink('..data/vault.sealed', join(secret, 'vault.sealed'));
    await begin(`${secret}=${join(folder, 'from-secret')}`);
    assert.ok((await stat(join(folder, 'from-secret', 'vault.sealed'))).isFile());
    await assert.rejects(stat(join(folder, 'from-secret', '..2026')));
  });

  it('never replaces what is there: the service may have written into it', async () => {
    const from = join(folder, 'first');
    await mkdir(from);
    await writeFile(join(from, 'vault.sealed'), 'first');
    const pair = `${from}=${join(folder, 'kept')}`;
    await begin(pair);
    await writeFile(join(folder, 'kept', 'replica-started.sealed'), 'mark');
    await writeFile(join(from, 'vault.sealed'), 'second');
    await begin(pair);
    assert.equal(await readFile(join(folder, 'kept', 'vault.sealed'), 'utf8'), 'first');
    assert.equal(await readFile(join(folder, 'kept', 'replica-started.sealed'), 'utf8'), 'mark');
  });

  it('begins anew where it was stopped half way', async () => {
    const from = join(folder, 'whole');
    await mkdir(join(folder, 'half.next'), { recursive: true });
    await writeFile(join(folder, 'half.next', 'stale.sealed'), 'stale');
    await mkdir(from);
    await writeFile(join(from, 'vault.sealed'), 'header');
    await begin(`${from}=${join(folder, 'half')}`);
    await assert.rejects(stat(join(folder, 'half', 'stale.sealed')));
  });

  it('waits for what is not there yet, but not for ever', async () => {
    const late = join(folder, 'late.json');
    const waiting = begin('--wait=30', `${late}=${join(folder, 'late')}`);
    await writeFile(late, 'here');
    await waiting;
    assert.equal(await readFile(join(folder, 'late'), 'utf8'), 'here');
    assert.match(await failed('--wait=0', `${folder}/never=${folder}/x`), /never: waited in vain/);
  });

  it('waits until a service is ready', async () => {
    let asked = 0;
    const server = createServer((_request, response) => { response.writeHead((asked += 1) > 1 ? 200 : 503).end(); });
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    try {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/health/ready`;
      await begin(`--ready=${url}`);
      assert.equal(asked, 2);
      assert.match(await failed('--wait=0', '--ready=http://127.0.0.1:9/health/ready'), /waited in vain/);
    } finally {
      await new Promise((resolve) => { server.close(resolve); });
    }
  });
});
