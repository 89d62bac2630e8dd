/**
 * Membership of the target group, four times faster than raising to the power r.
 * Scott, "A note on group membership tests for G1, G2 and GT on BLS pairing-friendly curves" (2021):
 * α^(p⁴ − p² + 1) = 1 and α^p = α^x, which is enough since gcd((p⁴ − p² + 1)/r, (p − x)/r) = 1. mcl offers no Frobenius map, so it is put together here from its Fp2 products.
 */
import { bls12_381 } from '@noble/curves/bls12-381.js';
import { PreError } from '../errors.js';
import { type MclMemory, TARGET } from './mcl-memory.js';
import type { MclModule } from './mcl-module.js';

const FP = 48;
const FP2 = 2 * FP;
/** Bits of |x| = 0xd201000000010000 below the leading one, most significant first. */
const LOOP_BITS: readonly boolean[] = Array.from(0xd201000000010000n.toString(2).slice(1), (bit) => bit === '1');

/** @returns a predicate on any nonzero element of Fp12 */
export function targetGroupCheck(module: MclModule, memory: MclMemory): (element: Uint8Array) => boolean {
  const gammas = frobeniusConstants(module);
  const [alpha, beta, gamma] = [module._malloc(TARGET), module._malloc(TARGET), module._malloc(TARGET)];

  /** In place: conjugates every Fp2 coefficient of w^k and multiplies it by γ_k. */
  const frobenius = (element: number): void => {
    for (let index = 0; index < 6; index += 1) {
      const coefficient = element + index * FP2;
      module._mclBnFp_neg(coefficient + FP, coefficient + FP);
      // The tower holds w^0, w^2, w^4 and then w^1, w^3, w^5.
      const power = index < 3 ? 2 * index : 2 * (index - 3) + 1;
      if (power > 0) module._mclBnFp2_mul(coefficient, coefficient, gammas + (power - 1) * FP2);
    }
  };
  const copy = (to: number, from: number): void => void memory.bytes.copyWithin(to, from, from + TARGET);

  const isCyclotomic = (): boolean => {
    copy(beta, alpha);
    frobenius(beta);
    frobenius(beta);
    copy(gamma, beta);
    frobenius(gamma);
    frobenius(gamma);
    module._mclBnGT_mul(gamma, gamma, alpha);
    return module._mclBnGT_isEqual(gamma, beta) === 1;
  };
  /** α^p · α^|x| = 1, since x is negative. */
  const hasTrace = (): boolean => {
    copy(beta, alpha);
    for (const bit of LOOP_BITS) {
      module._mclBnGT_sqr(beta, beta);
      if (bit) module._mclBnGT_mul(beta, beta, alpha);
    }
    frobenius(alpha);
    module._mclBnGT_mul(beta, beta, alpha);
    return module._mclBnGT_isOne(beta) === 1;
  };

  return (element) => {
    memory.put(alpha, element);
    return isCyclotomic() && hasTrace();
  };
}

/** γ_k = ξ^{k(p−1)/6}, ξ = u + 1, for k = 1 to 5, in the module's memory. */
function frobeniusConstants(module: MclModule): number {
  const { Fp, Fp2 } = bls12_381.fields;
  const pointer = module._malloc(5 * FP2);
  const buffer = module._malloc(FP2);
  const gamma = Fp2.pow(Fp2.fromBigTuple([1n, 1n]), (Fp.ORDER - 1n) / 6n);
  let power = gamma;
  for (let k = 1; k <= 5; k += 1) {
    new Uint8Array(module.wasmMemory.buffer).set([...Fp.toBytes(power.c1), ...Fp.toBytes(power.c0)], buffer);
    const read = module._mclBnFp2_deserialize(pointer + (k - 1) * FP2, buffer, FP2);
    if (read !== FP2) throw new PreError('pre/engine', 'mcl does not read a field constant', { read });
    power = Fp2.mul(power, gamma);
  }
  module._free(buffer);
  return pointer;
}
