/**
 * Threshold re-encryption (docs/scheme.md, section 5): f of degree t − 1 with f(0) = 1/(a+τ), rk_i = P2^{f(i)}.
 * The commitments stand on base Q: on base h they would publish the label's key h^{f(0)}.
 */
import type { RandomBytes } from '@medveil/encoding';
import { frame, unframe } from '../artefacts.js';
import { type Engine, G1_BYTES, type G1, G2_BYTES, type G2, type GT, GT_BYTES, SCALAR_BYTES, type Scalar } from '../engine/engine.js';
import { PreError } from '../errors.js';
import { hashToScalar } from '../hash.js';
import type { CombinedCapsule, Contribution, OwnerKey, SharedStatement, SplitReKey } from './api.js';
import { checkContext, refuseOwnTwin } from './keys.js';
import { decodeCapsule, decodeDelegatee, decodeOwner, judge, labelBase, labelKey, type Suite } from './suite.js';
import { proveWork, verifyWork, type WorkRelation } from './work-proof.js';

/** Bounds the work of a check. */
export const MAX_THRESHOLD = 32;
export const MAX_SHARES = 255;
/** A combination looks at no more contributions than there can be shares. */
const MAX_CONTRIBUTIONS = MAX_SHARES;

export function splitReKey(
  suite: Suite,
  ownerKey: OwnerKey,
  label: Uint8Array,
  delegateePublicKey: Uint8Array,
  { threshold, count }: { readonly threshold: number; readonly count: number },
  random: RandomBytes,
): SplitReKey {
  checkSharing(threshold, count);
  const { engine } = suite;
  const { g1, g2, scalars } = engine;
  const delegatee = decodeDelegatee(engine, delegateePublicKey);
  refuseOwnTwin(engine, ownerKey, delegatee);
  const base = labelBase(suite, decodeOwner(engine, ownerKey.publicKey), label);
  const coefficients = [labelKey(engine, ownerKey.secret, label)];
  for (let j = 1; j < threshold; j += 1) coefficients.push(hashToScalar(engine, 'SHARING', [random(32), ownerKey.secret, label, j]));
  const points = coefficients.slice(1).map((coefficient) => g1.encode(g1.powSecret(base, coefficient)));
  const shares = Array.from({ length: count }, (_, position) => {
    const exponent = evaluate(engine, coefficients, scalars.fromInt(position + 1));
    const share = frame('reKeyShare', Uint8Array.of(position + 1), g2.encode(g2.powSecret(delegatee, exponent)));
    scalars.erase(exponent);
    return share;
  });
  coefficients.forEach((coefficient) => scalars.erase(coefficient));
  return { commitments: frame('sharingCommitments', Uint8Array.of(threshold), ...points), shares };
}

function checkSharing(threshold: number, count: number): void {
  const allowed = Number.isInteger(threshold) && Number.isInteger(count) && threshold >= 2 && threshold <= MAX_THRESHOLD && count >= threshold && count <= MAX_SHARES;
  if (!allowed) throw new PreError('pre/bad-threshold', `t of n shares with 2 ≤ t ≤ ${MAX_THRESHOLD} and t ≤ n ≤ ${MAX_SHARES}`, { threshold, count });
}

/** Horner's rule. A share of zero would be the neutral element: probability 2^-255, and `powSecret` of it is refused by every decoder. */
function evaluate({ scalars }: Engine, coefficients: readonly Scalar[], x: Scalar): Scalar {
  return coefficients.reduceRight((sum, coefficient) => scalars.add(scalars.mul(sum, x), coefficient), scalars.fromInt(0));
}

interface Sharing {
  readonly threshold: number;
  /** A_1 … A_{t−1} */
  readonly points: readonly G1[];
}

function decodeCommitments({ g1 }: Engine, bytes: Uint8Array): Sharing {
  const threshold = bytes[1] ?? 0;
  const [, ...points] = unframe('sharingCommitments', bytes, [1, ...Array.from({ length: Math.max(threshold - 1, 0) }, () => G1_BYTES)]);
  checkSharing(threshold, MAX_SHARES);
  return { threshold, points: points.map((point) => g1.decode(point)) };
}

/** V_i = g · Π A_j^{i^j} = Q^{f(i)} */
function shareBase({ g1, scalars }: Engine, { points }: Sharing, index: number): G1 {
  const x = scalars.fromInt(index);
  const higher = points.reduceRight<G1 | undefined>((sum, point) => (sum === undefined ? point : g1.mul(g1.pow(sum, x), point)), undefined);
  return higher === undefined ? g1.generator : g1.mul(g1.pow(higher, x), g1.generator);
}

function decodeShare(engine: Engine, bytes: Uint8Array): { readonly index: number; readonly key: G2 } {
  const [index, key] = unframe('reKeyShare', bytes, [1, G2_BYTES]);
  return { index: checkedIndex(index), key: engine.g2.decode(key) };
}

function decodeTransformedShare(engine: Engine, bytes: Uint8Array): { readonly index: number; readonly value: GT } {
  const [index, value] = unframe('transformedShare', bytes, [1, GT_BYTES]);
  return { index: checkedIndex(index), value: engine.gt.decode(value) };
}

function checkedIndex(bytes: Uint8Array): number {
  const index = bytes[0] ?? 0;
  if (index === 0) throw new PreError('pre/bad-share', 'shares are numbered from 1', { index });
  return index;
}

