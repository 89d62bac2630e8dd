import createModule, { type MclModule } from 'mcl-wasm/dist/mcl_c.js';
import { eligibilityError } from './errors.js';
import { FIELD_BYTES } from './field.js';
import { G2Subgroup } from './g2-subgroup.js';
import { FP, FR, G1, G2, GT, type Pointer } from './mcl-layout.js';

/** Compressed points, big-endian: the x coordinate (G2: imaginary, then real part), its top bit set where y (G2: its real part) is odd. */
export const G1_BYTES = 32;
export const G2_BYTES = 64;

/** `BN_SNARK1` of mcl, the curve of Ethereum's precompiles and of circom, and the build constant of the wasm (6 + 10·4 words). */
const CURVE = 4;
const COMPILED_TIME_VAR = 46;
/**
 * One of the groups. `coordinates`: an affine point in mcl's form (Montgomery, R = 2^256), 32 little-endian bytes a
 * coordinate, as proving keys hold it.
 */
export interface Group {
  /** Bytes of a point in memory. */
  readonly size: number;
  clear(point: Pointer): void;
  double(point: Pointer): void;
  add(sum: Pointer, point: Pointer): void;
  addCoordinates(sum: Pointer, coordinates: Uint8Array): void;
  multiply(out: Pointer, point: Pointer, scalar: Pointer): void;
  /** The point as it travels; all zero at infinity. */
  compress(point: Pointer): Uint8Array;
}

/**
 * BN254 on an mcl instance of its own: libs/pre runs another one with BLS12-381 in the same process.
 * Values live at pointers that `reserve` gave; nothing is freed, so reserve once and reuse.
 */
export class Bn254 {
  private readonly scratch: Pointer;
  private readonly numbers: Pointer;
  private readonly subgroup: G2Subgroup;

  private constructor(readonly mcl: MclModule) {
    this.scratch = this.reserve(G2_BYTES);
    this.numbers = this.reserve(4 * FP);
    this.subgroup = new G2Subgroup(mcl, (bytes) => this.reserve(bytes), (real, imaginary) => this.fp2(real, imaginary));
    mcl.HEAP8.fill(0, this.numbers, this.numbers + 4 * FP);
  }

  static async load(): Promise<Bn254> {
    const mcl = await createModule({
      cryptoGetRandomValues: () => {
        throw new Error('verification needs no randomness');
      },
    });
    if (mcl._mclBn_init(CURVE, COMPILED_TIME_VAR) !== 0) throw new Error('mcl does not offer BN254');
    // mcl would check orders at every step; `readG2` checks once, and every point of the curve is in G1
    mcl._mclBn_verifyOrderG1(0);
    mcl._mclBn_verifyOrderG2(0);
    return new Bn254(mcl);
  }

  reserve(bytes: number): Pointer {
    const pointer = this.mcl._malloc(bytes);
    if (pointer === 0) throw new RangeError('out of wasm memory');
    return pointer;
  }

  g1(count = 1): Pointer {
    return this.reserve(G1 * count);
  }

  g2(count = 1): Pointer {
    return this.reserve(G2 * count);
  }

  gt(): Pointer {
    return this.reserve(GT);
  }

  /** A constant of Fp2, its real part first. */
  fp2(real: bigint, imaginary: bigint): Pointer {
    const pointer = this.reserve(2 * FP);
    for (const [i, value] of [real, imaginary].entries()) {
      this.putReversed(Uint8Array.from(Buffer.from(value.toString(16).padStart(2 * FIELD_BYTES, '0'), 'hex')));
      this.mcl._mclBnFp_setLittleEndian(pointer + FP * i, this.scratch, FIELD_BYTES);
    }
    return pointer;
  }

  fr(count = 1): Pointer {
    return this.reserve(FR * count);
  }

  /** Reads a point of G1 and says whether it is one: on the curve, whose order is r, canonical, not at infinity. */
  readG1(out: Pointer, bytes: Uint8Array): boolean {
    this.putReversed(bytes);
    const { mcl } = this;
    return (
      bytes.length === G1_BYTES &&
      mcl._mclBnG1_deserialize(out, this.scratch, G1_BYTES) === G1_BYTES &&
      mcl._mclBnG1_isZero(out) === 0 &&
      mcl._mclBnG1_isValid(out) === 1
    );
  }

