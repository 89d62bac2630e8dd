import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { choose, decompose, totalOf } from './denominations.js';

const of = (...denominations: number[]) => denominations.map((denomination) => ({ denomination }));

describe('an amount in denominations', () => {
  it('is the fewest vouchers that fit into it; what is left is less than the least of them', () => {
    fc.assert(fc.property(fc.nat(100_000), fc.shuffledSubarray([1, 10, 100, 1_000], { minLength: 1 }), (amount, kinds) => {
      const vouchers = decompose(amount, of(...kinds), 1_000_000);
      const rest = amount - totalOf(vouchers);
      assert.ok(rest >= 0 && rest < Math.min(...kinds));
      for (const [i, kind] of kinds.toSorted((a, b) => a - b).entries()) {
        const next = kinds.toSorted((a, b) => a - b)[i + 1];
        if (next !== undefined) assert.ok(vouchers.filter(({ denomination }) => denomination === kind).length < next / kind);
      }
    }));
  });

  it('is cut off where a transaction holds no more, and nothing where no voucher fits', () => {
    assert.deepEqual(decompose(9_999, of(1, 10, 100, 1_000), 32).map(({ denomination }) => denomination), [
      ...Array<number>(9).fill(1_000), ...Array<number>(9).fill(100), ...Array<number>(9).fill(10), ...Array<number>(5).fill(1),
    ]);
    assert.deepEqual(decompose(9, of(10), 32), []);
    assert.deepEqual(decompose(100, [], 32), []);
  });
});

describe('vouchers for an amount', () => {
  it('add up to it wherever some of those held do', () => {
    fc.assert(fc.property(fc.array(fc.constantFrom(1, 10, 100), { maxLength: 12 }), fc.nat(2 ** 12 - 1), (held, which) => {
      const amount = totalOf(of(...held.filter((_, i) => (which >> i) & 1)));
      assert.equal(totalOf(choose(amount, of(...held))), amount);
    }));
  });

  it('stay below it where none do', () => {
    assert.equal(totalOf(choose(95, of(10, 10, 100, 50))), 70);
    assert.deepEqual(choose(5, of(10)), []);
  });
});
