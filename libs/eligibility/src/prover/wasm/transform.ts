import { invert, pow } from '@noble/curves/abstract/modular.js';
import { QUAD_BYTES } from './field-code.js';
import { offsetOf, type VectorField } from './vector-field.js';

/** Quads of a butterfly worked on at a time: they stay in the processor's cache. */
const CHUNK = 32;
/** 5 is the least non-residue modulo r; roots of unity are its powers, as in snarkjs. */
const GENERATOR = 5n;

const MONTGOMERY = 1n << 261n;

/**
 * Number-theoretic transforms over the roots of x^size = 1. `interpolate` takes values in their order to coefficients in
 * bit-reversed order, `evaluate` such coefficients to values in order: no step reorders the whole vector. The last two
 * (first two) stages pair numbers within a quad; for these blocks of sixteen numbers are transposed.
 */
export class Transform {
  private readonly forward: Stages;
  private readonly backward: Stages;
  /** By place of a coefficient (bit-reversed and transposed) the power of the shift, over the size. */
  private readonly shift: number;
  private readonly transposition: number;
  private readonly scratch: number;
  private readonly difference: number;
  private readonly quads: number;

  /** @param size a power of two, 32 or more */
  constructor(
    private readonly field: VectorField,
    private readonly size: number,
  ) {
    this.quads = size / 4;
    const root = rootOfUnity(field.prime, size);
    this.forward = new Stages(field, size, root);
    this.backward = new Stages(field, size, invert(root, field.prime));
    this.scratch = field.vector(size);
    this.difference = field.vector(4 * CHUNK);
    this.transposition = field.memory.allocate(4 * size);
    this.list(this.transposition, transposed);
    // x -> x times the root of order 2·size: from the even roots to the odd ones
    this.shift = field.vector(size);
    const bits = Math.log2(size);
    field.memory.scoped(() => {
      const [powers, order] = [field.vector(size), field.memory.allocate(4 * size)];
      field.powers(powers, invert(BigInt(size), field.prime), rootOfUnity(field.prime, 2 * size), this.quads);
      this.list(order, (place) => reversed(transposed(place), bits));
      field.functions.gather(this.shift, powers, order, this.quads);
    });
  }

  /** Writes for every place the offset of the number that goes there. */
  private list(pointer: number, source: (place: number) => number): void {
    const { words } = this.field.memory;
    for (let place = 0; place < this.size; place += 1) words[(pointer >> 2) + place] = offsetOf(source(place));
  }

  /** In place: from values at the roots of x^size = 1 to those of the same polynomial at the odd roots of x^(2·size) = 1. */
  toOddRoots(vector: number): void {
    const { field, size, quads } = this;
    const { mul, gather } = field.functions;
    for (let half = size / 2; half >= 4; half /= 2) this.decimate(vector, this.backward.of(half), half / 4);
    gather(this.scratch, vector, this.transposition, quads);
    for (const half of [2, 1]) this.decimate(this.scratch, this.backward.of(half), half);
    mul(this.scratch, this.scratch, this.shift, quads);
    for (const half of [1, 2]) this.combine(this.scratch, this.forward.of(half), half);
    gather(vector, this.scratch, this.transposition, quads);
    for (let half = 4; half < size; half *= 2) this.combine(vector, this.forward.of(half), half / 4);
  }

  /** (x, y) -> (x + y, (x - y)·w) for blocks of two halves of so many quads. */
  private decimate(vector: number, twiddles: number, half: number): void {
    const { add, sub, mul } = this.field.functions;
    this.butterflies(vector, half, (x, y, first, quads) => {
      sub(this.difference, x, y, quads);
      add(x, x, y, quads);
      mul(y, this.difference, twiddles + first * QUAD_BYTES, quads);
    });
  }

  /** (x, y) -> (x + y·w, x - y·w) */
  private combine(vector: number, twiddles: number, half: number): void {
    const { add, sub, mul } = this.field.functions;
    this.butterflies(vector, half, (x, y, first, quads) => {
      mul(this.difference, y, twiddles + first * QUAD_BYTES, quads);
      sub(y, x, this.difference, quads);
      add(x, x, this.difference, quads);
    });
  }

  private butterflies(vector: number, half: number, work: (x: number, y: number, first: number, quads: number) => void): void {
    const chunk = Math.min(half, CHUNK);
    for (let block = 0; block < this.quads; block += 2 * half) {
      for (let first = 0; first < half; first += chunk) {
        const x = vector + (block + first) * QUAD_BYTES;
        work(x, x + half * QUAD_BYTES, first, chunk);
      }
    }
  }
}

/** Places of a block of sixteen numbers read by columns instead of rows. */
const transposed = (place: number): number => (place & ~15) | ((place & 3) << 2) | ((place >> 2) & 3);

const rootOfUnity = (prime: bigint, order: number): bigint => pow(GENERATOR, (prime - 1n) / BigInt(order), prime);

/** The factors of each stage: powers of the root of order 2·half, one a number, or one a quad where quads are transposed. */
class Stages {
  private readonly vectors = new Map<number, number>();

  constructor(field: VectorField, size: number, root: bigint) {
    for (let half = size / 2, step = root; half >= 1; half /= 2, step = (step * step) % field.prime) {
      const vector = field.vector(Math.max(half, 8));
      if (half >= 4) field.powers(vector, 1n, step, half / 4);
      else for (let i = 0; i < half; i += 1) for (let k = 0; k < 4; k += 1) field.write(vector, 4 * i + k, (step ** BigInt(i) * MONTGOMERY) % field.prime);
      this.vectors.set(half, vector);
    }
  }

  of = (half: number): number => this.vectors.get(half) ?? 0;
}

function reversed(value: number, bits: number): number {
  let out = 0;
  for (let i = 0; i < bits; i += 1) out |= ((value >> i) & 1) << (bits - 1 - i);
  return out;
}
