import { assemble, I32, V128, WasmFunction } from './assembler.js';

/**
 * WebAssembly for vectors over a prime field of at most 254 bits. A number stands as nine limbs of 29 bits, four numbers
 * ("a quad", 144 bytes) side by side: limb k of number i of a quad is the 32-bit word at 16·k + 4·i. So one SIMD
 * instruction works on the same limb of four numbers, and sums of eighteen products of limbs stay below 2^64.
 * Numbers are in Montgomery form with R = 2^261 and lie in [0, 2p), where that of two such is < 4p²/R + p < 1.03 p.
 */
export const LIMBS = 9;
export const LIMB_BITS = 29;
export const QUAD_BYTES = 16 * LIMBS;
const MASK = 2 ** LIMB_BITS - 1;

/** What the module exports. `quads` is a count, at least 1; everything else an offset. Outputs may be inputs. */
export interface FieldFunctions {
  /** a·b·R^-1, into [0, 2p). */
  readonly mul: (out: number, a: number, b: number, quads: number) => void;
  readonly add: (out: number, a: number, b: number, quads: number) => void;
  readonly sub: (out: number, a: number, b: number, quads: number) => void;
  /** From [0, 2p) into [0, p). */
  readonly reduce: (out: number, a: number, quads: number) => void;
  /** Copies the numbers that stand at the byte offsets of a list (32-bit words, four a quad) from `base`. */
  readonly gather: (out: number, base: number, offsets: number, quads: number) => void;
  /** Adds the numbers of a vector, one after the other, to those at the byte offsets of a list from `base`. */
  readonly scatterAdd: (base: number, offsets: number, values: number, quads: number) => void;
  /** Reads numbers below 2^256 of 32 little-endian bytes, `stride` bytes apart. */
  readonly unpack: (out: number, bytes: number, stride: number, quads: number) => void;
}

export const limbsOf = (value: bigint): number[] =>
  Array.from({ length: LIMBS }, (_, k) => Number((value >> BigInt(LIMB_BITS * k)) & BigInt(MASK)));

/** The module for a prime p < 2^254. */
export const fieldModule = (prime: bigint): Uint8Array =>
  assemble({
    mul: multiplication(prime),
    add: addition('add', 2n * prime),
    sub: addition('sub', 2n * prime),
    reduce: addition('reduce', prime),
    gather: gathering(),
    scatterAdd: scatteredAddition(2n * prime),
    unpack: unpacking(),
  });

const limbIndices = Array.from({ length: LIMBS }, (_, k) => k);
const lanes = [0, 1, 2, 3];
const at = <T>(list: readonly T[], k: number): T => list[k] as T;
/** The low 32 bits of two 64-bit lanes, side by side and once more. */
const NARROW = [0, 1, 2, 3, 8, 9, 10, 11, 0, 1, 2, 3, 8, 9, 10, 11];

/** -p^-1 mod 2^29, by Newton's iteration. */
function montgomeryFactor(prime: bigint): number {
  let inverse = 1n;
  for (let bits = 1; bits < LIMB_BITS; bits *= 2) inverse = BigInt.asUintN(LIMB_BITS, inverse * (2n - prime * inverse));
  return Number(BigInt.asUintN(LIMB_BITS, -inverse));
}

function splat(f: WasmFunction, value: number): number {
  const local = f.local(V128);
  f.i32(value).op('i32x4.splat').set(local);
  return local;
}

/**
 * Montgomery multiplication by rows (Koç, Acar, Kaliski 1996, "coarsely integrated operand scanning"), carries put off:
 * a 64-bit lane takes at most 18 products of 58 bits before its carry leaves. First the quad's two low numbers, then its two high ones.
 */
function multiplication(prime: bigint): WasmFunction {
  const f = new WasmFunction(4);
  const [out, a, b, quads] = [0, 1, 2, 3];
  const p = limbsOf(prime).map((limb) => splat(f, limb));
  const mask = splat(f, MASK);
  const factor = splat(f, montgomeryFactor(prime));
  const t = limbIndices.map(() => f.local(V128));
  const bLimbs = limbIndices.map(() => f.local(V128));
  const [aLimb, m] = [f.local(V128), f.local(V128)];
  const half = (product: 'i64x2.extmul_low_i32x4_u' | 'i64x2.extmul_high_i32x4_u', lane: number) => {
    for (const i of limbIndices) {
      f.get(a).access('v128.load', 16 * i).set(aLimb);
      for (const j of limbIndices) {
        f.get(aLimb).get(at(bLimbs, j)).op(product);
        // the top limb came free when the row before was shifted down
        if (i > 0 && j < LIMBS - 1) f.get(at(t, j)).op('i64x2.add');
        f.set(at(t, j));
      }
      f.get(at(t, 0)).get(factor).op('i32x4.mul').get(mask).op('v128.and').tee(m).get(m).shuffle(NARROW).set(m);
      f.get(m).get(at(p, 0)).op(product).get(at(t, 0)).op('i64x2.add').i32(LIMB_BITS).op('i64x2.shr_u');
      f.get(m).get(at(p, 1)).op(product, 'i64x2.add').get(at(t, 1)).op('i64x2.add').set(at(t, 0));
      for (let j = 2; j < LIMBS; j += 1) f.get(m).get(at(p, j)).op(product).get(at(t, j)).op('i64x2.add').set(at(t, j - 1));
    }
    for (let k = 0; k < LIMBS - 1; k += 1) {
      f.get(at(t, k)).i32(LIMB_BITS).op('i64x2.shr_u');
      if (k + 1 < LIMBS - 1) f.get(at(t, k + 1)).op('i64x2.add');
      f.set(at(t, k + 1)).get(at(t, k)).get(mask).op('v128.and').set(at(t, k));
    }
    for (const k of limbIndices) f.get(out).get(at(t, k)).get(at(t, k)).shuffle(NARROW).access('v128.store64_lane', 16 * k + lane * 4);
  };
  return f.countDown(quads, () => {
    for (const j of limbIndices) f.get(b).access('v128.load', 16 * j).set(at(bLimbs, j));
    half('i64x2.extmul_low_i32x4_u', 0);
    half('i64x2.extmul_high_i32x4_u', 2);
    for (const pointer of [out, a, b]) f.advance(pointer, QUAD_BYTES);
  });
}

