import { equalBytes, type RandomBytes } from '@medveil/encoding';
import { frame, SEED_BYTES } from '../artefacts.js';
import type { G1, Scalar } from '../engine/engine.js';
import { degenerate, PreError } from '../errors.js';
import type { DelegateeKey, Encapsulation, OwnerKey } from './api.js';
import { capsuleScalar, decodeCapsule, decodeOwner, decodeSecret, decodeTransformed, labelBase, labelKey, labelScalar, maskSeed, type Suite } from './suite.js';

export function encapsulate(suite: Suite, ownerPublicKey: Uint8Array, label: Uint8Array, random: RandomBytes): Encapsulation {
  const owner = decodeOwner(suite.engine, ownerPublicKey);
  const base = labelBase(suite, owner, label);
  return seal(suite, { ownerPublicKey, label, seed: random(SEED_BYTES) }, (k) => suite.engine.g1.pow(base, k));
}

/** P1's table makes c1 = P1^k·g^{τk} two fixed-base powers; it pays from about 25 capsules. */
export function encapsulator(suite: Suite, ownerPublicKey: Uint8Array): (label: Uint8Array, random: RandomBytes) => Encapsulation {
  const { engine } = suite;
  const owner = decodeOwner(engine, ownerPublicKey);
  const key = Uint8Array.from(ownerPublicKey);
  const ownerPow = engine.g1.fixedBase(owner);
  return (label, random) => {
    const tau = labelScalar(engine, label);
    return seal(suite, { ownerPublicKey: key, label, seed: random(SEED_BYTES) }, (k) => {
      const c1 = engine.g1.mul(ownerPow(k), suite.gPow(engine.scalars.mul(tau, k)));
      if (engine.g1.isIdentity(c1)) throw degenerate('a + τ');
      return c1;
    });
  };
}

export function rewrap(suite: Suite, ownerKey: OwnerKey, from: Uint8Array, to: Uint8Array, capsule: Uint8Array): Uint8Array {
  if (equalBytes(from, to)) throw new PreError('pre/bad-label', 'a rotation needs another label', { field: 'version' });
  const { publicKey } = ownerKey;
  const base = labelBase(suite, decodeOwner(suite.engine, publicKey), to);
  const seed = decapsulate(suite, ownerKey, from, capsule);
  const moved = seal(suite, { ownerPublicKey: publicKey, label: to, seed }, (k) => suite.engine.g1.pow(base, k));
  seed.fill(0);
  return moved.capsule;
}

interface Sealing {
  readonly ownerPublicKey: Uint8Array;
  readonly label: Uint8Array;
  readonly seed: Uint8Array;
}

/** k = H3(seed, label, P1); c1 = Q^k; c2 = seed ⊕ H2(Z^k). */
function seal(suite: Suite, { ownerPublicKey, label, seed }: Sealing, basePow: (k: Scalar) => G1): Encapsulation {
  const { engine } = suite;
  const k = capsuleScalar(engine, seed, label, ownerPublicKey);
  const c1 = engine.g1.encode(basePow(k));
  const c2 = maskSeed(engine, suite.zPow(k), seed);
  engine.scalars.erase(k);
  return { seed, capsule: frame('capsule', c1, c2) };
}

/** u = c1^{1/(a+τ)}; K = e(u, h); seed = c2 ⊕ H2(K); c1 = Q^k ⟺ u = g^k, which the table of g makes cheap. */
export function decapsulate(suite: Suite, ownerKey: OwnerKey, label: Uint8Array, capsule: Uint8Array): Uint8Array {
  const { engine } = suite;
  const { c1, c2 } = decodeCapsule(engine, capsule);
  const key = labelKey(engine, ownerKey.secret, label);
  const u = engine.g1.powSecret(c1, key);
  engine.scalars.erase(key);
  const seed = maskSeed(engine, suite.pairWithH(u), c2);
  const k = capsuleScalar(engine, seed, label, ownerKey.publicKey);
  const matches = engine.g1.equals(u, suite.gPow(k));
  engine.scalars.erase(k);
  return released(seed, matches);
}

/** K = c1'^{1/b}; seed = c2 ⊕ H2(K); c1' = (Z^b)^k ⟺ K = Z^k. */
export function decapsulateDelegated(
  suite: Suite,
  delegateeKey: DelegateeKey,
  ownerPublicKey: Uint8Array,
  label: Uint8Array,
  transformed: Uint8Array,
): Uint8Array {
  const { engine } = suite;
  const { c1, c2 } = decodeTransformed(engine, transformed);
  decodeOwner(engine, ownerPublicKey);
  labelScalar(engine, label);
  const b = decodeSecret(engine, 'delegateeSecretKey', delegateeKey.secret);
  const inverse = engine.scalars.inv(b);
  engine.scalars.erase(b);
  const key = engine.gt.powSecret(c1, inverse);
  engine.scalars.erase(inverse);
  const seed = maskSeed(engine, key, c2);
  const k = capsuleScalar(engine, seed, label, ownerPublicKey);
  const matches = equalBytes(engine.gt.encode(key), engine.gt.encode(suite.zPow(k)));
  engine.scalars.erase(k);
  return released(seed, matches);
}

/** An unchecked seed never leaves: it would be an oracle. */
export function released(seed: Uint8Array, matches: boolean): Uint8Array {
  if (matches) return seed;
  seed.fill(0);
  throw new PreError('pre/check-failed', 'the capsule does not belong to this key and label, or was altered');
}
