import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MUTATIONS } from './mutations.js';
import { simulate } from './simulation.js';

/** Should a change of the protocol shift the schedules, this many more are tried. */
const MORE_SEEDS = 300;

describe('the simulator notices', () => {
  for (const { name, rules, seed, maxInFlight = 1 } of MUTATIONS) {
    it(name, () => {
      const seeds = [seed, ...Array(MORE_SEEDS).keys()];
      assert.ok(
        seeds.some((tried) => simulate({ seed: tried, replicas: 4, rules, maxInFlight }).violation !== null),
        'no schedule shows it',
      );
    });
  }
});
