import { CurveMemory, FIELD_ORDER as R, FR_BYTES, toLittleEndian } from './curve-memory.js';
import { type R1cs, visitTerms } from './r1cs.js';

const mod = (value: bigint): bigint => ((value % R) + R) % R;
const MONTGOMERY = (1n << 256n) % R;

export function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  let square = base;
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % R;
    square = (square * square) % R;
  }
  return result;
}

export const inverse = (value: bigint): bigint => power(mod(value), R - 2n);

/** The root of unity of order 2^log that snarkjs uses: 5 is the least non-residue. */
export const rootOfUnity = (order: number): bigint => power(5n, (R - 1n) / BigInt(order));

/** Smallest power of two that takes the constraints and a row for each public input. */
export function domainSizeOf(r1cs: R1cs): number {
  let size = 1;
  while (size < r1cs.constraints + r1cs.publicInputs + 1) size *= 2;
  return size;
}

/** Lagrange polynomials of the points shift·ω^i (i < count) among the roots of x^order = 1, at τ. */
export function lagrangeAt(tau: bigint, order: number, first: bigint, step: bigint, count: number): bigint[] {
  const scale = mod((power(tau, BigInt(order)) - 1n) * inverse(BigInt(order)));
  const points: bigint[] = [];
  for (let i = 0, x = first; i < count; i += 1, x = (x * step) % R) points.push(x);
  const inverses = batchInverse(points.map((x) => mod(tau - x)));
  return points.map((x, i) => (((scale * x) % R) * (inverses[i] ?? 0n)) % R);
}

function batchInverse(values: readonly bigint[]): bigint[] {
  const prefix: bigint[] = [1n];
  for (const value of values) prefix.push(((prefix[prefix.length - 1] ?? 1n) * value) % R);
  let rest = inverse(prefix[values.length] ?? 1n);
  const out: bigint[] = Array.from({ length: values.length }, () => 0n);
  for (let i = values.length - 1; i >= 0; i -= 1) {
    out[i] = (rest * (prefix[i] ?? 1n)) % R;
    rest = (rest * (values[i] ?? 1n)) % R;
  }
  return out;
}

/** The polynomials of the constraint system at τ, one 32-byte little-endian scalar a wire, and the zkey's coefficients. */
export interface QapAtTau {
  readonly u: Uint8Array;
  readonly v: Uint8Array;
  /** β·u + α·v + w */
  readonly k: Uint8Array;
  /** Section 4 of a zkey: matrices A and B, coefficients times R². */
  readonly coefficients: Uint8Array;
}

/**
 * Evaluates the QAP at τ. All arithmetic runs in WebAssembly: a coefficient as circom wrote it times a Lagrange value
 * in Montgomery form is their plain product.
 */
export function evaluateQap(r1cs: R1cs, secrets: { tau: bigint; alpha: bigint; beta: bigint }): QapAtTau {
  const domainSize = domainSizeOf(r1cs);
  const rows = r1cs.constraints + r1cs.publicInputs + 1;
  const memory = new CurveMemory(r1cs.body.length + (domainSize + 4 * r1cs.wires + 16) * FR_BYTES);
  const f = memory.functions;
  const scalar = (value: bigint) => {
    const pointer = memory.allocate(FR_BYTES);
    memory.write(pointer, toLittleEndian(value));
    return pointer;
  };
  const lagrange = memory.allocate(domainSize * FR_BYTES);
  lagrangeAt(secrets.tau, domainSize, 1n, rootOfUnity(domainSize), rows).forEach((value, i) =>
    memory.write(lagrange + i * FR_BYTES, toLittleEndian((value * MONTGOMERY) % R)),
  );
  const body = memory.allocate(r1cs.body.length);
  memory.write(body, r1cs.body);
  const sums = ([0, 1, 2] as const).map(() => memory.allocate(r1cs.wires * FR_BYTES));
  const sumOf = (matrix: 0 | 1 | 2, wire: number) => (sums[matrix] ?? 0) + wire * FR_BYTES;
  const product = memory.allocate(FR_BYTES);
  const cube = scalar(power(MONTGOMERY, 3n));
  const one = scalar(1n);

  const coefficients = new CoefficientWriter(r1cs);
  const add = (matrix: 0 | 1 | 2, row: number, wire: number, coefficient: number) => {
    f.frm_mul(coefficient, lagrange + row * FR_BYTES, product);
    f.frm_add(sumOf(matrix, wire), product, sumOf(matrix, wire));
    if (matrix === 2) return;
    f.frm_mul(coefficient, cube, product);
    coefficients.push(matrix, row, wire, memory.read(product, FR_BYTES));
  };
  visitTerms(r1cs, (matrix, row, wire, offset) => add(matrix, row, wire, body + offset));
  // a row for each public wire keeps the inputs apart even where no constraint speaks of them
  for (let wire = 0; wire <= r1cs.publicInputs; wire += 1) add(0, r1cs.constraints + wire, wire, one);

  const alpha = scalar((secrets.alpha * MONTGOMERY) % R);
  const beta = scalar((secrets.beta * MONTGOMERY) % R);
  const k = memory.allocate(r1cs.wires * FR_BYTES);
  for (let wire = 0; wire < r1cs.wires; wire += 1) {
    const out = k + wire * FR_BYTES;
    f.frm_mul(sumOf(0, wire), beta, out);
    f.frm_mul(sumOf(1, wire), alpha, product);
    f.frm_add(out, product, out);
    f.frm_add(out, sumOf(2, wire), out);
  }
  const whole = (pointer: number) => memory.read(pointer, r1cs.wires * FR_BYTES);
  return { u: whole(sumOf(0, 0)), v: whole(sumOf(1, 0)), k: whole(k), coefficients: coefficients.finish() };
}

class CoefficientWriter {
  private readonly bytes: Uint8Array;
  private readonly view: DataView;
  private count = 0;

  constructor(r1cs: R1cs) {
    let terms = r1cs.publicInputs + 1;
    visitTerms(r1cs, (matrix) => {
      if (matrix < 2) terms += 1;
    });
    this.bytes = new Uint8Array(4 + terms * (12 + FR_BYTES));
    this.view = new DataView(this.bytes.buffer);
  }

  push(matrix: number, row: number, wire: number, coefficient: Uint8Array): void {
    const position = 4 + this.count * (12 + FR_BYTES);
    this.view.setUint32(position, matrix, true);
    this.view.setUint32(position + 4, row, true);
    this.view.setUint32(position + 8, wire, true);
    this.bytes.set(coefficient, position + 12);
    this.count += 1;
  }

  finish(): Uint8Array {
    this.view.setUint32(0, this.count, true);
    return this.bytes;
  }
}

/** Multiplies every scalar by a constant. */
export function scaleAll(scalars: Uint8Array, factor: bigint): Uint8Array {
  const memory = new CurveMemory(scalars.length + 2 * FR_BYTES);
  const pointer = memory.allocate(scalars.length);
  const by = memory.allocate(FR_BYTES);
  memory.write(pointer, scalars);
  memory.write(by, toLittleEndian((factor * MONTGOMERY) % R));
  for (let i = 0; i < scalars.length; i += FR_BYTES) memory.functions.frm_mul(pointer + i, by, pointer + i);
  return memory.read(pointer, scalars.length);
}
