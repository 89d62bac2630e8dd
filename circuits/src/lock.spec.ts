import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { withLock } from './lock.js';

describe('a lock', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lock-'));
  });
  after(() => rm(folder, { recursive: true }));

  it('lets one work at a time', async () => {
    const path = join(folder, 'a.lock');
    let inside = 0;
    const work = async () => {
      inside += 1;
      assert.equal(inside, 1);
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
      inside -= 1;
    };
    await Promise.all([withLock(path, work), withLock(path, work), withLock(path, work)]);
  });

  it('is released by a failure, and taken over from a process that is gone', async () => {
    const path = join(folder, 'b.lock');
    await assert.rejects(withLock(path, () => Promise.reject(new Error('work failed'))), /work failed/);
    await mkdir(path);
    await writeFile(join(path, 'pid'), '4194304');
    assert.equal(await withLock(path, () => Promise.resolve('taken over')), 'taken over');
  });
});
