import type { RandomBytes } from '@medveil/encoding';
import { frame, SEED_BYTES, unframe } from '../artefacts.js';
import { type Engine, type G2, type Group, type Scalar, SCALAR_BYTES } from '../engine/engine.js';
import { givenLength, PreError } from '../errors.js';
import { deriveScalar, hashToScalar } from '../hash.js';
import type { DelegateeKey, OwnerKey } from './api.js';
import { decodeDelegatee, decodeOwner, decodeSecret, judge, type Suite } from './suite.js';

const OWNER_CONTEXT = 'medveil/pre/owner-key/1';
const DELEGATEE_CONTEXT = 'medveil/pre/delegatee-key/1';
/** Contexts of proofs and claim ids. */
export const MAX_CONTEXT_BYTES = 256;

export function ownerKeyFromSeed({ engine }: Suite, seed: Uint8Array): OwnerKey {
  const secret = deriveScalar(engine, checkedSeed(seed), OWNER_CONTEXT);
  const publicKey = frame('ownerPublicKey', engine.g1.encode(engine.g1.powSecret(engine.g1.generator, secret)));
  return { role: 'owner', secret: frameSecret(engine, 'ownerSecretKey', secret), publicKey };
}

export function delegateeKeyFromSeed({ engine }: Suite, seed: Uint8Array): DelegateeKey {
  const secret = deriveScalar(engine, checkedSeed(seed), DELEGATEE_CONTEXT);
  const publicKey = frame('delegateePublicKey', engine.g2.encode(engine.g2.powSecret(engine.g2.generator, secret)));
  return { role: 'delegatee', secret: frameSecret(engine, 'delegateeSecretKey', secret), publicKey };
}

function frameSecret(engine: Engine, kind: 'ownerSecretKey' | 'delegateeSecretKey', secret: Scalar): Uint8Array {
  const encoded = engine.scalars.encode(secret);
  engine.scalars.erase(secret);
  const framed = frame(kind, encoded);
  encoded.fill(0);
  return framed;
}

function checkedSeed(seed: Uint8Array): Uint8Array {
  if (!(seed instanceof Uint8Array) || seed.length !== SEED_BYTES) {
    throw new PreError('pre/bad-length', `a key seed is ${SEED_BYTES} bytes`, { given: givenLength(seed), expected: SEED_BYTES });
  }
  return seed;
}

export function checkContext(context: Uint8Array): void {
  if (!(context instanceof Uint8Array) || context.length > MAX_CONTEXT_BYTES) {
    throw new PreError('pre/bad-length', `a context is at most ${MAX_CONTEXT_BYTES} bytes`, { given: givenLength(context), allowed: MAX_CONTEXT_BYTES });
  }
}

/** A one-time scalar that stays unpredictable where the randomness fails, since the secret goes in too. */
export const nonce = (engine: Engine, random: RandomBytes, secret: Uint8Array, message: Uint8Array): Scalar =>
  hashToScalar(engine, 'NONCE', [random(32), secret, message]);

interface KeyProofKind<P> {
  readonly proof: 'ownerKeyProof' | 'delegateeKeyProof';
  readonly secret: 'ownerSecretKey' | 'delegateeSecretKey';
  readonly purpose: 'OWNER-KEY-PROOF' | 'DELEGATEE-KEY-PROOF';
  readonly group: Group<P>;
}

const ownerProof = ({ g1 }: Engine) =>
  ({ proof: 'ownerKeyProof', secret: 'ownerSecretKey', purpose: 'OWNER-KEY-PROOF', group: g1 }) as const;
const delegateeProof = ({ g2 }: Engine) =>
  ({ proof: 'delegateeKeyProof', secret: 'delegateeSecretKey', purpose: 'DELEGATEE-KEY-PROOF', group: g2 }) as const;

