import { CurveMemory, FR_BYTES } from './curve-memory.js';

export type Group = 'g1' | 'g2';

const COORDINATE = { g1: 32, g2: 64 } as const;
export const affineBytes = (group: Group): number => 2 * COORDINATE[group];
const jacobianBytes = (group: Group): number => 3 * COORDINATE[group];

const WINDOW_BITS = 11;
const WINDOWS = Math.ceil(254 / WINDOW_BITS);
const ENTRIES = 1 << WINDOW_BITS;

/** Scalars that one call takes. */
export const MAX_BATCH = 4096;

/**
 * Multiples of the generator of a group by many scalars. With d·2^(11k)·G precomputed for every digit d of every
 * window k, a multiplication is at most 24 additions.
 */
export class FixedBase {
  private readonly memory: CurveMemory;
  private readonly table: number;
  private readonly results: number;

  constructor(private readonly group: Group) {
    const tableBytes = WINDOWS * ENTRIES * affineBytes(group);
    this.memory = new CurveMemory(tableBytes + ENTRIES * jacobianBytes(group) * 2 + MAX_BATCH * jacobianBytes(group) * 2);
    this.table = this.memory.allocate(tableBytes);
    this.fillTable();
    this.results = this.memory.allocate(MAX_BATCH * jacobianBytes(group));
  }

  /** @param scalars `count` × 32 bytes, little-endian, below the group order; @returns affine points in Montgomery form */
  multiply(scalars: Uint8Array): Uint8Array {
    const count = scalars.length / FR_BYTES;
    if (count > MAX_BATCH) throw new RangeError(`at most ${MAX_BATCH} scalars at a time`);
    const { zero, addMixed, toAffine } = this.operations();
    for (let i = 0; i < count; i += 1) {
      const out = this.results + i * jacobianBytes(this.group);
      zero(out);
      const digits = digitsOf(scalars.subarray(i * FR_BYTES, (i + 1) * FR_BYTES));
      for (const [window, digit] of digits.entries()) {
        if (digit > 0) addMixed(out, this.entry(window, digit), out);
      }
    }
    toAffine(this.results, count, this.results);
    return this.memory.read(this.results, count * affineBytes(this.group));
  }

  private fillTable(): void {
    const { memory, group } = this;
    const { copy, zero, double, add, toAffine } = this.operations();
    const row = memory.allocate(ENTRIES * jacobianBytes(group));
    const base = memory.allocate(jacobianBytes(group));
    copy(memory.generators[group], base);
    for (let window = 0; window < WINDOWS; window += 1) {
      zero(row);
      for (let digit = 1; digit < ENTRIES; digit += 1) {
        add(row + (digit - 1) * jacobianBytes(group), base, row + digit * jacobianBytes(group));
      }
      toAffine(row, ENTRIES, this.entry(window, 0));
      for (let bit = 0; bit < WINDOW_BITS; bit += 1) double(base, base);
    }
  }

  private entry(window: number, digit: number): number {
    return this.table + (window * ENTRIES + digit) * affineBytes(this.group);
  }

  private operations() {
    const f = this.memory.functions;
    return this.group === 'g1'
      ? { copy: f.g1m_copy, zero: f.g1m_zero, double: f.g1m_double, add: f.g1m_add, addMixed: f.g1m_addMixed, toAffine: f.g1m_batchToAffine }
      : { copy: f.g2m_copy, zero: f.g2m_zero, double: f.g2m_double, add: f.g2m_add, addMixed: f.g2m_addMixed, toAffine: f.g2m_batchToAffine };
  }
}

function digitsOf(scalar: Uint8Array): number[] {
  const at = (i: number) => scalar[i] ?? 0;
  return Array.from({ length: WINDOWS }, (_, window) => {
    const bit = window * WINDOW_BITS;
    const byte = bit >> 3;
    return ((at(byte) | (at(byte + 1) << 8) | (at(byte + 2) << 16)) >> (bit & 7)) & (ENTRIES - 1);
  });
}
