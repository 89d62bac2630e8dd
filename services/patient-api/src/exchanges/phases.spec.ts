import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { follows, overrules } from './phases.js';

describe('phases of an exchange', () => {
  it('go forward only, and an end is an end', () => {
    assert.ok(follows('claimed', 'proved') && !follows('proved', 'claimed'));
    for (const end of ['settled', 'lapsed', 'withdrawn', 'refunded', 'rejected', 'failed'] as const) {
      assert.ok(!follows('delivered', end) && !follows('failed', end));
    }
  });

  it('yield to the ledger where the agent had given the exchange up by itself', () => {
    for (const own of ['rejected', 'failed'] as const) {
      for (const event of ['claimed', 'delivered', 'disputed', 'settled', 'lapsed'] as const) assert.ok(overrules(event, own), `${event} after ${own}`);
    }
    assert.ok(!overrules('delivered', 'settled') && !overrules('claimed', 'delivered'));
  });
});
