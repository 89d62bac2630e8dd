import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { invert } from '@noble/curves/abstract/modular.js';
import { BASE_FIELD_ORDER } from '../../proof-encoding.js';
import { bytesToInteger, FIELD_ORDER } from '../../field.js';
import { seededRandom } from '../../testing.js';
import { offsetOf, VectorField, VectorMemory, WORDS } from './vector-field.js';

const COUNT = 64;

const place = (i: number) => (i * 7) % 5;

for (const [name, p] of Object.entries({ 'the base field': BASE_FIELD_ORDER, 'the scalar field': FIELD_ORDER })) {
  describe(`vectors over ${name}`, () => {
    const random = seededRandom(name);
    const memory = new VectorMemory();
    const field = new VectorField(memory, p);
    const words = new Uint32Array(WORDS);
    const read = (vector: number, i: number) => {
      field.toWords(vector, i, words, 0);
      return words.reduceRight((value, word) => (value << 32n) | BigInt(word), 0n);
    };
    // every pair of the values at the ends of [0, 2p), then random ones
    const ends = [0n, 1n, p - 1n, p, p + 1n, 2n * p - 2n, 2n * p - 1n];
    const pairs = ends.flatMap((a) => ends.map((b) => [a, b] as const));
    while (pairs.length < COUNT) pairs.push([bytesToInteger(random(40)) % (2n * p), bytesToInteger(random(40)) % (2n * p)]);
    const vectors = () => {
      const [a, b, out] = [field.vector(COUNT), field.vector(COUNT), field.vector(COUNT)];
      pairs.forEach(([x, y], i) => {
        field.write(a, i, x);
        field.write(b, i, y);
      });
      return { a, b, out };
    };
    const holds = (out: number, expected: (a: bigint, b: bigint) => bigint, bound: bigint) => {
      pairs.forEach(([a, b], i) => {
        const value = read(out, i);
        assert.ok(value < bound, `${a} and ${b} give ${value}`);
        assert.equal((value - expected(a, b)) % p, 0n, `${a} and ${b}`);
      });
    };

    it('are multiplied, added and subtracted, also in place, and stay below 2p', () => {
      const unit = invert(1n << 261n, p);
      const operations = { mul: (a: bigint, b: bigint) => a * b * unit, add: (a: bigint, b: bigint) => a + b, sub: (a: bigint, b: bigint) => a - b };
      for (const [operation, expected] of Object.entries(operations)) {
        const { a, b, out } = vectors();
        const run = field.functions[operation as keyof typeof operations];
        run(out, a, b, COUNT / 4);
        holds(out, expected, 2n * p);
        run(a, a, b, COUNT / 4);
        holds(a, expected, 2n * p);
      }
    });

    it('are reduced below p, where zero is all zero', () => {
      const { a, out } = vectors();
      field.functions.reduce(out, a, COUNT / 4);
      holds(out, (x) => x, p);
      pairs.forEach(([x], i) => assert.equal(field.isZero(out, i), x % p === 0n));
    });

    it('are gathered, and added where a list says, several times to one place too', () => {
      const { a, out } = vectors();
      const list = memory.allocate(4 * COUNT);
      for (let i = 0; i < COUNT; i += 1) memory.words[(list >> 2) + i] = offsetOf(place(i));
      field.functions.gather(out, a, list, COUNT / 4);
      for (let i = 0; i < COUNT; i += 1) assert.equal(read(out, i), pairs[place(i)]?.[0]);
      for (let i = 0; i < 5; i += 1) field.write(out, i, 0n);
      field.functions.scatterAdd(out, list, a, COUNT / 4);
      for (let i = 0; i < 5; i += 1) {
        const sum = pairs.reduce((total, [x], k) => (place(k) === i ? total + x : total), 0n);
        assert.equal((read(out, i) - sum) % p, 0n);
      }
    });

    it('are read from bytes up to 2^256 - 1, spaced out', () => {
      const numbers = [new Uint8Array(32).fill(255), new Uint8Array(32), random(32), random(32)];
      const bytes = memory.allocate(44 * numbers.length);
      numbers.forEach((number, i) => memory.write(bytes + 44 * i, number.toReversed()));
      const out = field.vector(4);
      field.functions.unpack(out, bytes, 44, 1);
      numbers.forEach((number, i) => assert.equal(read(out, i), bytesToInteger(number)));
    });

    it('hold the powers of a number', () => {
      const out = field.vector(32);
      field.powers(out, 3n, p - 5n, 8);
      let expected = 3n << 261n;
      for (let i = 0; i < 32; i += 1, expected *= p - 5n) assert.equal((read(out, i) - expected) % p, 0n);
    });
  });
}
