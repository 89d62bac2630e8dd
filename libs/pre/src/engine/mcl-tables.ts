/**
 * Powers of fixed bases on mcl. Lookups depend on the scalar: used for per-message scalars only, see docs/pre.md on timing.
 */
import { PreError } from '../errors.js';
import type { G1_BYTES, G2_BYTES, Scalar, ScalarField } from './engine.js';
import { ABS_X } from './mcl-frobenius.js';
import { type MclMemory, TARGET } from './mcl-memory.js';
import type { MclModule } from './mcl-module.js';
import { buildTable, signedDigits, tableIndex, type Windows, windowsOf } from './windows.js';

/** What mcl offers on one of the curves. */
export interface PointOperations {
  readonly bytes: typeof G1_BYTES | typeof G2_BYTES;
  /** Bytes of mcl's representation. */
  readonly size: number;
  readonly name: 'G1' | 'G2';
  readonly generator: Uint8Array;
  readonly deserialize: MclModule['_mclBnG1_deserialize'];
  readonly serialize: MclModule['_mclBnG1_serialize'];
  readonly inSubgroup: MclModule['_mclBnG1_isValidOrder'];
  readonly isZero: MclModule['_mclBnG1_isZero'];
  readonly isEqual: MclModule['_mclBnG1_isEqual'];
  readonly add: MclModule['_mclBnG1_add'];
  readonly sub: MclModule['_mclBnG1_sub'];
  readonly neg: MclModule['_mclBnG1_neg'];
  readonly mul: MclModule['_mclBnG1_mul'];
  readonly mulSecret: MclModule['_mclBnG1_mulCT'];
  readonly normalizeVec: MclModule['_mclBnG1_normalizeVec'];
}

/** Windows of an owner's key, and of the scheme's own bases, whose tables are made once (1 MB in G1). */
const [SMALL, LARGE] = [windowsOf(8), windowsOf(9)];

/** @param resident for a base of the scheme itself: a larger table, inside the module's memory, which is never given back */
export function pointTable(
  module: MclModule,
  memory: MclMemory,
  scalars: ScalarField,
  on: PointOperations,
  base: Uint8Array,
  resident: boolean,
): (scalar: Scalar) => Uint8Array {
  const windows = resident ? LARGE : SMALL;
  const add = (x: Uint8Array, y: Uint8Array): Uint8Array => memory.binary(on.add, on.size, x, y);
  const entryAt = entries(module, memory, normalized(memory, on, buildTable(windows, base, add)), on.size, resident);
  return (scalar) => {
    const encoded = scalars.encode(scalar);
    const digits = signedDigits(windows, encoded);
    encoded.fill(0);
    // mcl's neutral element is all zero.
    memory.bytes.fill(0, memory.z, memory.z + on.size);
    digits.forEach((digit, window) => {
      if (digit === 0) return;
      const entry = entryAt(tableIndex(windows, window, Math.abs(digit)));
      if (digit > 0) on.add(memory.z, memory.z, entry);
      else on.sub(memory.z, memory.z, entry);
    });
    digits.fill(0);
    const result = memory.take(memory.z, on.size);
    memory.wipe();
    return result;
  };
}

/** @returns the address of a table's entry, which stays there (resident) or is copied into the slot y */
function entries(module: MclModule, memory: MclMemory, table: Uint8Array, size: number, resident: boolean): (index: number) => number {
  if (resident) {
    const start = module._malloc(table.length);
    if (start === 0) throw new PreError('pre/engine', 'mcl is out of memory', { bytes: table.length });
    memory.put(start, table);
    return (index) => start + index * size;
  }
  return (index) => {
    memory.put(memory.y, table.subarray(index * size, (index + 1) * size));
    return memory.y;
  };
}

/** Affine points make the additions that follow cheaper. */
function normalized(memory: MclMemory, on: PointOperations, points: readonly Uint8Array[]): Uint8Array {
  const length = points.length * on.size;
  return memory.withTemporary(length, (pointer) => {
    points.forEach((point, index) => memory.put(pointer + index * on.size, point));
    on.normalizeVec(pointer, pointer, points.length);
    return memory.take(pointer, length);
  });
}

/** The four digits of a scalar to the base |x| have 64 bits each: one table of 65 bits serves them all (3.5 MB). */
const PARTS = 4;
const TARGET_WINDOWS: Windows = windowsOf(11, 65);

/**
 * In GT α^p = α^x with x negative, so α^|x| = conj(α^p) =: ψ(α) costs next to nothing. With s = Σ s_i·|x|^i,
 * α^s = ψ(ψ(ψ(α^{s_3})·α^{s_2})·α^{s_1})·α^{s_0}.
 */
export function targetTable(
  module: MclModule,
  memory: MclMemory,
  scalars: ScalarField,
  frobenius: (element: number) => void,
  base: Uint8Array,
  resident: boolean,
): (scalar: Scalar) => Uint8Array {
  const powers = buildTable(TARGET_WINDOWS, base, (x, y) => memory.binary(module._mclBnGT_mul, TARGET, x, y));
  const table = new Uint8Array(powers.length * TARGET);
  powers.forEach((power, index) => table.set(power, index * TARGET));
  const entryAt = entries(module, memory, table, TARGET, resident);
  const one = memory.binary(module._mclBnGT_mul, TARGET, base, memory.unary(module._mclBnGT_inv, TARGET, base));

  const multiplyBy = (digit: number, window: number): void => {
    const entry = entryAt(tableIndex(TARGET_WINDOWS, window, Math.abs(digit)));
    // The inverse in GT is the conjugate.
    if (digit < 0) module._mclBnGT_inv(memory.y, entry);
    module._mclBnGT_mul(memory.z, memory.z, digit < 0 ? memory.y : entry);
  };
  return (scalar) => {
    const parts = baseX(scalars.encode(scalar));
    memory.put(memory.z, one);
    for (let part = PARTS - 1; part >= 0; part -= 1) {
      const digits = signedDigits(TARGET_WINDOWS, parts[part] as Uint8Array);
      digits.forEach((digit, window) => {
        if (digit !== 0) multiplyBy(digit, window);
      });
      digits.fill(0);
      if (part > 0) {
        frobenius(memory.z);
        module._mclBnGT_inv(memory.z, memory.z);
      }
    }
    const result = memory.take(memory.z, TARGET);
    memory.wipe();
    return result;
  };
}

/** @returns the digits to the base |x|, least significant first, 8 bytes each; below r there are four */
function baseX(encoded: Uint8Array): readonly Uint8Array[] {
  let rest = BigInt(`0x${Buffer.from(encoded).toString('hex')}`);
  encoded.fill(0);
  return Array.from({ length: PARTS }, () => {
    const digit = Buffer.alloc(8);
    digit.writeBigUInt64BE(rest % ABS_X);
    rest /= ABS_X;
    return digit;
  });
}
