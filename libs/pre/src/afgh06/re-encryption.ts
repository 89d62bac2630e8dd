import { type RandomBytes, toHex } from '@medveil/encoding';
import { frame } from '../artefacts.js';
import type { Engine, G1, G2, GT, Scalar } from '../engine/engine.js';
import { PreError } from '../errors.js';
import type { OwnerKey, ReKeyEntry } from './api.js';
import { refuseOwnTwin } from './keys.js';
import { decodeCapsule, decodeDelegatee, decodeOwner, decodeReKey, judge, labelBase, labelKey, type Suite } from './suite.js';

/** rk = P2^{1/(a+τ)} */
export function reKeyMaker({ engine }: Suite, ownerKey: OwnerKey, delegateePublicKey: Uint8Array): (label: Uint8Array) => Uint8Array {
  const { g2, scalars } = engine;
  const delegatee = decodeDelegatee(engine, delegateePublicKey);
  refuseOwnTwin(engine, ownerKey, delegatee);
  return (label) => {
    const key = labelKey(engine, ownerKey.secret, label);
    const reKey = g2.powSecret(delegatee, key);
    scalars.erase(key);
    return frame('reKey', g2.encode(reKey));
  };
}

/** e(Q, rk) = e(g, P2), as one product. */
export function checkReKey(
  suite: Suite,
  ownerPublicKey: Uint8Array,
  label: Uint8Array,
  delegateePublicKey: Uint8Array,
  reKey: Uint8Array,
): boolean {
  return judge(() => {
    const { engine } = suite;
    const base = labelBase(suite, decodeOwner(engine, ownerPublicKey), label);
    const delegatee = decodeDelegatee(engine, delegateePublicKey);
    const minusG = engine.g1.inv(engine.g1.generator);
    return engine.gt.isIdentity(engine.pairProduct([[base, decodeReKey(engine, reKey)], [minusG, delegatee]]));
  });
}

/** Bounds one multi-pairing. */
export const MAX_BATCH = 1024;

export function badReKeys(suite: Suite, entries: readonly ReKeyEntry[], random: RandomBytes): readonly number[] {
  if (entries.length > MAX_BATCH) throw new PreError('pre/out-of-range', 'too many keys at once', { given: entries.length, allowed: MAX_BATCH });
  if (entries.length === 0 || judge(() => allHold(suite, entries, random))) return [];
  return entries.flatMap(({ ownerPublicKey, label, delegateePublicKey, reKey }, position) =>
    checkReKey(suite, ownerPublicKey, label, delegateePublicKey, reKey) ? [] : [position]);
}

/** Keys for one delegatee share a pairing: e(g^{−Σδ}, P2). */
function allHold(suite: Suite, entries: readonly ReKeyEntry[], random: RandomBytes): boolean {
  const { engine } = suite;
  const { g1, gt, scalars } = engine;
  const pairs: [G1, G2][] = [];
  const sums = new Map<string, { readonly delegatee: G2; sum: Scalar }>();
  for (const { ownerPublicKey, label, delegateePublicKey, reKey } of entries) {
    const delta = scalars.reduceWide(Uint8Array.of(...new Uint8Array(32), ...random(16)));
    const base = labelBase(suite, decodeOwner(engine, ownerPublicKey), label);
    pairs.push([g1.pow(base, delta), decodeReKey(engine, reKey)]);
    const known = sums.get(toHex(delegateePublicKey));
    if (known === undefined) sums.set(toHex(delegateePublicKey), { delegatee: decodeDelegatee(engine, delegateePublicKey), sum: delta });
    else known.sum = scalars.add(known.sum, delta);
  }
  for (const { delegatee, sum } of sums.values()) pairs.push([suite.gPow(scalars.neg(sum)), delegatee]);
  return gt.isIdentity(engine.pairProduct(pairs));
}

export function reEncrypt({ engine }: Suite, capsule: Uint8Array, reKey: Uint8Array): Uint8Array {
  const { c1, c2 } = decodeCapsule(engine, capsule);
  return transformed(engine, engine.pair(c1, decodeReKey(engine, reKey)), c2);
}

export function reEncryptor({ engine }: Suite, reKey: Uint8Array): (capsule: Uint8Array) => Uint8Array {
  const prepared = engine.prepareG2(decodeReKey(engine, reKey));
  return (capsule) => {
    const { c1, c2 } = decodeCapsule(engine, capsule);
    return transformed(engine, prepared.pair(c1), c2);
  };
}

const transformed = (engine: Engine, c1: GT, c2: Uint8Array): Uint8Array => frame('transformedCapsule', engine.gt.encode(c1), c2);
