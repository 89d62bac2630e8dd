import assert from 'node:assert/strict';
import { it } from 'node:test';
import { HeadSignal } from './head-signal.js';

const LONG_MS = 60_000;

it('wakes all who wait when the chain grows', async () => {
  const signal = new HeadSignal();
  const waits = [signal.next(LONG_MS), signal.next(LONG_MS)];
  signal.grown();
  assert.deepEqual(await Promise.all(waits), [true, true]);
});

it('waits no longer than asked', async () => {
  assert.equal(await new HeadSignal().next(1), true);
});

it('ends all waits when it is stopped, and lets nobody wait then', async () => {
  const signal = new HeadSignal();
  const wait = signal.next(LONG_MS);
  signal.stop();
  assert.equal(await wait, false);
  assert.equal(await signal.next(LONG_MS), false);
});

it('lets so many wait and no more', async () => {
  const signal = new HeadSignal();
  const waits = Array.from({ length: 10_000 }, () => signal.next(LONG_MS));
  assert.equal(await signal.next(LONG_MS), false);
  signal.grown();
  assert.equal((await Promise.all(waits)).every((again) => again), true);
});
