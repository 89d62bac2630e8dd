import { type FieldFunctions, fieldModule, LIMB_BITS, LIMBS, limbsOf, QUAD_BYTES } from './field-code.js';

const PAGE = 65_536;
/** Words of a number as others store it: 256 bits, the lowest first. */
export const WORDS = 8;

const MONTGOMERY = 1n << 261n;

/** Memory that several fields compute in, given out from the bottom up. */
export class VectorMemory {
  readonly memory = new WebAssembly.Memory({ initial: 16 });
  private next = 16;
  private view = new Uint32Array(this.memory.buffer);

  /** All of the memory as 32-bit words. A later `allocate` may replace it. */
  get words(): Uint32Array {
    return this.view;
  }

  /** @returns an offset, a multiple of 16; what stands there is undefined */
  allocate(bytes: number): number {
    const pointer = this.next;
    this.next += Math.ceil(bytes / 16) * 16;
    const missing = this.next - this.memory.buffer.byteLength;
    if (missing > 0) {
      // some more than is asked for: growing copies
      this.memory.grow(Math.ceil(missing / PAGE) + 64);
      this.view = new Uint32Array(this.memory.buffer);
    }
    return pointer;
  }

  /** Gives back, when `work` is done, all that it allocated. */
  scoped<T>(work: () => T): T {
    const mark = this.next;
    try {
      return work();
    } finally {
      this.next = mark;
    }
  }

  write(pointer: number, bytes: Uint8Array): void {
    new Uint8Array(this.memory.buffer).set(bytes, pointer);
  }
}

/** Quads that a number of elements takes. */
export const quadsFor = (elements: number): number => Math.ceil(elements / 4);

/** Where number i of a vector stands, in bytes from the vector's beginning. */
export const offsetOf = (i: number): number => QUAD_BYTES * (i >> 2) + 4 * (i & 3);

/** Vectors over one prime field (`field-code.ts`): R = 2^261, numbers in [0, 2p). */
export class VectorField {
  readonly functions: FieldFunctions;

  constructor(
    readonly memory: VectorMemory,
    readonly prime: bigint,
  ) {
    const instance = new WebAssembly.Instance(new WebAssembly.Module(fieldModule(prime)), { env: { memory: memory.memory } });
    this.functions = instance.exports as unknown as FieldFunctions;
  }

  vector(elements: number): number {
    return this.memory.allocate(QUAD_BYTES * quadsFor(elements));
  }

  /** A quad with the same value, as it is, in all four places. */
  constant(value: bigint): number {
    const quad = this.vector(4);
    for (let i = 0; i < 4; i += 1) this.write(quad, i, value % this.prime);
    return quad;
  }

  /** out = a · constant for a whole vector. */
  scale(out: number, a: number, constant: number, quads: number): void {
    for (let i = 0; i < quads; i += 1) this.functions.mul(out + i * QUAD_BYTES, a + i * QUAD_BYTES, constant, 1);
  }

  /** first, first·step, first·step², …: a quad by itself, then the vector doubled until it is full. @param quads a power of two */
  powers(vector: number, first: bigint, step: bigint, quads: number): void {
    for (let i = 0, value = first; i < 4; i += 1, value = (value * step) % this.prime) this.write(vector, i, (value * MONTGOMERY) % this.prime);
    let stride = step ** 4n % this.prime;
    for (let filled = 1; filled < quads; filled *= 2) {
      this.memory.scoped(() => {
        this.scale(vector + filled * QUAD_BYTES, vector, this.constant(stride * MONTGOMERY), filled);
      });
      stride = stride ** 2n % this.prime;
    }
  }

  write(vector: number, i: number, value: bigint): void {
    const { words } = this.memory;
    limbsOf(value).forEach((limb, k) => {
      words[(vector + offsetOf(i) + 16 * k) >> 2] = limb;
    });
  }

  /** Copies number i of a vector to the same place of another. */
  copy(out: number, from: number, i: number): void {
    const { words } = this.memory;
    for (let k = 0; k < LIMBS; k += 1) words[(out + offsetOf(i) + 16 * k) >> 2] = words[(from + offsetOf(i) + 16 * k) >> 2] ?? 0;
  }

  /** Writes number i of a vector, as it is, as eight 32-bit words. */
  toWords(vector: number, i: number, out: Uint32Array, position: number): void {
    const { words } = this.memory;
    const start = (vector + offsetOf(i)) >> 2;
    let pending = 0;
    let bits = 0;
    let written = position;
    for (let k = 0; k < LIMBS; k += 1) {
      const limb = words[start + 4 * k] ?? 0;
      pending |= limb << bits;
      if (bits + LIMB_BITS >= 32 && written < position + WORDS) {
        out[written] = pending;
        written += 1;
        pending = limb >>> (32 - bits);
        bits -= 32 - LIMB_BITS;
      } else bits += LIMB_BITS;
    }
    if (written < position + WORDS) out[written] = pending;
  }

  /** Whether number i of a vector is 0 modulo p; the vector must be reduced. */
  isZero(vector: number, i: number): boolean {
    const { words } = this.memory;
    const start = (vector + offsetOf(i)) >> 2;
    for (let k = 0; k < LIMBS; k += 1) if (words[start + 4 * k] !== 0) return false;
    return true;
  }
}
