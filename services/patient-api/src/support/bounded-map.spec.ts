import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BoundedMap } from './bounded-map.js';

describe('a bounded map', () => {
  it('forgets what was not used for longest, by weight', () => {
    const map = new BoundedMap<string, number>(3);
    map.set('a', 1);
    map.set('b', 2, 2);
    assert.equal(map.get('a'), 1);
    map.set('c', 3);
    assert.deepEqual([map.get('a'), map.get('b'), map.get('c')], [1, undefined, 3]);
    map.set('d', 4, 9);
    assert.deepEqual([map.get('a'), map.get('c'), map.get('d')], [undefined, undefined, 4]);
  });
});
