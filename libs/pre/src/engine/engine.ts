/**
 * The pairing-friendly groups of BLS12-381 behind one interface, so that the schemes are written once
 * and run on the audited reference (`noble`) and on the fast engine (`mcl`) with equal bytes.
 *
 * Values are opaque and belong to the engine that made them. The group law is written multiplicatively
 * as in docs/scheme.md: `pow` is scalar multiplication on the curve.
 */
declare const brand: unique symbol;
interface Opaque<Name extends string> {
  readonly [brand]: Name;
}

/** An integer modulo r. */
export type Scalar = Opaque<'Scalar'>;
export type G1 = Opaque<'G1'>;
export type G2 = Opaque<'G2'>;
export type GT = Opaque<'GT'>;

export const SCALAR_BYTES = 32;
export const G1_BYTES = 48;
export const G2_BYTES = 96;
export const GT_BYTES = 576;

/** Order r of G1, G2 and GT. */
export const GROUP_ORDER = 0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001n;

/** Arithmetic modulo r. */
export interface ScalarField {
  /** @param value a small public number, such as a share's index: 0 to 2^31 − 1 */
  fromInt(value: number): Scalar;
  /** @param bytes 48 uniform bytes, big-endian, taken modulo r (RFC 9380, section 5.2) */
  reduceWide(bytes: Uint8Array): Scalar;
  /** @param bytes 32 bytes, big-endian. @throws PreError `pre/bad-scalar` where zero or not below r, `pre/bad-length` */
  decode(bytes: Uint8Array): Scalar;
  /** @returns 32 bytes, big-endian */
  encode(scalar: Scalar): Uint8Array;
  add(x: Scalar, y: Scalar): Scalar;
  sub(x: Scalar, y: Scalar): Scalar;
  mul(x: Scalar, y: Scalar): Scalar;
  neg(x: Scalar): Scalar;
  /** @throws PreError `pre/degenerate` for zero */
  inv(x: Scalar): Scalar;
  isZero(x: Scalar): boolean;
  /** Overwrites the value where the engine's representation allows it. */
  erase(x: Scalar): void;
}

/** One of the three groups of order r. */
export interface Group<Element> {
  readonly generator: Element;
  /**
   * Checks form, curve and subgroup.
   * @throws PreError `pre/bad-length`, `pre/bad-point`, `pre/identity`, `pre/not-in-subgroup`
   */
  decode(bytes: Uint8Array): Element;
  /** The one encoding of an element: 48 (G1), 96 (G2) or 576 bytes (GT). */
  encode(element: Element): Uint8Array;
  mul(x: Element, y: Element): Element;
  inv(x: Element): Element;
  pow(x: Element, scalar: Scalar): Element;
  /** As `pow`, by the engine's most regular algorithm: for long-lived secret exponents. See docs/pre.md for its limits. */
  powSecret(x: Element, scalar: Scalar): Element;
  equals(x: Element, y: Element): boolean;
  isIdentity(x: Element): boolean;
  /** Powers of the generator, by a table (up to 4 MB) that is made on first use and kept. */
  readonly generatorPow: (scalar: Scalar) => Element;
  /** Precomputes for many powers of one base. */
  fixedBase(x: Element): (scalar: Scalar) => Element;
}

/** A G2 element made ready for many pairings. */
export interface PreparedG2 {
  /** e(p, this) */
  readonly pair: (p: G1) => GT;
}

export interface Engine {
  readonly name: EngineName;
  readonly scalars: ScalarField;
  /** zcash compressed encoding, 48 bytes. */
  readonly g1: Group<G1>;
  /** zcash compressed encoding, 96 bytes. */
  readonly g2: Group<G2>;
  /** Fp12 over w² = v, v³ = u + 1, u² = −1: the twelve coefficients c0.c0.c0, c0.c0.c1, c0.c1.c0, … c1.c2.c1, each 48 bytes big-endian. */
  readonly gt: Group<GT>;
  /** The optimal ate pairing, final exponent 3(p¹² − 1)/r (both engines agree). */
  readonly pair: (p: G1, q: G2) => GT;
  /** Π e(p_i, q_i) with one final exponentiation. */
  readonly pairProduct: (pairs: readonly (readonly [G1, G2])[]) => GT;
  readonly prepareG2: (q: G2) => PreparedG2;
}

export type EngineName = 'mcl' | 'noble';
