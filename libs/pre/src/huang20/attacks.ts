/** How `huang20` is broken (docs/scheme.md, section 4; explained step by step in docs/pre.md). Every attack returns the message D. */
import type { Engine, GT, Scalar } from '../engine/engine.js';
import type { Ciphertext, UserKey } from './scheme.js';

/** T = Z^{tk}: what every user computes of every ciphertext. */
const ownBlind = ({ pairProduct }: Engine, { t }: UserKey, { c2, c3 }: Ciphertext): GT => pairProduct([[c2, t.inG2], [t.inG1, c3]]);

/**
 * Two registered users decrypt anybody's ciphertext. With X = Z^{ak}, Y = Z^{bk}, C = Z^{ck}, in the exponent:
 *   A1_i·X + A1_i·id_i·Y − C = T_i  for i = 1, 2      and      X + id*·Y = c4.
 * @param target the identity the ciphertext is for (id*)
 */
export function twoUsersAttack(engine: Engine, first: UserKey, second: UserKey, target: Scalar, ciphertext: Ciphertext): GT {
  const { gt, scalars } = engine;
  const [t1, t2] = [ownBlind(engine, first, ciphertext), ownBlind(engine, second, ciphertext)];
  // Subtracting the first two leaves Y·(A1_1(id_1 − id*) − A1_2(id_2 − id*)) = T_1 − T_2 − (A1_1 − A1_2)·c4.
  const right = gt.mul(gt.mul(t1, gt.inv(t2)), gt.inv(gt.pow(ciphertext.c4, scalars.sub(first.a1, second.a1))));
  const factor = scalars.sub(scalars.mul(first.a1, scalars.sub(first.id, target)), scalars.mul(second.a1, scalars.sub(second.id, target)));
  const y = gt.pow(right, scalars.inv(factor));
  const x = gt.mul(ciphertext.c4, gt.inv(gt.pow(y, target)));
  const c = gt.mul(gt.pow(gt.mul(x, gt.pow(y, first.id)), first.a1), gt.inv(t1));
  return gt.mul(ciphertext.c1, gt.inv(c));
}

/** One user alone, with the keys that make re-encryption correct: A1/B3 = (c + t)/z, so (Z^{zk})^{A1/B3} / Z^{tk} = Z^{ck}. */
export function oneUserAttack(engine: Engine, key: UserKey, ciphertext: Ciphertext): GT {
  const { gt, scalars } = engine;
  const zk = engine.pairProduct([[ciphertext.c2, key.z.inG2], [key.z.inG1, ciphertext.c3]]);
  const c = gt.mul(gt.pow(zk, scalars.mul(key.a1, scalars.inv(key.b3))), gt.inv(ownBlind(engine, key, ciphertext)));
  return gt.mul(ciphertext.c1, gt.inv(c));
}

/**
 * The proxy with any one accomplice, after one re-encryption: c4 = Z^{F(p)k} and c4' = Z^{F(d)k} are two points of a line,
 * so F(id)k is known in the exponent for every id, the accomplice's own among them.
 * @returns a ciphertext that the holder of `accomplice` decrypts as if it had been delegated
 */
export function retarget(engine: Engine, before: Ciphertext, after: Ciphertext, delegator: Scalar, delegatee: Scalar, accomplice: Scalar): Ciphertext {
  const { gt, scalars } = engine;
  const slope = scalars.mul(scalars.sub(accomplice, delegator), scalars.inv(scalars.sub(delegatee, delegator)));
  return { ...before, c4: gt.mul(before.c4, gt.pow(gt.mul(after.c4, gt.inv(before.c4)), slope)) };
}
