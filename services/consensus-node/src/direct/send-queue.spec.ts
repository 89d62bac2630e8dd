import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { MessageType } from '@medveil/pbft';
import { SendQueue } from './send-queue.js';
import { backoffMs, LINK_TIMING } from './timing.js';

const limits = { messages: 4, bytes: 100 };
const message = (kind: MessageType, mark: number, length = 10) => ({ kind, bytes: new Uint8Array(length).fill(mark) });
const marks = (queue: SendQueue): number[] => {
  const order: number[] = [];
  for (let next = queue.shift(); next !== null; next = queue.shift()) order.push(next.bytes[0] ?? -1);
  return order;
};

describe('what waits for a peer', () => {
  it('leaves in the order it came, whatever its kind', () => {
    const queue = new SendQueue();
    for (const [mark, kind] of (['prepare', 'request', 'commit', 'status'] as const).entries()) assert.deepEqual(queue.push(message(kind, mark), limits), []);
    assert.equal(queue.bytes, 40);
    assert.deepEqual(marks(queue), [0, 1, 2, 3]);
    assert.deepEqual([queue.bytes, queue.length], [0, 0]);
  });

  it('gives up what is repeated anyway first, oldest first, then the oldest vote', () => {
    const queue = new SendQueue();
    for (const [mark, kind] of (['prepare', 'request', 'commit', 'status'] as const).entries()) queue.push(message(kind, mark), limits);
    assert.deepEqual(queue.push(message('commit', 4), limits).map(({ kind }) => kind), ['request']);
    assert.deepEqual(queue.push(message('commit', 5), limits).map(({ kind }) => kind), ['status']);
    assert.deepEqual(queue.push(message('commit', 6), limits).map(({ kind }) => kind), ['prepare']);
    assert.deepEqual(marks(queue), [2, 4, 5, 6]);
  });

  it('counts bytes as well, and refuses what is larger than all of it', () => {
    const queue = new SendQueue();
    queue.push(message('commit', 0, 60), limits);
    assert.deepEqual(queue.push(message('commit', 1, 101), limits).map(({ bytes }) => bytes[0]), [1]);
    assert.deepEqual(queue.push(message('commit', 2, 60), limits).map(({ bytes }) => bytes[0]), [0]);
    assert.equal(queue.bytes, 60);
  });
});

describe('the wait before connecting again', () => {
  it('doubles up to its limit and is spread over its upper half', () => {
    const waits = [0, 1, 2, 7, 1_000].map((failures) => [backoffMs(LINK_TIMING, failures, 0), backoffMs(LINK_TIMING, failures, 1)]);
    assert.deepEqual(waits, [[25, 50], [50, 100], [100, 200], [2_500, 5_000], [2_500, 5_000]]);
  });
});
