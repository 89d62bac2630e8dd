import { type Bn254, type Group, type Pointer } from '../../bn254.js';
import { AffinePoints, BATCH, NONE } from './affine-points.js';
import { BatchInverter } from './batch-inverter.js';
import { BaseCoordinates, type Coordinates, type CoordinateVector, ExtensionCoordinates } from './coordinates.js';
import { QUAD_BYTES } from './field-code.js';
import { offsetOf, quadsFor, type VectorField, WORDS } from './vector-field.js';

const NUMBER_BYTES = 4 * WORDS;
const SCALAR_BITS = 254;

/**
 * Σ sᵢ·Pᵢ by Pippenger's method: scalars are cut into signed digits, the points with the same digit of a window are
 * summed in its bucket, and the buckets weighed by their digit. Signed digits halve the buckets; digits 0 cost nothing,
 * so that a scalar which is a bit counts in one window only.
 */
export class MultiScalar {
  private readonly coordinates: Coordinates;
  private readonly group: Group;
  /** Into this module's Montgomery form from that of keys, and back. */
  private readonly inward: number;
  private readonly outward: number;

  constructor(field: VectorField, curve: Bn254, name: 'g1' | 'g2') {
    const inverter = new BatchInverter(field, curve, BATCH / 4);
    this.coordinates = name === 'g1' ? new BaseCoordinates(inverter) : new ExtensionCoordinates(inverter, BATCH / 4);
    this.group = curve.group(name);
    this.inward = field.constant(1n << 266n);
    this.outward = field.constant(1n << 256n);
  }

  /**
   * @param out where the sum goes, a point of the curve's memory
   * @param points affine, coordinates of 32 little-endian bytes in Montgomery form (R = 2^256), infinity all zero
   * @param scalars below the group order, eight 32-bit words each, the lowest first
   */
  multiply(out: Pointer, points: Uint8Array, scalars: Uint32Array): void {
    const { coordinates, group } = this;
    const count = scalars.length / WORDS;
    const bits = windowBits(count);
    const recoding = new SignedDigits(scalars, bits, infinite(points, count, 2 * coordinates.degree * NUMBER_BYTES));
    coordinates.field.memory.scoped(() => {
      const room = 4 * quadsFor(count);
      // points and their negatives; then sums: of a window, and of its buckets weighed, each batch rounded up to quads
      const table = new AffinePoints(coordinates, 2 * room + count + 4 * 2 ** bits + 4 * BATCH);
      this.load(table, points, count, room);
      const windows = Array.from({ length: recoding.windows }, () => {
        table.discardFrom(2 * room);
        return this.read(table, weighted(table, bucketSums(table, recoding.next(), room, 2 ** (bits - 1))));
      });
      group.clear(out);
      for (const [sum, ...byBit] of windows.toReversed()) {
        for (let bit = bits - 1; bit >= 0; bit -= 1) {
          group.double(out);
          this.add(out, byBit[bit]);
        }
        this.add(out, sum);
      }
    });
  }

  private add(sum: Pointer, coordinates: Uint8Array | undefined): void {
    if (coordinates !== undefined) this.group.addCoordinates(sum, coordinates);
  }

  /** Points with numbers from 0 on, and their negatives from `room` on. */
  private load(table: AffinePoints, points: Uint8Array, count: number, room: number): void {
    const { degree, field } = this.coordinates;
    const { functions, memory } = field;
    const stride = 2 * degree * NUMBER_BYTES;
    const quads = quadsFor(count);
    memory.scoped(() => {
      // room to read past the last point, whose quad may not be full
      const bytes = memory.allocate(4 * quads * stride);
      memory.write(bytes, points.subarray(0, count * stride));
      const zero = field.constant(0n);
      const load = (vector: CoordinateVector, first: number) =>
        vector.forEach((out, k) => {
          functions.unpack(out, bytes + (first + k) * NUMBER_BYTES, stride, quads);
          field.scale(out, out, this.inward, quads);
        });
      load(table.x, 0);
      load(table.y, degree);
      const negatives = (room / 4) * QUAD_BYTES;
      for (const x of table.x) memory.words.copyWithin((x + negatives) >> 2, x >> 2, (x + quads * QUAD_BYTES) >> 2);
      for (const y of table.y) for (let i = 0; i < quads; i += 1) functions.sub(y + negatives + i * QUAD_BYTES, zero, y + i * QUAD_BYTES, 1);
    });
  }

  /** Coordinates of points by number as `Group` takes them. */
  private read(table: AffinePoints, nodes: readonly number[]): (Uint8Array | undefined)[] {
    const { degree, field } = this.coordinates;
    return field.memory.scoped(() => {
      const quad = field.vector(4);
      return nodes.map((node) => {
        if (node === NONE) return undefined;
        const words = new Uint32Array(2 * degree * WORDS);
        [...table.x, ...table.y].forEach((vector, k) => {
          const start = vector + offsetOf(node & ~3);
          field.functions.mul(quad, start, this.outward, 1);
          field.functions.reduce(quad, quad, 1);
          field.toWords(quad, node & 3, words, k * WORDS);
        });
        return new Uint8Array(words.buffer);
      });
    });
  }
}

