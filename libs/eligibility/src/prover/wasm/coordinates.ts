import { type BatchInverter } from './batch-inverter.js';
import { QUAD_BYTES } from './field-code.js';
import { quadsFor, type VectorField } from './vector-field.js';

/** A vector of coordinates: one vector over Fp, or two over Fp2, real parts first. */
export type CoordinateVector = readonly [number] | readonly [number, number];

/** Arithmetic on vectors of coordinates, of G1 over Fp and of G2 over Fp2. `quads` is at least 1; outputs may be inputs. */
export interface Coordinates {
  readonly degree: 1 | 2;
  readonly field: VectorField;
  vector(elements: number): CoordinateVector;
  add(out: CoordinateVector, a: CoordinateVector, b: CoordinateVector, quads: number): void;
  sub(out: CoordinateVector, a: CoordinateVector, b: CoordinateVector, quads: number): void;
  mul(out: CoordinateVector, a: CoordinateVector, b: CoordinateVector, quads: number): void;
  square(out: CoordinateVector, a: CoordinateVector, quads: number): void;
  /** @param out not the same as `a` @param quads a power of two @returns false, and nothing in `out`, where some number is 0 */
  invert(out: CoordinateVector, a: CoordinateVector, quads: number): boolean;
}

/** Coordinates from element `first` on, a multiple of four. */
export const from = (vector: CoordinateVector, first: number): CoordinateVector => {
  const bytes = QUAD_BYTES * (first >> 2);
  return vector.length === 1 ? [vector[0] + bytes] : [vector[0] + bytes, vector[1] + bytes];
};

export class BaseCoordinates implements Coordinates {
  readonly degree = 1;
  readonly field: VectorField;

  constructor(private readonly inverter: BatchInverter) {
    this.field = inverter.field;
  }

  vector(elements: number): CoordinateVector {
    return [this.field.vector(elements)];
  }

  add([out]: CoordinateVector, [a]: CoordinateVector, [b]: CoordinateVector, quads: number): void {
    this.field.functions.add(out, a, b, quads);
  }

  sub([out]: CoordinateVector, [a]: CoordinateVector, [b]: CoordinateVector, quads: number): void {
    this.field.functions.sub(out, a, b, quads);
  }

  mul([out]: CoordinateVector, [a]: CoordinateVector, [b]: CoordinateVector, quads: number): void {
    this.field.functions.mul(out, a, b, quads);
  }

  square([out]: CoordinateVector, [a]: CoordinateVector, quads: number): void {
    this.field.functions.mul(out, a, a, quads);
  }

  invert([out]: CoordinateVector, [a]: CoordinateVector, quads: number): boolean {
    return this.inverter.invert(out, a, quads);
  }
}

/** Fp2 = Fp[u] / (u² + 1). */
export class ExtensionCoordinates implements Coordinates {
  readonly degree = 2;
  readonly field: VectorField;
  private readonly scratch: readonly [number, number, number];
  private readonly zero: number;

  /** @param capacity quads of the longest vector */
  constructor(
    private readonly inverter: BatchInverter,
    capacity: number,
  ) {
    this.field = inverter.field;
    const scratch = () => this.field.vector(4 * capacity);
    this.scratch = [scratch(), scratch(), scratch()];
    this.zero = scratch();
    for (let i = 0; i < 4 * capacity; i += 1) this.field.write(this.zero, i, 0n);
  }

  vector(elements: number): CoordinateVector {
    return [this.field.vector(elements), this.field.vector(elements)];
  }

  add(out: CoordinateVector, a: CoordinateVector, b: CoordinateVector, quads: number): void {
    for (const i of [0, 1] as const) this.field.functions.add(part(out, i), part(a, i), part(b, i), quads);
  }

  sub(out: CoordinateVector, a: CoordinateVector, b: CoordinateVector, quads: number): void {
    for (const i of [0, 1] as const) this.field.functions.sub(part(out, i), part(a, i), part(b, i), quads);
  }

  /** Karatsuba: three multiplications. */
  mul(out: CoordinateVector, a: CoordinateVector, b: CoordinateVector, quads: number): void {
    const f = this.field.functions;
    const [real, imaginary, mixed] = this.scratch;
    f.add(real, a[0], part(a, 1), quads);
    f.add(imaginary, b[0], part(b, 1), quads);
    f.mul(mixed, real, imaginary, quads);
    f.mul(real, a[0], b[0], quads);
    f.mul(imaginary, part(a, 1), part(b, 1), quads);
    f.sub(out[0], real, imaginary, quads);
    f.sub(mixed, mixed, real, quads);
    f.sub(part(out, 1), mixed, imaginary, quads);
  }

  /** (a + b)(a - b) and 2ab. */
  square(out: CoordinateVector, a: CoordinateVector, quads: number): void {
    const f = this.field.functions;
    const [sum, difference, product] = this.scratch;
    f.add(sum, a[0], part(a, 1), quads);
    f.sub(difference, a[0], part(a, 1), quads);
    f.mul(product, a[0], part(a, 1), quads);
    f.mul(out[0], sum, difference, quads);
    f.add(part(out, 1), product, product, quads);
  }

  /** 1/(a + bu) = (a - bu)/(a² + b²): the norm is 0 for 0 alone. */
  invert(out: CoordinateVector, a: CoordinateVector, quads: number): boolean {
    const f = this.field.functions;
    const [norm, square] = this.scratch;
    f.mul(norm, a[0], a[0], quads);
    f.mul(square, part(a, 1), part(a, 1), quads);
    f.add(norm, norm, square, quads);
    if (!this.inverter.invert(square, norm, quads)) return false;
    f.mul(out[0], a[0], square, quads);
    f.mul(part(out, 1), part(a, 1), square, quads);
    f.sub(part(out, 1), this.zero, part(out, 1), quads);
    return true;
  }
}

export const part = (vector: CoordinateVector, i: 0 | 1): number => (i === 1 && vector.length === 2 ? vector[1] : vector[0]);

/** Whether coordinate i of a reduced vector is 0. */
export const isZeroAt = (field: VectorField, vector: CoordinateVector, i: number): boolean => vector.every((each) => field.isZero(each, i));

export function reduce(field: VectorField, out: CoordinateVector, a: CoordinateVector, elements: number): void {
  for (const i of [0, 1] as const) if (i < out.length) field.functions.reduce(part(out, i), part(a, i), quadsFor(elements));
}
