import { frame } from '../artefacts.js';
import type { GT, Engine } from '../engine/engine.js';
import type { OwnerKey } from './api.js';
import { refuseOwnTwin } from './keys.js';
import { decodeCapsule, decodeDelegatee, decodeOwner, decodeReKey, judge, labelBase, labelKey, type Suite } from './suite.js';

/** rk = P2^{1/(a+τ)} */
export function reKeyGen({ engine }: Suite, ownerKey: OwnerKey, label: Uint8Array, delegateePublicKey: Uint8Array): Uint8Array {
  const { g2, scalars } = engine;
  const delegatee = decodeDelegatee(engine, delegateePublicKey);
  refuseOwnTwin(engine, ownerKey, delegatee);
  const key = labelKey(engine, ownerKey.secret, label);
  const reKey = g2.powSecret(delegatee, key);
  scalars.erase(key);
  return frame('reKey', g2.encode(reKey));
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
