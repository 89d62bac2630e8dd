import { bn254 } from '@noble/curves/bn254.js';
import { type MclModule } from 'mcl-wasm/dist/mcl_c.js';
import { FP, G2, type Pointer } from './mcl-layout.js';

/** The curve's parameter x: field, group order and trace are polynomials in it. */
export const CURVE_PARAMETER = 4_965_661_367_192_848_881n;

/**
 * Whether a point of the twist, a group of order r times a cofactor, lies in G2: [x+1]P + ψ([x]P) + ψ²([x]P) = ψ³([2x]P)
 * holds for points of order r and for no others (El Housni, Guillevic, Piellard 2022, "Co-factor clearing and subgroup
 * membership testing on pairing-friendly curves", section 5.1). ψ is Frobenius, carried over from the curve to its twist.
 * It takes one multiplication by 63 bits, without the shortcuts that hold in the subgroup only.
 */
export class G2Subgroup {
  private readonly multiple: Pointer;
  private readonly left: Pointer;
  private readonly right: Pointer;
  /** What ψ multiplies x and y by, after conjugation: ξ^((q-1)/3) and ξ^((q-1)/2) with ξ = 9 + u. */
  private readonly factors: readonly [Pointer, Pointer];

  /** @param reserve gives memory @param fp2 gives a constant of Fp2 */
  constructor(
    private readonly mcl: MclModule,
    reserve: (bytes: number) => Pointer,
    fp2: (real: bigint, imaginary: bigint) => Pointer,
  ) {
    [this.multiple, this.left, this.right] = [reserve(G2), reserve(G2), reserve(G2)];
    const { Fp, Fp2 } = bn254.fields;
    const twist = Fp2.fromBigTuple([9n, 1n]);
    const factor = (root: bigint) => {
      const { c0, c1 } = Fp2.pow(twist, (Fp.ORDER - 1n) / root);
      return fp2(c0, c1);
    };
    this.factors = [factor(3n), factor(2n)];
  }

  contains(point: Pointer): boolean {
    const { mcl, multiple, left, right } = this;
    this.multiply(multiple, point);
    mcl._mclBnG2_add(left, multiple, point);
    this.frobenius(right, multiple);
    mcl._mclBnG2_add(left, left, right);
    this.frobenius(right, right);
    mcl._mclBnG2_add(left, left, right);
    this.frobenius(right, right);
    mcl._mclBnG2_dbl(right, right);
    return mcl._mclBnG2_isEqual(left, right) === 1;
  }

  /** out = [x]point by doubling and adding. */
  private multiply(out: Pointer, point: Pointer): void {
    const { mcl } = this;
    mcl._mclBnG2_clear(out);
    for (const bit of CURVE_PARAMETER.toString(2)) {
      mcl._mclBnG2_dbl(out, out);
      if (bit === '1') mcl._mclBnG2_add(out, out, point);
    }
  }

  /** ψ on Jacobian coordinates. */
  private frobenius(out: Pointer, point: Pointer): void {
    const { mcl } = this;
    for (let coordinate = 0; coordinate < 3; coordinate += 1) {
      const [to, of] = [out + 2 * FP * coordinate, point + 2 * FP * coordinate];
      mcl.HEAP8.copyWithin(to, of, of + FP);
      mcl._mclBnFp_neg(to + FP, of + FP);
      const factor = this.factors[coordinate];
      if (factor !== undefined) mcl._mclBnFp2_mul(to, to, factor);
    }
  }
}
