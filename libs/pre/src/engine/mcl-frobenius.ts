/** The Frobenius map of Fp12, put together from mcl's Fp2 products, since mcl exports none. */
import { bls12_381 } from '@noble/curves/bls12-381.js';
import { PreError } from '../errors.js';
import type { MclModule } from './mcl-module.js';

const FP = 48;
const FP2 = 2 * FP;

/** |x| of the curve's parameter x = −0xd201000000010000. */
export const ABS_X = 0xd201000000010000n;

/** @returns α ← α^p, in place, for an element in the module's memory */
export function frobeniusMap(module: MclModule): (element: number) => void {
  const gammas = frobeniusConstants(module);
  // Conjugates every Fp2 coefficient of w^k and multiplies it by γ_k.
  return (element) => {
    for (let index = 0; index < 6; index += 1) {
      const coefficient = element + index * FP2;
      module._mclBnFp_neg(coefficient + FP, coefficient + FP);
      // The tower holds w^0, w^2, w^4 and then w^1, w^3, w^5.
      const power = index < 3 ? 2 * index : 2 * (index - 3) + 1;
      if (power > 0) module._mclBnFp2_mul(coefficient, coefficient, gammas + (power - 1) * FP2);
    }
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
