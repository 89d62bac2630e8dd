import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CodedError } from '@medveil/encoding';
import { untilAvailable } from './until-available.js';

const away = () => new CodedError('database/unavailable', 'away');

describe('a server that is not there yet', () => {
  it('is waited for', async () => {
    let tries = 0;
    const answer = await untilAvailable('database', 60_000, async () => {
      tries += 1;
      if (tries < 3) throw away();
      return 'here';
    });
    assert.deepEqual([answer, tries], ['here', 3]);
  });

  it('is named when the time is over', async () => {
    await assert.rejects(untilAvailable('database', 50, async () => { throw away(); }), { code: 'host/dependency-away', message: /the database did not answer within 0.05 s/ });
  });

  it('is not waited for where waiting helps nothing', async () => {
    await assert.rejects(untilAvailable('database', 60_000, async () => { throw new CodedError('database/migration-changed', 'changed'); }), { code: 'database/migration-changed' });
  });
});
