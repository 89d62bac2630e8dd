import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { simulate } from './simulation.js';

/** Fails with the command that replays the schedule, and the end of its trace. */
function assertHolds(seed: number, replicas: number): void {
  const { violation } = simulate({ seed, replicas });
  if (violation === null) return;
  const { trace } = simulate({ seed, replicas, trace: true });
  assert.fail(
    [
      `${violation.invariant}, replica ${violation.replica}, ${violation.atMs.toFixed(1)} ms: ${violation.text}`,
      `replay: npm run simulate -- --replay ${seed} --replicas ${replicas}`,
      ...trace.slice(-60),
    ].join('\n'),
  );
}

describe('simulated schedules', () => {
  it('keep every invariant with 4 replicas, 1 of them Byzantine', () => {
    for (let seed = 1; seed <= 200; seed += 1) assertHolds(seed, 4);
  });

  it('replay exactly: the same seed gives the same trace', () => {
    for (const seed of [3, 17]) {
      assert.deepEqual(simulate({ seed, replicas: 4, trace: true }), simulate({ seed, replicas: 4, trace: true }));
    }
  });

  it('hold under the production signatures', () => assertHolds(99, 4));
});
