import { QUAD_BYTES } from './field-code.js';
import { COEFFICIENT_BYTES, type ProvingKey } from './proving-key.js';
import { Transform } from './transform.js';
import { offsetOf, quadsFor, type VectorField, WORDS } from './vector-field.js';

/** Coefficients of the constraint system worked on at a time. */
const CHUNK = 1024;

/**
 * The quotient polynomial of Groth16: with A, B, C the polynomials whose values at the roots of unity are the
 * constraints' sides, A·B - C vanishes there, and its values at the odd roots of the domain of twice the size say what it
 * is. The key's `h` points are the Lagrange polynomials of these odd roots, times what divides by the vanishing polynomial.
 */
export class Quotient {
  private readonly field: VectorField;
  private readonly transform: Transform;
  private readonly a: number;
  private readonly b: number;
  private readonly c: number;
  private readonly wires: number;
  private readonly chunk: number;
  private readonly gathered: number;
  private readonly rows: number;
  private readonly columns: number;
  private readonly bytes: number;
  private readonly inward: number;
  private readonly one: number;

  constructor(
    field: VectorField,
    private readonly key: ProvingKey,
  ) {
    this.field = field;
    const { domainSize, wires } = key;
    this.transform = new Transform(field, domainSize);
    [this.a, this.b, this.c] = [field.vector(domainSize), field.vector(domainSize), field.vector(domainSize)];
    this.wires = field.vector(wires);
    [this.chunk, this.gathered] = [field.vector(CHUNK), field.vector(CHUNK)];
    [this.rows, this.columns] = [field.memory.allocate(4 * CHUNK), field.memory.allocate(4 * CHUNK)];
    this.bytes = field.memory.allocate(CHUNK * COEFFICIENT_BYTES);
    // a coefficient stands in the key times 2^512: with the wire times 2^10 their Montgomery product is that of the values, times 2^261
    this.inward = field.constant(1n << 271n);
    this.one = field.constant(1n);
  }

  /** @param witness eight words a wire @returns the values at the odd roots, eight words each, below r */
  evaluate(witness: Uint32Array): Uint32Array {
    const { field, key, transform, a, b, c } = this;
    const { mul, sub, reduce } = field.functions;
    const quads = key.domainSize / 4;
    this.loadWires(witness);
    this.applyConstraints();
    mul(c, a, b, quads);
    for (const polynomial of [a, b, c]) transform.toOddRoots(polynomial);
    mul(a, a, b, quads);
    sub(a, a, c, quads);
    field.scale(a, a, this.one, quads);
    reduce(a, a, quads);
    const out = new Uint32Array(new SharedArrayBuffer(key.domainSize * 4 * WORDS));
    for (let i = 0; i < key.domainSize; i += 1) field.toWords(a, i, out, WORDS * i);
    return out;
  }

  private loadWires(witness: Uint32Array): void {
    const { field, key } = this;
    const quads = quadsFor(key.wires);
    field.memory.scoped(() => {
      const bytes = field.memory.allocate(4 * quads * 4 * WORDS);
      field.memory.words.set(witness, bytes >> 2);
      field.functions.unpack(this.wires, bytes, 4 * WORDS, quads);
    });
    field.scale(this.wires, this.wires, this.inward, quads);
  }

  /** The values of A and B: each coefficient times its wire, added to its row. */
  private applyConstraints(): void {
    const { field, key, a, b } = this;
    const { words } = field.memory;
    for (const vector of [a, b]) words.fill(0, vector >> 2, (vector + (key.domainSize / 4) * QUAD_BYTES) >> 2);
    const count = key.coefficients.length / COEFFICIENT_BYTES;
    for (let first = 0; first < count; first += CHUNK) this.applyChunk(first, Math.min(CHUNK, count - first));
  }

  private applyChunk(first: number, count: number): void {
    const { field, key, a, b, chunk, gathered } = this;
    const { unpack, gather, mul, scatterAdd } = field.functions;
    const { memory } = field;
    const { words } = memory;
    const quads = quadsFor(count);
    const distance = b - a;
    memory.write(this.bytes, key.coefficients.subarray(first * COEFFICIENT_BYTES, (first + count) * COEFFICIENT_BYTES));
    for (let i = 0; i < 4 * quads; i += 1) {
      const entry = (this.bytes + i * COEFFICIENT_BYTES) >> 2;
      // what fills the last quad is added to a place that nothing reads
      const used = i < count;
      const [matrix, row, wire] = used ? [words[entry] ?? 0, words[entry + 1] ?? 0, words[entry + 2] ?? 0] : [0, 0, 0];
      if (matrix > 1 || row >= key.domainSize || wire >= key.wires) throw new Error('a coefficient of the proving key lies outside its matrices');
      words[(this.rows >> 2) + i] = used ? matrix * distance + offsetOf(row) : this.gathered - a;
      words[(this.columns >> 2) + i] = offsetOf(wire);
    }
    unpack(chunk, this.bytes + 12, COEFFICIENT_BYTES, quads);
    gather(gathered, this.wires, this.columns, quads);
    mul(chunk, chunk, gathered, quads);
    scatterAdd(a, this.rows, chunk, quads);
  }
}
