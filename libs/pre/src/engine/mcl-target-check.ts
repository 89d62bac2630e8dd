/**
 * Membership of the target group, four times faster than raising to the power r.
 * Scott, "A note on group membership tests for G1, G2 and GT on BLS pairing-friendly curves" (2021):
 * α^(p⁴ − p² + 1) = 1 and α^p = α^x, which is enough since gcd((p⁴ − p² + 1)/r, (p − x)/r) = 1.
 */
import { ABS_X } from './mcl-frobenius.js';
import { type MclMemory, TARGET } from './mcl-memory.js';
import type { MclModule } from './mcl-module.js';

/** Bits of |x| below the leading one, most significant first. */
const LOOP_BITS: readonly boolean[] = Array.from(ABS_X.toString(2).slice(1), (bit) => bit === '1');

/** @returns a predicate on any nonzero element of Fp12 */
export function targetGroupCheck(module: MclModule, memory: MclMemory, frobenius: (element: number) => void): (element: Uint8Array) => boolean {
  const [alpha, beta, gamma] = [module._malloc(TARGET), module._malloc(TARGET), module._malloc(TARGET)];

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
