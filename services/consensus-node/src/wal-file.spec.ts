import assert from 'node:assert/strict';
import { appendFile, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { sha256 } from '@medveil/encoding';
import { frameWalEntry, type WalEntry } from '@medveil/pbft';
import { WalFile } from './wal-file.js';

const proposal = (sequence: number): WalEntry => ({ type: 'proposal', sequence, digest: sha256(Uint8Array.of(sequence)), proposal: new Uint8Array(100).fill(sequence) });

describe('write-ahead log on disk', () => {
  let folder = '';
  beforeEach(async () => { folder = await mkdtemp(join(tmpdir(), 'medveil-wal-')); });
  afterEach(async () => rm(folder, { recursive: true, force: true }));
  const path = () => join(folder, 'wal');
  const entriesOf = async (): Promise<readonly WalEntry[]> => {
    const { wal, entries } = await WalFile.open(folder);
    await wal.close();
    return entries;
  };
  const write = async (...batches: readonly (readonly WalEntry[])[]): Promise<void> => {
    const { wal } = await WalFile.open(folder);
    for (const batch of batches) await wal.append(batch);
    await wal.close();
  };

  it('gives back what was appended, in order, over restarts', async () => {
    assert.deepEqual(await entriesOf(), []);
    await write([proposal(1), proposal(2)], [{ type: 'recovered' }]);
    await write([proposal(3)]);
    assert.deepEqual(await entriesOf(), [proposal(1), proposal(2), { type: 'recovered' }, proposal(3)]);
  });

  it('cuts off a record that was torn at any byte, and appends after what is whole', async () => {
    const whole = frameWalEntry(proposal(1)).length;
    const torn = frameWalEntry(proposal(2)).length;
    for (const kept of [1, 4, 11, 12, torn - 1]) {
      await rm(path(), { force: true });
      await write([proposal(1), proposal(2)]);
      await truncate(path(), whole + kept);
      assert.deepEqual(await entriesOf(), [proposal(1)]);
      await write([proposal(3)]);
      assert.deepEqual(await entriesOf(), [proposal(1), proposal(3)]);
    }
  });

  it('refuses a log that is damaged before its last record: promises would be forgotten', async () => {
    await write([proposal(1), proposal(2), proposal(3)]);
    const bytes = await readFile(path());
    bytes[20] = (bytes[20] ?? 0) ^ 1;
    await writeFile(path(), bytes);
    await assert.rejects(WalFile.open(folder), { code: 'pbft/bad-log' });
  });

  it('replaces the log as a whole, and goes on after that', async () => {
    const { wal } = await WalFile.open(folder);
    await wal.append([proposal(1), proposal(2)]);
    await wal.compact([proposal(2)]);
    await wal.append([proposal(3)]);
    await wal.close();
    assert.deepEqual(await entriesOf(), [proposal(2), proposal(3)]);
    assert.deepEqual(await readdir(folder), ['wal']);
  });

  it('keeps the old log where a compaction was interrupted before its rename', async () => {
    await write([proposal(1)]);
    await appendFile(`${path()}.next`, 'half of a new log');
    assert.deepEqual(await entriesOf(), [proposal(1)]);
    const { wal } = await WalFile.open(folder);
    await wal.compact([proposal(4)]);
    await wal.close();
    assert.deepEqual(await entriesOf(), [proposal(4)]);
  });
});
