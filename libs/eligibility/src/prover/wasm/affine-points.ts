import { type Coordinates, type CoordinateVector, from, isZeroAt, reduce } from './coordinates.js';
import { offsetOf, quadsFor } from './vector-field.js';

/** Additions that share one inversion; a power of two. Their vectors stay in the processor's cache. */
export const BATCH = 512;

/** No point: the sum of none, or infinity. */
export const NONE = -1;

/**
 * Points of a short Weierstrass curve y² = x³ + b in affine coordinates, by number, and sums of many of them. Additions
 * are made by the batch with one shared inversion: 5 multiplications and a squaring each beside a seventh for the
 * inversion's share, where Jacobian coordinates need 11.
 */
export class AffinePoints {
  readonly x: CoordinateVector;
  readonly y: CoordinateVector;
  /** Number of the next point that a sum makes. */
  private next = 0;
  private readonly left = new Int32Array(BATCH);
  private readonly right = new Int32Array(BATCH);
  private readonly target = new Int32Array(BATCH);
  private pending = 0;
  private nodes: Int32Array = new Int32Array(0);
  private readonly offsets: readonly [number, number];
  private readonly scratch: Readonly<Record<'x1' | 'y1' | 'x2' | 'y2' | 'run' | 'rise' | 'inverse' | 'ones', CoordinateVector>>;

  /** @param capacity points that are held at a time, those of sums under way included */
  constructor(
    private readonly coordinates: Coordinates,
    private readonly capacity: number,
  ) {
    const { field } = coordinates;
    this.x = coordinates.vector(capacity);
    this.y = coordinates.vector(capacity);
    this.offsets = [field.memory.allocate(4 * BATCH), field.memory.allocate(4 * BATCH)];
    const vector = () => coordinates.vector(BATCH);
    this.scratch = { x1: vector(), y1: vector(), x2: vector(), y2: vector(), run: vector(), rise: vector(), inverse: vector(), ones: vector() };
    for (let i = 0; i < BATCH; i += 1) this.scratch.ones.forEach((each, k) => field.write(each, i, k === 0 ? ONE % field.prime : 0n));
  }

  /** The points from number `first` on, a multiple of four, may be written over from now on. */
  discardFrom(first: number): void {
    this.next = first;
  }

  /**
   * Sums the points of each segment: `nodes` are numbers of points (or `NONE`), segment i those from starts[i] to
   * starts[i + 1]. Both are written over. @returns for each segment the number of its sum, or `NONE`
   */
  sums(nodes: Int32Array, starts: Int32Array): Int32Array {
    this.nodes = nodes;
    const segments = starts.length - 1;
    const lengths = new Int32Array(segments);
    for (let i = 0; i < segments; i += 1) lengths[i] = (starts[i + 1] ?? 0) - (starts[i] ?? 0);
    for (let more = true; more; ) {
      more = false;
      for (let i = 0; i < segments; i += 1) {
        const length = this.addPairs(starts[i] ?? 0, lengths[i] ?? 0);
        lengths[i] = length;
        if (length > 1) more = true;
      }
      this.flush();
    }
    // a last addition may have given infinity
    return Int32Array.from(lengths, (length, i) => (length === 0 ? NONE : (nodes[starts[i] ?? 0] ?? NONE)));
  }

  /** Pairs up the points of a segment; sums take the places of its beginning. @returns how many there are then */
  private addPairs(start: number, length: number): number {
    const { nodes } = this;
    let written = start;
    let waiting = NONE;
    for (let i = start; i < start + length; i += 1) {
      const node = nodes[i] ?? NONE;
      if (node === NONE) continue;
      if (waiting === NONE) {
        waiting = node;
        continue;
      }
      this.add(waiting, node, written);
      written += 1;
      waiting = NONE;
    }
    if (waiting !== NONE) {
      nodes[written] = waiting;
      written += 1;
    }
    return written - start;
  }

  private add(left: number, right: number, target: number): void {
    this.left[this.pending] = left;
    this.right[this.pending] = right;
    this.target[this.pending] = target;
    this.pending += 1;
    if (this.pending === BATCH) this.flush();
  }

