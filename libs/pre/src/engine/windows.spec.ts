import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { GROUP_ORDER } from './engine.js';
import { buildTable, signedDigits, tableIndex, windowsOf } from './windows.js';

const scalar = fc.oneof(fc.constantFrom(0n, 1n, GROUP_ORDER - 1n, 2n ** 254n, 2n ** 128n - 1n), fc.bigInt({ min: 0n, max: GROUP_ORDER - 1n }));

describe('fixed-base windows', () => {
  it('write 64-bit digits in signed digits too', () => {
    fc.assert(fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.integer({ min: 2, max: 13 }), (value, bits) => {
      const windows = windowsOf(bits, 65);
      const digits = signedDigits(windows, Buffer.from(value.toString(16).padStart(16, '0'), 'hex'));
      assert.equal(digits.reduce((sum, digit, window) => sum + BigInt(digit) * 2n ** BigInt(bits * window), 0n), value);
    }));
  });

  it('write every scalar in signed digits within bounds', () => {
    fc.assert(fc.property(scalar, fc.integer({ min: 2, max: 10 }), (value, bits) => {
      const windows = windowsOf(bits);
      const digits = signedDigits(windows, Buffer.from(value.toString(16).padStart(64, '0'), 'hex'));
      assert.ok(digits.every((digit) => Math.abs(digit) <= windows.digits));
      assert.equal(digits.reduce((sum, digit, window) => sum + BigInt(digit) * 2n ** BigInt(bits * window), 0n), value);
    }));
  });

  it('hold what each digit stands for', () => {
    const windows = windowsOf(4);
    const table = buildTable(windows, 1n, (x, y) => x + y);
    for (let window = 0; window < windows.count; window += 1) {
      for (let digit = 1; digit <= windows.digits; digit += 1) {
        assert.equal(table[tableIndex(windows, window, digit)], BigInt(digit) * 2n ** BigInt(4 * window));
      }
    }
  });
});