/** Bits of a window for a number of points: what costs least, a window's buckets counting for two additions each. */
export function windowBits(count: number): number {
  const cost = (bits: number) => Math.ceil((SCALAR_BITS + 1) / bits) * (count + 2 ** bits);
  let best = 2;
  for (let bits = 3; bits <= 16; bits += 1) if (cost(bits) < cost(best)) best = bits;
  return best;
}

/** Scalars as digits from -2^(bits-1) + 1 to 2^(bits-1), window after window from the lowest: Σ digit·2^(bits·window). */
export class SignedDigits {
  readonly windows: number;
  private window = 0;
  private readonly count: number;
  private readonly carries: Uint8Array;
  private readonly digits: Int32Array;

  /** @param without scalars that count as 0 */
  constructor(
    private readonly scalars: Uint32Array,
    private readonly bits: number,
    private readonly without: readonly number[] = [],
  ) {
    this.windows = Math.ceil((SCALAR_BITS + 1) / bits);
    this.count = scalars.length / WORDS;
    this.carries = new Uint8Array(this.count);
    this.digits = new Int32Array(this.count);
  }

  /** Digits of the next window, by scalar; the next call writes over them. */
  next(): Int32Array {
    const { scalars, bits, carries, digits, count } = this;
    const position = this.window * bits;
    const [word, shift] = [position >> 5, position & 31];
    const spills = shift + bits > 32 && word + 1 < WORDS;
    for (let i = 0; i < count; i += 1) {
      const low = (scalars[WORDS * i + word] ?? 0) >>> shift;
      const high = spills ? (scalars[WORDS * i + word + 1] ?? 0) << (32 - shift) : 0;
      const digit = ((low | high) & (2 ** bits - 1)) + (carries[i] ?? 0);
      const carry = digit > 2 ** (bits - 1) ? 1 : 0;
      carries[i] = carry;
      digits[i] = digit - (carry << bits);
    }
    for (const i of this.without) digits[i] = 0;
    this.window += 1;
    return digits;
  }
}

/** Which points are infinity. */
function infinite(points: Uint8Array, count: number, stride: number): number[] {
  const found: number[] = [];
  for (let i = 0; i < count; i += 1) {
    let position = i * stride;
    const end = position + stride;
    while (position < end && points[position] === 0) position += 1;
    if (position === end) found.push(i);
  }
  return found;
}

/** The sum of every digit's points, those of digit 1 first. Point i has number i, its negative `room` + i. */
function bucketSums(table: AffinePoints, digits: Int32Array, room: number, buckets: number): Int32Array {
  const starts = new Int32Array(buckets + 1);
  for (let i = 0; i < digits.length; i += 1) {
    const size = Math.abs(digits[i] ?? 0);
    starts[size] = (starts[size] ?? 0) + 1;
  }
  starts[0] = 0;
  for (let i = 1; i <= buckets; i += 1) starts[i] = (starts[i] ?? 0) + (starts[i - 1] ?? 0);
  const nodes = new Int32Array(starts[buckets] ?? 0);
  const next = starts.slice();
  for (let i = 0; i < digits.length; i += 1) {
    const digit = digits[i] ?? 0;
    if (digit === 0) continue;
    const bucket = Math.abs(digit) - 1;
    nodes[next[bucket] ?? 0] = digit > 0 ? i : room + i;
    next[bucket] = (next[bucket] ?? 0) + 1;
  }
  return table.sums(nodes, starts);
}

/**
 * Σ (i+1)·bucketᵢ as Σ bucketᵢ and, for every bit j, the sum of the buckets whose i has that bit (to be weighed by 2^j).
 * The buckets are folded by halves: the upper half's sum belongs to the top bit, and each of its buckets is added to the
 * one below that differs in that bit alone. Two additions a bucket.
 * @returns the sum of all, then the sums for bits 0, 1, …
 */
function weighted(table: AffinePoints, buckets: Int32Array): number[] {
  const uppers: Int32Array[] = [];
  let folded = buckets;
  while (folded.length > 1) {
    const half = folded.length / 2;
    uppers.unshift(folded.slice(half));
    const pairs = Int32Array.from(folded, (_, i) => folded[(i >> 1) + (i & 1) * half] ?? NONE);
    folded = table.sums(pairs, Int32Array.from({ length: half + 1 }, (_, i) => 2 * i));
  }
  const starts = new Int32Array(uppers.length + 1);
  uppers.forEach((upper, i) => {
    starts[i + 1] = (starts[i] ?? 0) + upper.length;
  });
  const nodes = new Int32Array(starts[uppers.length] ?? 0);
  uppers.forEach((upper, i) => {
    nodes.set(upper, starts[i] ?? 0);
  });
  return [folded[0] ?? NONE, ...table.sums(nodes, starts)];
}
