/**
 * Proof of right re-encryption (docs/scheme.md, section 5): knowledge of X in G2 with e(c1, X) = c1' and e(Q, X) = e(B, P2),
 * where B = g for a whole key and B = V_i for a share. Sigma protocol over a homomorphism, made non-interactive by Fiat–Shamir,
 * in its compact form (χ, z).
 */
import { type CborValue, equalBytes, type RandomBytes } from '@medveil/encoding';
import { frame, unframe } from '../artefacts.js';
import { type Engine, type G1, G2_BYTES, type G2, type GT, type Scalar, SCALAR_BYTES } from '../engine/engine.js';
import { type HashPurpose, hashToScalar } from '../hash.js';
import type { ReEncryptionStatement } from './api.js';
import { checkContext, nonce } from './keys.js';
import { decodeCapsule, decodeDelegatee, decodeOwner, decodeReKey, decodeTransformed, judge, labelBase, type Suite } from './suite.js';

/** The relation's public side. */
export interface WorkRelation {
  readonly c1: G1;
  readonly transformed: GT;
  /** Q */
  readonly labelBase: G1;
  /** B */
  readonly shareBase: G1;
  readonly delegatee: G2;
  readonly purpose: HashPurpose & ('RE-ENCRYPTION-PROOF' | 'SHARE-PROOF');
  /** Everything the challenge covers beside the commitments, in encoded form. */
  readonly bound: readonly CborValue[];
}

/** R = h^ρ; (e(c1, R), e(Q, R)); χ = H(bound, commitments); z = R·X^χ. @returns χ ‖ z */
export function proveWork(engine: Engine, relation: WorkRelation, witness: G2, random: RandomBytes): readonly [Uint8Array, Uint8Array] {
  const { g2, scalars } = engine;
  const encodedWitness = g2.encode(witness);
  const rho = nonce(engine, random, encodedWitness, engine.gt.encode(relation.transformed));
  const blind = g2.powSecret(g2.generator, rho);
  scalars.erase(rho);
  const prepared = engine.prepareG2(blind);
  const challenge = challengeOf(engine, relation, prepared.pair(relation.c1), prepared.pair(relation.labelBase));
  return [scalars.encode(challenge), g2.encode(g2.mul(blind, g2.powSecret(witness, challenge)))];
}

/** T1 = e(c1, z)·c1'^{−χ}; T2 = e(Q, z)·e(B^{−χ}, P2): the challenge over them must be χ. */
export function verifyWork(engine: Engine, relation: WorkRelation, challengeBytes: Uint8Array, responseBytes: Uint8Array): boolean {
  const { g1, g2, gt, scalars } = engine;
  const challenge = scalars.decode(challengeBytes);
  const response = g2.decode(responseBytes);
  const minus = scalars.neg(challenge);
  const first = gt.mul(engine.pair(relation.c1, response), gt.pow(relation.transformed, minus));
  const second = engine.pairProduct([[relation.labelBase, response], [g1.pow(relation.shareBase, minus), relation.delegatee]]);
  return scalars.isZero(scalars.sub(challenge, challengeOf(engine, relation, first, second)));
}

const challengeOf = (engine: Engine, { purpose, bound }: WorkRelation, first: GT, second: GT): Scalar =>
  hashToScalar(engine, purpose, [...bound, engine.gt.encode(first), engine.gt.encode(second)]);

export function proveReEncryption(
  suite: Suite,
  statement: ReEncryptionStatement & { readonly reKey: Uint8Array },
  random: RandomBytes,
): Uint8Array {
  const { relation } = wholeKeyRelation(suite, statement);
  return frame('reEncryptionProof', ...proveWork(suite.engine, relation, decodeReKey(suite.engine, statement.reKey), random));
}

export function verifyReEncryption(suite: Suite, statement: ReEncryptionStatement & { readonly proof: Uint8Array }): boolean {
  return judge(() => {
    const [challenge, response] = unframe('reEncryptionProof', statement.proof, [SCALAR_BYTES, G2_BYTES]);
    const { relation, sameMask } = wholeKeyRelation(suite, statement);
    return sameMask && verifyWork(suite.engine, relation, challenge, response);
  });
}

function wholeKeyRelation(suite: Suite, statement: ReEncryptionStatement): { readonly relation: WorkRelation; readonly sameMask: boolean } {
  const { engine } = suite;
  const { capsule, transformed, ownerPublicKey, delegateePublicKey, label, claimId } = statement;
  checkContext(claimId);
  const before = decodeCapsule(engine, capsule);
  const after = decodeTransformed(engine, transformed);
  return {
    relation: {
      c1: before.c1,
      transformed: after.c1,
      labelBase: labelBase(suite, decodeOwner(engine, ownerPublicKey), label),
      shareBase: engine.g1.generator,
      delegatee: decodeDelegatee(engine, delegateePublicKey),
      purpose: 'RE-ENCRYPTION-PROOF',
      bound: [ownerPublicKey, delegateePublicKey, label, capsule, transformed, claimId],
    },
    sameMask: equalBytes(before.c2, after.c2),
  };
}
