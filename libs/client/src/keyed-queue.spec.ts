import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { KeyedQueue } from './keyed-queue.js';

describe('a keyed queue', () => {
  it('runs the work of one key in order, also after a failure, and that of others beside it', async () => {
    const queue = new KeyedQueue();
    const done: string[] = [];
    const first = queue.run('a', async () => {
      await Promise.resolve();
      done.push('a1');
      throw new Error('a1');
    });
    const second = queue.run('a', async () => void done.push('a2'));
    const other = queue.run('b', async () => void done.push('b1'));
    await assert.rejects(first);
    await Promise.all([second, other]);
    assert.deepEqual(done.filter((name) => name.startsWith('a')), ['a1', 'a2']);
    assert.ok(done.indexOf('b1') < done.indexOf('a2'));
  });
});
