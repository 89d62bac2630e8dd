/**
 * What a delegatee lays before auditors in a dispute (docs/scheme.md, section 2): K = Z^k of one capsule, from which the seed
 * follows, with a proof that it is the K of the capsule that was re-encrypted: log_Z(Z^b) = log_K(c1') (Chaum, Pedersen 1992).
 */
import { equalBytes, type RandomBytes } from '@medveil/encoding';
import { frame, unframe } from '../artefacts.js';
import { type Engine, type GT, GT_BYTES, type Scalar, SCALAR_BYTES } from '../engine/engine.js';
import { PreError } from '../errors.js';
import { hashToScalar } from '../hash.js';
import type { DelegateeKey, ReEncryptionStatement } from './api.js';
import { released } from './capsule.js';
import { checkContext, nonce } from './keys.js';
import {
  capsuleScalar, decodeCapsule, decodeDelegatee, decodeOwner, decodeSecret, decodeTransformed, judge, labelBase, labelScalar, maskSeed, type Suite,
} from './suite.js';

/** K = c1'^{1/b}; w ← nonce; T1 = Z^w, T2 = K^w; χ = H(…, K, T1, T2); s = w + χ·b. */
export function discloseCapsuleKey(suite: Suite, key: DelegateeKey, statement: ReEncryptionStatement, random: RandomBytes): Uint8Array {
  const { engine } = suite;
  const { gt, scalars } = engine;
  const { transformed } = checkedStatement(suite, statement);
  if (!equalBytes(key.publicKey, statement.delegateePublicKey)) {
    throw new PreError('pre/bad-disclosure', 'the capsule was re-encrypted for another delegatee');
  }
  const b = decodeSecret(engine, 'delegateeSecretKey', key.secret);
  const inverse = scalars.inv(b);
  const capsuleKey = gt.powSecret(transformed, inverse);
  scalars.erase(inverse);
  const encoded = gt.encode(capsuleKey);
  const w = nonce(engine, random, key.secret, encoded);
  const challenge = challengeOf(engine, statement, encoded, gt.powSecret(gt.generator, w), gt.powSecret(capsuleKey, w));
  const response = scalars.add(w, scalars.mul(challenge, b));
  scalars.erase(b);
  scalars.erase(w);
  return frame('disclosedKey', encoded, scalars.encode(challenge), scalars.encode(response));
}

/** T1 = Z^s·e(g, P2)^{−χ}; T2 = K^s·c1'^{−χ}: the challenge over them must be χ. */
export const verifyDisclosure = (suite: Suite, statement: ReEncryptionStatement, disclosure: Uint8Array): boolean =>
  judge(() => provedKey(suite, statement, disclosure) !== undefined);

/** seed = c2 ⊕ H2(K), and c1 = Q^{H3(seed, label, P1)}, after the proof. */
export function decapsulateDisclosed(suite: Suite, statement: ReEncryptionStatement, disclosure: Uint8Array): Uint8Array {
  const { engine } = suite;
  const capsuleKey = provedKey(suite, statement, disclosure);
  if (capsuleKey === undefined) throw new PreError('pre/bad-disclosure', 'the disclosed key is not proved to be that of this capsule');
  const { ownerPublicKey, label, capsule } = statement;
  const { c1, c2 } = decodeCapsule(engine, capsule);
  const seed = maskSeed(engine, capsuleKey, c2);
  const k = capsuleScalar(engine, seed, label, ownerPublicKey);
  const matches = engine.g1.equals(c1, engine.g1.pow(labelBase(suite, decodeOwner(engine, ownerPublicKey), label), k));
  engine.scalars.erase(k);
  return released(seed, matches);
}

/** @returns K, or undefined where the proof does not hold. @throws PreError of what is malformed */
function provedKey(suite: Suite, statement: ReEncryptionStatement, disclosure: Uint8Array): GT | undefined {
  const { engine } = suite;
  const { gt, scalars } = engine;
  const [encoded, challengeBytes, responseBytes] = unframe('disclosedKey', disclosure, [GT_BYTES, SCALAR_BYTES, SCALAR_BYTES]);
  const { transformed } = checkedStatement(suite, statement);
  const capsuleKey = gt.decode(encoded);
  const challenge = scalars.decode(challengeBytes);
  const response = scalars.decode(responseBytes);
  const minus = scalars.neg(challenge);
  const zb = engine.pair(engine.g1.generator, decodeDelegatee(engine, statement.delegateePublicKey));
  const first = gt.mul(suite.zPow(response), gt.pow(zb, minus));
  const second = gt.mul(gt.pow(capsuleKey, response), gt.pow(transformed, minus));
  const holds = scalars.isZero(scalars.sub(challenge, challengeOf(engine, statement, encoded, first, second)));
  return holds ? capsuleKey : undefined;
}

/** Every field of a statement in its form, and the mask unchanged by the re-encryption. @throws PreError */
function checkedStatement({ engine }: Suite, statement: ReEncryptionStatement): { readonly transformed: GT } {
  const { capsule, transformed, ownerPublicKey, label, claimId } = statement;
  checkContext(claimId);
  decodeOwner(engine, ownerPublicKey);
  labelScalar(engine, label);
  const after = decodeTransformed(engine, transformed);
  if (!equalBytes(decodeCapsule(engine, capsule).c2, after.c2)) throw new PreError('pre/bad-disclosure', 'the transformed capsule is not of this capsule');
  return { transformed: after.c1 };
}

function challengeOf(engine: Engine, statement: ReEncryptionStatement, capsuleKey: Uint8Array, first: GT, second: GT): Scalar {
  const { ownerPublicKey, delegateePublicKey, label, capsule, transformed, claimId } = statement;
  const bound = [ownerPublicKey, delegateePublicKey, label, capsule, transformed, claimId];
  return hashToScalar(engine, 'DISCLOSURE-PROOF', [...bound, capsuleKey, engine.gt.encode(first), engine.gt.encode(second)]);
}