export const proveOwnerKey = ({ engine }: Suite, key: OwnerKey, context: Uint8Array, random: RandomBytes): Uint8Array =>
  proveKey(engine, ownerProof(engine), key, context, random);

export const proveDelegateeKey = ({ engine }: Suite, key: DelegateeKey, context: Uint8Array, random: RandomBytes): Uint8Array =>
  proveKey(engine, delegateeProof(engine), key, context, random);

export const verifyOwnerKey = ({ engine }: Suite, publicKey: Uint8Array, proof: Uint8Array, context: Uint8Array): boolean =>
  judge(() => verifyKey(engine, ownerProof(engine), { publicKey, point: decodeOwner(engine, publicKey), proof, context }));

export const verifyDelegateeKey = ({ engine }: Suite, publicKey: Uint8Array, proof: Uint8Array, context: Uint8Array): boolean =>
  judge(() => verifyKey(engine, delegateeProof(engine), { publicKey, point: decodeDelegatee(engine, publicKey), proof, context }));

/** Schnorr: R = g^w, χ = H(P, R, context), s = w + χ·a. */
function proveKey<P>(
  engine: Engine,
  kind: KeyProofKind<P>,
  key: OwnerKey | DelegateeKey,
  context: Uint8Array,
  random: RandomBytes,
): Uint8Array {
  checkContext(context);
  const { scalars } = engine;
  const secret = decodeSecret(engine, kind.secret, key.secret);
  const w = nonce(engine, random, key.secret, context);
  const commitment = kind.group.encode(kind.group.powSecret(kind.group.generator, w));
  const challenge = hashToScalar(engine, kind.purpose, [key.publicKey, commitment, context]);
  const response = scalars.add(w, scalars.mul(challenge, secret));
  scalars.erase(secret);
  scalars.erase(w);
  return frame(kind.proof, scalars.encode(challenge), scalars.encode(response));
}

interface KeyProofStatement<P> {
  readonly publicKey: Uint8Array;
  readonly point: P;
  readonly proof: Uint8Array;
  readonly context: Uint8Array;
}

function verifyKey<P>(engine: Engine, kind: KeyProofKind<P>, { publicKey, point, proof, context }: KeyProofStatement<P>): boolean {
  checkContext(context);
  const { scalars } = engine;
  const [first, second] = unframe(kind.proof, proof, [SCALAR_BYTES, SCALAR_BYTES]);
  const challenge = scalars.decode(first);
  const response = scalars.decode(second);
  const { group } = kind;
  const commitment = group.mul(group.pow(group.generator, response), group.pow(point, scalars.neg(challenge)));
  const expected = hashToScalar(engine, kind.purpose, [publicKey, group.encode(commitment), context]);
  return scalars.isZero(scalars.sub(challenge, expected));
}

/** e(P1, h) = e(g, P2) means a = b: with it the proxy alone would read the owner's records. */
export function refuseRelatedKeys({ engine }: Suite, ownerPublicKey: Uint8Array, delegateePublicKey: Uint8Array): void {
  const { g1, g2, gt } = engine;
  const owner = decodeOwner(engine, ownerPublicKey);
  const delegatee = decodeDelegatee(engine, delegateePublicKey);
  if (gt.isIdentity(engine.pairProduct([[owner, g2.generator], [g1.inv(g1.generator), delegatee]]))) throw relatedKeys();
}

const relatedKeys = (): PreError => new PreError('pre/related-keys', 'an owner key and a delegatee key with one secret');

/** The same refusal where the owner delegates: h^a = P2. @throws PreError `pre/related-keys` */
export function refuseOwnTwin(engine: Engine, ownerKey: OwnerKey, delegatee: G2): void {
  const { g2, scalars } = engine;
  const a = decodeSecret(engine, 'ownerSecretKey', ownerKey.secret);
  const related = g2.equals(g2.powSecret(g2.generator, a), delegatee);
  scalars.erase(a);
  if (related) throw relatedKeys();
}
