import { type Bn254 } from '../../bn254.js';
import { QUAD_BYTES } from './field-code.js';
import { type VectorField, WORDS } from './vector-field.js';

/**
 * Inverts vectors over Fp with one inversion for all (Montgomery's trick, as a tree of products so that every step works
 * on vectors): three multiplications a number. The one inversion, of four numbers, is mcl's.
 */
export class BatchInverter {
  /** By level k vectors of 2^k quads: products of halves, and their inverses. */
  private readonly products: number[] = [];
  private readonly inverses: number[] = [];
  private readonly bytes: number;
  private readonly correction: number;
  private readonly words = new Uint32Array(4 * WORDS);

  /** @param capacity quads of the longest vector, a power of two */
  constructor(
    readonly field: VectorField,
    private readonly curve: Bn254,
    capacity: number,
  ) {
    for (let quads = 1; quads <= capacity; quads *= 2) {
      this.products.push(field.vector(4 * quads));
      this.inverses.push(field.vector(4 * quads));
    }
    this.bytes = field.memory.allocate(4 * this.words.length);
    // mcl takes x·2^261 for a number in its own form, R = 2^256, and gives x^-1·2^251
    this.correction = field.constant(1n << 271n);
  }

  /** @param out not the same as `a` @param quads a power of two @returns false, and nothing in `out`, where some number is 0 */
  invert(out: number, a: number, quads: number): boolean {
    const { mul } = this.field.functions;
    const top = Math.log2(quads);
    const factors = (level: number) => (level === top ? a : (this.products[level] ?? 0));
    const inverses = (level: number) => (level === top ? out : (this.inverses[level] ?? 0));
    for (let level = top; level > 0; level -= 1) {
      const half = 1 << (level - 1);
      mul(this.products[level - 1] ?? 0, factors(level), factors(level) + half * QUAD_BYTES, half);
    }
    if (!this.invertQuad(inverses(0), factors(0))) return false;
    for (let level = 1; level <= top; level += 1) {
      const half = 1 << (level - 1);
      mul(inverses(level), inverses(level - 1), factors(level) + half * QUAD_BYTES, half);
      mul(inverses(level) + half * QUAD_BYTES, inverses(level - 1), factors(level), half);
    }
    return true;
  }

  private invertQuad(out: number, a: number): boolean {
    const { functions, memory } = this.field;
    functions.reduce(out, a, 1);
    for (let i = 0; i < 4; i += 1) {
      if (this.field.isZero(out, i)) return false;
      this.field.toWords(out, i, this.words, WORDS * i);
    }
    const bytes = new Uint8Array(this.words.buffer);
    this.curve.invertBase(bytes);
    memory.write(this.bytes, bytes);
    functions.unpack(out, this.bytes, 4 * WORDS, 1);
    functions.mul(out, out, this.correction, 1);
    return true;
  }
}
