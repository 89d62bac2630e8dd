import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Changes } from './changes.js';

const never = new AbortController().signal;
const LONG_MS = 60_000;
const read = async (): Promise<string> => 'same';

describe('waiting for a change', () => {
  it('answers when what was read changes, also where that happens while it is being read', async () => {
    const changes = new Changes();
    let value = 1;
    const readOnce = async (): Promise<number> => {
      const found = value;
      if (value === 1) {
        value = 2;
        changes.happened();
      }
      return found;
    };
    assert.equal(await changes.until(readOnce, () => false, LONG_MS, never), 2);
    const waiting = changes.until(async () => value, () => false, LONG_MS, never);
    setImmediate(() => {
      changes.happened();
      value = 3;
      changes.happened();
    });
    assert.equal(await waiting, 3);
  });

  it('does not wait for what is final, for no time, past the time, or past the end of the service', async () => {
    const changes = new Changes();
    assert.equal(await changes.until(read, () => true, LONG_MS, never), 'same');
    assert.equal(await changes.until(read, () => false, 0, never), 'same');
    assert.equal(await changes.until(read, () => false, 1, never), 'same');
    assert.equal(await changes.until(read, () => false, LONG_MS, AbortSignal.abort()), 'same');
  });
});
