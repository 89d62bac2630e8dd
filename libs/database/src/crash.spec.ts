import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { PgliteEngine } from './pglite.js';

it('PGlite keeps every committed transaction, whole, through kill -9', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'medveil-crash-'));
  const dataDir = join(folder, 'data');
  const writer = spawn(process.execPath, [fileURLToPath(new URL('crash-writer.fixture.js', import.meta.url)), dataDir], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(writer, 'exit');
  let committed = -1;
  for await (const line of createInterface({ input: writer.stdout })) {
    committed = Number(line);
    if (committed === 50) writer.kill('SIGKILL');
  }
  await exited;
  assert.ok(committed >= 50);

  const engine = await PgliteEngine.start({ dataDir, clock: () => 1 });
  const database = await engine.open({ schema: 'crash' });
  const { rows } = await database.queries.execute<{ consumer: string; number: number }>(
    'select consumer, count(*)::int as number, max(message_id::int) as last from crash.inbox group by consumer order by consumer',
  );
  assert.ok((rows[0]?.number ?? 0) > committed, 'all that was announced is there');
  assert.equal(rows[0]?.number, rows[1]?.number, 'no transaction is there by half');
  await engine.close();
  await rm(folder, { recursive: true });
});