export function checkReKeyShare(
  suite: Suite,
  ownerPublicKey: Uint8Array,
  label: Uint8Array,
  delegateePublicKey: Uint8Array,
  commitments: Uint8Array,
  share: Uint8Array,
): boolean {
  return judge(() => {
    const { engine } = suite;
    const { index, key } = decodeShare(engine, share);
    const base = labelBase(suite, decodeOwner(engine, ownerPublicKey), label);
    const against = engine.g1.inv(shareBase(engine, decodeCommitments(engine, commitments), index));
    return engine.gt.isIdentity(engine.pairProduct([[base, key], [against, decodeDelegatee(engine, delegateePublicKey)]]));
  });
}

export function reEncryptShare(suite: Suite, statement: SharedStatement, share: Uint8Array, random: RandomBytes): Contribution {
  const { engine } = suite;
  const { index, key } = decodeShare(engine, share);
  const value = engine.pair(decodeCapsule(engine, statement.capsule).c1, key);
  const transformed = frame('transformedShare', Uint8Array.of(index), engine.gt.encode(value));
  const relation = shareRelation(suite, prepare(suite, statement), { index, value, transformed });
  return { transformed, proof: frame('shareProof', ...proveWork(engine, relation, key, random)) };
}

/** The statement decoded once for all its contributions. */
interface Prepared {
  readonly statement: SharedStatement;
  readonly c1: G1;
  readonly c2: Uint8Array;
  readonly base: G1;
  readonly delegatee: G2;
  readonly sharing: Sharing;
}

function prepare(suite: Suite, statement: SharedStatement): Prepared {
  const { engine } = suite;
  checkContext(statement.claimId);
  return {
    statement,
    ...decodeCapsule(engine, statement.capsule),
    base: labelBase(suite, decodeOwner(engine, statement.ownerPublicKey), statement.label),
    delegatee: decodeDelegatee(engine, statement.delegateePublicKey),
    sharing: decodeCommitments(engine, statement.commitments),
  };
}

interface ShareOfWork {
  readonly index: number;
  readonly value: GT;
  readonly transformed: Uint8Array;
}

function shareRelation({ engine }: Suite, { statement, c1, base, delegatee, sharing }: Prepared, work: ShareOfWork): WorkRelation {
  const { capsule, ownerPublicKey, delegateePublicKey, label, commitments, claimId } = statement;
  return {
    c1,
    transformed: work.value,
    labelBase: base,
    shareBase: shareBase(engine, sharing, work.index),
    delegatee,
    purpose: 'SHARE-PROOF',
    bound: [ownerPublicKey, delegateePublicKey, label, commitments, capsule, work.transformed, claimId],
  };
}

/** @returns the share of work, or undefined where it does not verify */
function judged(suite: Suite, prepared: Prepared, { transformed, proof }: Contribution): ShareOfWork | undefined {
  let work: ShareOfWork | undefined;
  const good = judge(() => {
    const [challenge, response] = unframe('shareProof', proof, [SCALAR_BYTES, G2_BYTES]);
    work = { ...decodeTransformedShare(suite.engine, transformed), transformed };
    return verifyWork(suite.engine, shareRelation(suite, prepared, work), challenge, response);
  });
  return good ? work : undefined;
}

export function verifyContribution(suite: Suite, statement: SharedStatement, contribution: Contribution): boolean {
  return judge(() => judged(suite, prepare(suite, statement), contribution) !== undefined);
}

export function combineContributions(suite: Suite, statement: SharedStatement, contributions: readonly Contribution[]): CombinedCapsule {
  if (contributions.length > MAX_CONTRIBUTIONS) {
    throw new PreError('pre/bad-threshold', 'more contributions than there can be shares', { given: contributions.length, allowed: MAX_CONTRIBUTIONS });
  }
  const prepared = prepare(suite, statement);
  const good = new Map<number, GT>();
  const bad: number[] = [];
  contributions.forEach((contribution, position) => {
    const work = judged(suite, prepared, contribution);
    if (work === undefined || good.has(work.index)) bad.push(position);
    else good.set(work.index, work.value);
  });
  const { threshold } = prepared.sharing;
  if (good.size < threshold) {
    throw new PreError('pre/bad-threshold', 'too few good contributions', { good: good.size, needed: threshold, bad: bad.join(',') });
  }
  const { gt } = suite.engine;
  const chosen = [...good].slice(0, threshold);
  const indices = chosen.map(([index]) => index);
  const c1 = chosen
    .map(([index, value]) => gt.pow(value, lagrangeAtZero(suite.engine, index, indices)))
    .reduce((product, factor) => gt.mul(product, factor));
  return { transformed: frame('transformedCapsule', gt.encode(c1), prepared.c2), bad };
}

/** λ_i = Π_{j ≠ i} j / (j − i) */
function lagrangeAtZero({ scalars }: Engine, index: number, indices: readonly number[]): Scalar {
  const others = indices.filter((other) => other !== index);
  const product = (values: readonly Scalar[]): Scalar => values.reduce((all, value) => scalars.mul(all, value), scalars.fromInt(1));
  const numerator = product(others.map((other) => scalars.fromInt(other)));
  const denominator = product(others.map((other) => scalars.sub(scalars.fromInt(other), scalars.fromInt(index))));
  return scalars.mul(numerator, scalars.inv(denominator));
}
