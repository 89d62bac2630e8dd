import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { startAtMs } from './start-time.js';

const NOW_MS = 1_000_000;
const last = (): Uint8Array => new Uint8Array(4).fill(255);

describe('the time at which an exchange begins', () => {
  it('is now where nothing is to be hidden, or the requirement ends', () => {
    assert.equal(startAtMs({ nowMs: NOW_MS, withinMs: 0, expiresAtMs: NOW_MS + 5_000 }, last), NOW_MS);
    for (const expiresAtMs of [NOW_MS + 1, NOW_MS, NOW_MS - 5_000]) assert.equal(startAtMs({ nowMs: NOW_MS, withinMs: 60_000, expiresAtMs }, last), NOW_MS);
  });

  it('is any within the time given and half of what the requirement has left, both ends included', () => {
    fc.assert(fc.property(fc.uint8Array({ minLength: 4, maxLength: 4 }), fc.nat(100_000), fc.nat(200_000), (bytes, withinMs, leftMs) => {
      const atMs = startAtMs({ nowMs: NOW_MS, withinMs, expiresAtMs: NOW_MS + leftMs }, () => bytes);
      assert.ok(atMs >= NOW_MS && atMs <= NOW_MS + Math.min(withinMs, leftMs / 2));
    }));
    const ends = [0, 255].map((byte) => startAtMs({ nowMs: NOW_MS, withinMs: 999, expiresAtMs: NOW_MS + 9_000 }, () => new Uint8Array(4).fill(byte)));
    assert.deepEqual(ends, [NOW_MS, NOW_MS + 999]);
  });
});
