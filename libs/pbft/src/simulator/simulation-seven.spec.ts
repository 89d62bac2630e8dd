import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { simulate } from './simulation.js';

describe('simulated schedules of a larger set', () => {
  it('keep every invariant with 7 replicas, 2 of them Byzantine', () => {
    for (let seed = 1; seed <= 30; seed += 1) {
      const { violation } = simulate({ seed, replicas: 7 });
      assert.equal(violation, null, `replay: npm run simulate -- --replay ${seed} --replicas 7`);
    }
  });
});