  /** Makes the additions that are pending. Their sums get the next numbers. */
  private flush(): void {
    const count = this.pending;
    if (count === 0) return;
    this.pending = 0;
    if (this.next + count > this.capacity) throw new RangeError('more points than there is room for');
    let quads = 1;
    while (4 * quads < count) quads *= 2;
    // lanes that are not used repeat the first addition
    for (let i = count; i < 4 * quads; i += 1) {
      this.left[i] = this.left[0] ?? 0;
      this.right[i] = this.right[0] ?? 0;
    }
    const infinite = this.addBatch(quads, quadsFor(count));
    for (let i = 0; i < count; i += 1) this.nodes[this.target[i] ?? 0] = infinite.has(i) ? NONE : this.next + i;
    this.next += 4 * quadsFor(count);
  }

  /** @returns the additions whose sum is infinity */
  private addBatch(quads: number, outQuads: number): ReadonlySet<number> {
    const { coordinates, scratch } = this;
    const { x1, y1, x2, y2, run, rise, inverse } = scratch;
    this.gather(x1, y1, this.left, this.offsets[0], quads);
    this.gather(x2, y2, this.right, this.offsets[1], quads);
    coordinates.sub(run, x2, x1, quads);
    coordinates.sub(rise, y2, y1, quads);
    let infinite: ReadonlySet<number> = new Set();
    if (!coordinates.invert(inverse, run, quads)) {
      infinite = this.treatEqualX(4 * quads);
      if (!coordinates.invert(inverse, run, quads)) throw new Error('a slope has no inverse');
    }
    // λ = rise/run; x3 = λ² - x1 - x2, y3 = λ(x1 - x3) - y1
    const [x3, y3] = [from(this.x, this.next), from(this.y, this.next)];
    coordinates.mul(rise, rise, inverse, outQuads);
    coordinates.square(run, rise, outQuads);
    coordinates.sub(run, run, x1, outQuads);
    coordinates.sub(x3, run, x2, outQuads);
    coordinates.sub(run, x1, x3, outQuads);
    coordinates.mul(run, run, rise, outQuads);
    coordinates.sub(y3, run, y1, outQuads);
    return infinite;
  }

  private gather(x: CoordinateVector, y: CoordinateVector, points: Int32Array, list: number, quads: number): void {
    const { field } = this.coordinates;
    const { words } = field.memory;
    for (let i = 0; i < 4 * quads; i += 1) words[(list >> 2) + i] = offsetOf(points[i] ?? 0);
    x.forEach((out, k) => field.functions.gather(out, this.x[k] ?? 0, list, quads));
    y.forEach((out, k) => field.functions.gather(out, this.y[k] ?? 0, list, quads));
  }

  /**
   * Where x1 = x2 the slope is another: 3x²/2y where the points are the same, and none where they are opposite.
   * That is rare (equal elements of a key), so it costs what it costs. @returns the additions of opposite points
   */
  private treatEqualX(count: number): ReadonlySet<number> {
    const { coordinates, scratch } = this;
    const { field } = coordinates;
    const [vector, quads] = [() => coordinates.vector(count), quadsFor(count)];
    return field.memory.scoped(() => {
      const [twiceY, slope, runs, rises] = [vector(), vector(), vector(), vector()];
      coordinates.add(twiceY, scratch.y1, scratch.y1, quads);
      coordinates.square(rises, scratch.x1, quads);
      coordinates.add(slope, rises, rises, quads);
      coordinates.add(slope, slope, rises, quads);
      reduce(field, runs, scratch.run, count);
      reduce(field, rises, scratch.rise, count);
      const infinite = new Set<number>();
      for (let i = 0; i < count; i += 1) {
        if (!isZeroAt(field, runs, i)) continue;
        const same = isZeroAt(field, rises, i);
        if (!same) infinite.add(i);
        scratch.run.forEach((each, k) => field.copy(each, (same ? twiceY : scratch.ones)[k] ?? 0, i));
        if (same) scratch.rise.forEach((each, k) => field.copy(each, slope[k] ?? 0, i));
      }
      return infinite;
    });
  }
}

/** 1 in Montgomery form. */
const ONE = 1n << 261n;
