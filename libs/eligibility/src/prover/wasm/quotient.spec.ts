import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { invert, pow } from '@noble/curves/abstract/modular.js';
import { bytesToInteger, FIELD_ORDER as R } from '../../field.js';
import { seededRandom } from '../../testing.js';
import { COEFFICIENT_BYTES, type ProvingKey } from './proving-key.js';
import { Quotient } from './quotient.js';
import { VectorField, VectorMemory, WORDS } from './vector-field.js';

const random = seededRandom('quotient');
const scalar = () => bytesToInteger(random(40)) % R;
const none = new Uint8Array();

type Coefficient = readonly [matrix: 0 | 1, row: number, wire: number, value: bigint];

/** A key of which only the matrices matter here. */
function keyOf(domainSize: number, wires: number, coefficients: readonly Coefficient[]): ProvingKey {
  const bytes = new Uint8Array(COEFFICIENT_BYTES * coefficients.length);
  const view = new DataView(bytes.buffer);
  coefficients.forEach(([matrix, row, wire, value], i) => {
    const start = COEFFICIENT_BYTES * i;
    [matrix, row, wire].forEach((number, k) => view.setUint32(start + 4 * k, number, true));
    const stored = (value << 512n) % R;
    for (let k = 0; k < WORDS; k += 1) view.setUint32(start + 12 + 4 * k, Number((stored >> BigInt(32 * k)) & 0xffff_ffffn), true);
  });
  const points = { alpha1: none, beta1: none, beta2: none, delta1: none, delta2: none };
  return { wires, publicInputs: 0, domainSize, points, coefficients: bytes, a: none, b1: none, b2: none, c: none, h: none };
}

/** Value at x of the polynomial of degree below the number of values that it has at the powers of root. */
function interpolated(values: readonly bigint[], root: bigint, x: bigint): bigint {
  const size = BigInt(values.length);
  const scale = ((pow(x, size, R) - 1n) * invert(size, R)) % R;
  return values.reduce((sum, value, i) => {
    const point = pow(root, BigInt(i), R);
    return (sum + ((value * point) % R) * invert((x - point + R) % R, R) * scale) % R;
  }, 0n);
}

const rootOf = (order: number) => pow(5n, (R - 1n) / BigInt(order), R);

describe('the quotient polynomial', () => {
  it('has the values that the definition gives, whatever the size, and again with another witness', () => {
    for (const size of [32, 64, 128]) {
      const wires = size - 5;
      const coefficients = Array.from({ length: 3 * size }, (_, i): Coefficient => [(i % 2) as 0 | 1, (7 * i) % (size - 2), (i * i + 3) % wires, i % 5 === 0 ? R - 1n : scalar()]);
      const quotient = new Quotient(new VectorField(new VectorMemory(), R), keyOf(size, wires, coefficients));
      for (let round = 0; round < 2; round += 1) {
        const witness = Array.from({ length: wires }, (_, i) => [1n, 0n, R - 1n][i] ?? scalar());
        const words = Uint32Array.from(witness.flatMap((value) => Array.from({ length: WORDS }, (_, k) => Number((value >> BigInt(32 * k)) & 0xffff_ffffn))));
        const out = quotient.evaluate(words);
        const side = (matrix: 0 | 1) => {
          const values = Array.from({ length: size }, () => 0n);
          for (const [of, row, wire, value] of coefficients) if (of === matrix) values[row] = ((values[row] ?? 0n) + value * (witness[wire] ?? 0n)) % R;
          return values;
        };
        const [a, b] = [side(0), side(1)];
        const c = a.map((value, i) => (value * (b[i] ?? 0n)) % R);
        for (let i = 0; i < size; i += 5) {
          const x = (rootOf(2 * size) * pow(rootOf(size), BigInt(i), R)) % R;
          const at = (values: readonly bigint[]) => interpolated(values, rootOf(size), x);
          const expected = (((at(a) * at(b) - at(c)) % R) + R) % R;
          const value = out.subarray(WORDS * i, WORDS * (i + 1)).reduceRight((sum, word) => (sum << 32n) | BigInt(word), 0n);
          assert.equal(value, expected, `size ${size}, root ${i}`);
        }
      }
    }
  });

  it('refuses coefficients outside the matrices', () => {
    for (const bad of [[0, 32, 0, 1n], [1, 0, 20, 1n], [2 as 1, 0, 0, 1n]] as const) {
      const quotient = new Quotient(new VectorField(new VectorMemory(), R), keyOf(32, 20, [bad]));
      assert.throws(() => quotient.evaluate(new Uint32Array(20 * WORDS)), /outside its matrices/);
    }
  });
});