  /** The same for G2, whose curve has points outside the subgroup: those are refused. */
  readG2(out: Pointer, bytes: Uint8Array): boolean {
    this.putReversed(bytes);
    const { mcl } = this;
    return (
      bytes.length === G2_BYTES &&
      mcl._mclBnG2_deserialize(out, this.scratch, G2_BYTES) === G2_BYTES &&
      mcl._mclBnG2_isZero(out) === 0 &&
      mcl._mclBnG2_isValid(out) === 1 &&
      this.subgroup.contains(out)
    );
  }

  /** @param value below the group order */
  writeScalar(out: Pointer, value: bigint): void {
    const bytes = new Uint8Array(FR);
    let rest = value;
    for (let i = FR - 1; i >= 0; i -= 1) {
      bytes[i] = Number(rest & 0xffn);
      rest >>= 8n;
    }
    this.putReversed(bytes);
    if (this.mcl._mclBnFr_deserialize(out, this.scratch, FR) !== FR) {
      throw eligibilityError('eligibility/bad-field-element', 'not below the group order');
    }
  }

  /** Inverts elements of the base field in place: not zero, in mcl's form (Montgomery, R = 2^256), 32 little-endian bytes each; at most four. */
  invertBase(elements: Uint8Array): void {
    const count = elements.length / FIELD_BYTES;
    for (let i = 0; i < count; i += 1) this.mcl.HEAP8.set(elements.subarray(FIELD_BYTES * i, FIELD_BYTES * (i + 1)), this.numbers + FP * i);
    this.mcl._mclBnFp_invVec(this.numbers, this.numbers, count);
    for (let i = 0; i < count; i += 1) elements.set(this.mcl.HEAP8.subarray(this.numbers + FP * i, this.numbers + FP * i + FIELD_BYTES), FIELD_BYTES * i);
  }

  group(name: 'g1' | 'g2'): Group {
    const { mcl } = this;
    const [size, bytes, z] = name === 'g1' ? [G1, G1_BYTES, 2] : [G2, G2_BYTES, 4];
    const [clear, double, add, mul, serialize] =
      name === 'g1'
        ? [mcl._mclBnG1_clear, mcl._mclBnG1_dbl, mcl._mclBnG1_add, mcl._mclBnG1_mul, mcl._mclBnG1_serialize]
        : [mcl._mclBnG2_clear, mcl._mclBnG2_dbl, mcl._mclBnG2_add, mcl._mclBnG2_mul, mcl._mclBnG2_serialize];
    const affine = this.reserve(size);
    clear(affine);
    mcl._mclBnFp_setInt32(affine + FP * z, 1);
    return {
      size,
      clear,
      double: (point) => double(point, point),
      add: (sum, point) => add(sum, sum, point),
      addCoordinates: (sum, coordinates) => {
        for (let i = 0; i < z; i += 1) mcl.HEAP8.set(coordinates.subarray(FIELD_BYTES * i, FIELD_BYTES * (i + 1)), affine + FP * i);
        add(sum, sum, affine);
      },
      multiply: mul,
      compress: (point) => {
        serialize(this.scratch, bytes, point);
        return this.read(this.scratch, bytes).toReversed();
      },
    };
  }

  /** A copy of what stands at a pointer: of points only to be given to another `Bn254`. */
  read(pointer: Pointer, bytes: number): Uint8Array {
    return Uint8Array.from(this.mcl.HEAP8.subarray(pointer, pointer + bytes));
  }

  write(pointer: Pointer, bytes: Uint8Array): void {
    this.mcl.HEAP8.set(bytes, pointer);
  }

  /** mcl reads little-endian; what travels here is big-endian. */
  private putReversed(bytes: Uint8Array): void {
    if (bytes.length > G2_BYTES) return;
    this.mcl.HEAP8.set(bytes.toReversed(), this.scratch);
  }
}

export { type Pointer } from './mcl-layout.js';

export const at = { g1: (base: Pointer, i: number) => base + i * G1, g2: (base: Pointer, i: number) => base + i * G2, fr: (base: Pointer, i: number) => base + i * FR };
