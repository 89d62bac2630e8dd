import { type Engine, G1_BYTES, G2_BYTES, type G1, type G2, type GT, GT_BYTES, SCALAR_BYTES, type Scalar } from '../engine/engine.js';
import { lazily } from '../engine/lazily.js';
import { degenerate, givenLength, isPreError, PreError } from '../errors.js';
import { SEED_BYTES, unframe } from '../artefacts.js';
import { hashToBytes, hashToScalar } from '../hash.js';
import { MAX_LABEL_BYTES } from '../label.js';

/** An engine with the scheme's fixed bases. */
export interface Suite {
  readonly engine: Engine;
  /** g^s */
  readonly gPow: (s: Scalar) => G1;
  /** Z^s, Z = e(g, h) */
  readonly zPow: (s: Scalar) => GT;
  /** e(p, h) */
  readonly pairWithH: (p: G1) => GT;
}

export function makeSuite(engine: Engine): Suite {
  return {
    engine,
    gPow: engine.g1.generatorPow,
    zPow: engine.gt.generatorPow,
    pairWithH: lazily(() => engine.prepareG2(engine.g2.generator).pair),
  };
}

/** τ = H(label). @throws PreError `pre/bad-label` */
export function labelScalar(engine: Engine, label: Uint8Array): Scalar {
  if (!(label instanceof Uint8Array) || label.length === 0 || label.length > MAX_LABEL_BYTES) {
    throw new PreError('pre/bad-label', 'a label of a size that is not allowed', { given: givenLength(label), allowed: MAX_LABEL_BYTES });
  }
  return hashToScalar(engine, 'LABEL', [label]);
}

/** Q = P1·g^τ = g^{a+τ} */
export function labelBase(suite: Suite, owner: G1, label: Uint8Array): G1 {
  const { engine } = suite;
  const base = engine.g1.mul(owner, suite.gPow(labelScalar(engine, label)));
  if (engine.g1.isIdentity(base)) throw degenerate('a + τ');
  return base;
}

/** 1/(a + τ): the label's key. The caller erases it. */
export function labelKey(engine: Engine, ownerSecret: Uint8Array, label: Uint8Array): Scalar {
  const { scalars } = engine;
  const a = decodeSecret(engine, 'ownerSecretKey', ownerSecret);
  const sum = scalars.add(a, labelScalar(engine, label));
  scalars.erase(a);
  const key = scalars.inv(sum);
  scalars.erase(sum);
  return key;
}

/** k = H3(seed, label, P1) */
export const capsuleScalar = (engine: Engine, seed: Uint8Array, label: Uint8Array, ownerPublicKey: Uint8Array): Scalar =>
  hashToScalar(engine, 'CAPSULE', [seed, label, ownerPublicKey]);

/** seed ⊕ H2(K), which is its own inverse. */
export function maskSeed(engine: Engine, key: GT, seed: Uint8Array): Uint8Array {
  const encoded = engine.gt.encode(key);
  const mask = hashToBytes('MASK', [encoded], SEED_BYTES);
  encoded.fill(0);
  for (let index = 0; index < SEED_BYTES; index += 1) mask[index] = (mask[index] as number) ^ (seed[index] as number);
  return mask;
}

export const decodeOwner = (engine: Engine, bytes: Uint8Array): G1 => engine.g1.decode(unframe('ownerPublicKey', bytes, [G1_BYTES])[0]);
export const decodeDelegatee = (engine: Engine, bytes: Uint8Array): G2 =>
  engine.g2.decode(unframe('delegateePublicKey', bytes, [G2_BYTES])[0]);
export const decodeReKey = (engine: Engine, bytes: Uint8Array): G2 => engine.g2.decode(unframe('reKey', bytes, [G2_BYTES])[0]);

export const decodeSecret = (engine: Engine, kind: 'ownerSecretKey' | 'delegateeSecretKey', bytes: Uint8Array): Scalar =>
  engine.scalars.decode(unframe(kind, bytes, [SCALAR_BYTES])[0]);

export function decodeCapsule(engine: Engine, bytes: Uint8Array): { readonly c1: G1; readonly c2: Uint8Array } {
  const [c1, c2] = unframe('capsule', bytes, [G1_BYTES, SEED_BYTES]);
  return { c1: engine.g1.decode(c1), c2 };
}

export function decodeTransformed(engine: Engine, bytes: Uint8Array): { readonly c1: GT; readonly c2: Uint8Array } {
  const [c1, c2] = unframe('transformedCapsule', bytes, [GT_BYTES, SEED_BYTES]);
  return { c1: engine.gt.decode(c1), c2 };
}


/** A judgement on what came from outside: malformed is false, like wrong. */
export function judge(check: () => boolean): boolean {
  try {
    return check();
  } catch (error) {
    if (isPreError(error)) return false;
    throw error;
  }
}