/**
 * a + b - modulus, a - b or a - modulus, with the modulus added back where that is negative: signed carries run up the
 * limbs, and the sign of the top one says which.
 */
function addition(kind: 'add' | 'sub' | 'reduce', modulus: bigint): WasmFunction {
  const f = new WasmFunction(kind === 'reduce' ? 3 : 4);
  const [out, a, b] = [0, 1, 2];
  const m = limbsOf(modulus).map((limb) => splat(f, limb));
  const mask = splat(f, MASK);
  const t = limbIndices.map(() => f.local(V128));
  const negative = f.local(V128);
  const carryInto = (k: number) => {
    if (k > 0) f.get(at(t, k - 1)).i32(LIMB_BITS).op('i32x4.shr_s', 'i32x4.add').get(at(t, k - 1)).get(mask).op('v128.and').set(at(t, k - 1));
    f.set(at(t, k));
  };
  return f.countDown(f.parameters - 1, () => {
    for (const k of limbIndices) {
      f.get(a).access('v128.load', 16 * k);
      if (kind !== 'reduce') f.get(b).access('v128.load', 16 * k).op(kind === 'add' ? 'i32x4.add' : 'i32x4.sub');
      if (kind !== 'sub') f.get(at(m, k)).op('i32x4.sub');
      carryInto(k);
    }
    f.get(at(t, LIMBS - 1)).i32(31).op('i32x4.shr_s').set(negative);
    for (const k of limbIndices) {
      f.get(at(t, k)).get(negative).get(at(m, k)).op('v128.and', 'i32x4.add');
      carryInto(k);
    }
    for (const k of limbIndices) f.get(out).get(at(t, k)).access('v128.store', 16 * k);
    for (const pointer of kind === 'reduce' ? [out, a] : [out, a, b]) f.advance(pointer, QUAD_BYTES);
  });
}

function gathering(): WasmFunction {
  const f = new WasmFunction(4);
  const [out, base, offsets, quads] = [0, 1, 2, 3];
  const source = f.local(I32);
  return f.countDown(quads, () => {
    for (const lane of lanes) {
      f.get(base).get(offsets).access('i32.load', 4 * lane).op('i32.add').set(source);
      for (const k of limbIndices) f.get(out).get(source).access('i32.load', 16 * k).access('i32.store', 16 * k + 4 * lane);
    }
    f.advance(out, QUAD_BYTES).advance(offsets, 16);
  });
}

function scatteredAddition(modulus: bigint): WasmFunction {
  const f = new WasmFunction(4);
  const [base, offsets, values, quads] = [0, 1, 2, 3];
  const m = limbsOf(modulus);
  const t = limbIndices.map(() => f.local(I32));
  const [target, negative] = [f.local(I32), f.local(I32)];
  const carryInto = (k: number) => {
    if (k > 0) f.get(at(t, k - 1)).i32(LIMB_BITS).op('i32.shr_s', 'i32.add').get(at(t, k - 1)).i32(MASK).op('i32.and').set(at(t, k - 1));
    f.set(at(t, k));
  };
  return f.countDown(quads, () => {
    for (const lane of lanes) {
      f.get(base).get(offsets).access('i32.load', 4 * lane).op('i32.add').set(target);
      for (const k of limbIndices) {
        f.get(target).access('i32.load', 16 * k).get(values).access('i32.load', 16 * k + 4 * lane).op('i32.add').i32(at(m, k)).op('i32.sub');
        carryInto(k);
      }
      f.get(at(t, LIMBS - 1)).i32(31).op('i32.shr_s').set(negative);
      for (const k of limbIndices) {
        f.get(at(t, k)).get(negative).i32(at(m, k)).op('i32.and', 'i32.add');
        carryInto(k);
      }
      for (const k of limbIndices) f.get(target).get(at(t, k)).access('i32.store', 16 * k);
    }
    f.advance(values, QUAD_BYTES).advance(offsets, 16);
  });
}

function unpacking(): WasmFunction {
  const f = new WasmFunction(4);
  const [out, bytes, stride, quads] = [0, 1, 2, 3];
  return f.countDown(quads, () => {
    for (const lane of lanes) {
      for (const k of limbIndices) {
        // eight bytes that hold the limb, and none beyond the number's 32
        const firstByte = Math.min((LIMB_BITS * k) >> 3, 24);
        f.get(out).get(bytes).access('i64.load', firstByte).i64(LIMB_BITS * k - 8 * firstByte).op('i64.shr_u', 'i32.wrap_i64').i32(MASK).op('i32.and');
        f.access('i32.store', 16 * k + 4 * lane);
      }
      f.get(bytes).get(stride).op('i32.add').set(bytes);
    }
    f.advance(out, QUAD_BYTES);
  });
}
