/**
 * The formulas as the paper prints them, kept to show that they do not decrypt (docs/scheme.md, section 3).
 * Read with good will: the printed `c'3 = c3^k1 / e(c2, rk2)` divides an element of the source group by one of the target group,
 * so c4, which the paper computes and never uses, is taken for c3.
 */
import type { RandomBytes } from '@medveil/encoding';
import type { Engine, GT } from '../engine/engine.js';
import { type Ciphertext, draw, type ReKey, type UserKey } from './scheme.js';

/** Section 4.2.9 as printed: D = c1·e(c2, A2) / c1^A1. */
export const literalDecrypt = ({ gt, pair }: Engine, { a1, t }: UserKey, { c1, c2 }: Ciphertext): GT =>
  gt.mul(gt.mul(c1, pair(c2, t.inG2)), gt.inv(gt.pow(c1, a1)));

/** Section 4.2.8 as printed: the key is made with the delegator's own identity. */
export function literalReKeyGen(engine: Engine, { id, b1, b2, b3, x, y, z }: UserKey, random: RandomBytes): Omit<ReKey, 'rk3'> {
  const { g2, scalars } = engine;
  const u = draw(engine, random);
  return {
    rk1: scalars.add(scalars.add(b1, scalars.mul(b2, id)), scalars.mul(b3, u)),
    rk2: g2.mul(g2.mul(x.inG2, g2.pow(y.inG2, id)), g2.pow(z.inG2, u)),
  };
}

/** Section 4.2.8 as printed: one pairing, which removes only the part of the exponent that belongs to r. */
export const literalReEncrypt = ({ gt, pair }: Engine, ciphertext: Ciphertext, { rk1, rk2 }: Omit<ReKey, 'rk3'>): Ciphertext => ({
  ...ciphertext,
  c4: gt.mul(gt.pow(ciphertext.c4, rk1), gt.inv(pair(ciphertext.c2, rk2))),
});
