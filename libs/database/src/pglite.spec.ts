import assert from 'node:assert/strict';
import { access, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { describeDatabaseContract } from './contract.js';
import { PgliteEngine } from './pglite.js';
import { openTestEngine } from './testing.js';

const clock = () => Date.now();

describeDatabaseContract('PGlite', async () => {
  const engine = await openTestEngine();
  return { engine, dispose: async () => engine.close() };
});

describe('PGlite data folder', () => {
  it('keeps its data, is held by one engine at a time, and is taken over from a process that is gone', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'medveil-pglite-'));
    const dataDir = join(folder, 'data');
    const first = await openTestEngine({ dataDir });
    const database = await first.open({ schema: 'kept' });
    await database.queries.execute('insert into kept.inbox values (\'c\', \'m\', 1)');
    await assert.rejects(PgliteEngine.start({ dataDir, clock }), { code: 'database/folder-in-use' });
    await first.close();

    await writeFile(`${dataDir}.lock`, '1');
    await assert.rejects(PgliteEngine.start({ dataDir, clock }), { code: 'database/folder-in-use' });
    await writeFile(`${dataDir}.lock`, '999999999');
    const second = await PgliteEngine.start({ dataDir, clock });
    const again = await second.open({ schema: 'kept' });
    const { rows } = await again.queries.execute('select message_id from kept.inbox');
    assert.deepEqual(rows, [{ message_id: 'm' }]);
    await second.close();
    await second.close();
    await assert.rejects(access(`${dataDir}.lock`));
    await rm(folder, { recursive: true });
  });
});
