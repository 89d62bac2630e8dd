import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import fc from 'fast-check';
import { frame, unframe } from '../artefacts.js';
import { G1_BYTES, G2_BYTES, GT_BYTES, SCALAR_BYTES } from '../engine/engine.js';
import { hashToScalar } from '../hash.js';
import { type DelegateeKey, type OwnerKey, RE_KEY_BYTES } from '../index.js';
import { labelOf, makeParties, type Parties, statementOf } from '../testing/parties.js';
import { bothEngines, flipped } from '../testing/random.js';
import { refuses } from '../testing/refuses.js';
import { maskSeed } from './suite.js';

let parties: Parties;
let stranger: OwnerKey;
let rival: DelegateeKey;
before(async () => {
  const [engine] = await bothEngines();
  assert.ok(engine);
  parties = makeParties(engine, 'adversaries');
  stranger = parties.scheme.ownerKeyFromSeed(parties.random(32));
  rival = parties.scheme.delegateeKeyFromSeed(parties.random(32));
});

const otherLabels = (): Uint8Array[] => [
  labelOf({ version: 2 }),
  labelOf({ part: 'conditions' }),
  labelOf({ chainId: 'other-chain' }),
  labelOf({ record: new Uint8Array(32).fill(8) }),
];

describe('a capsule', () => {
  it('opens to no other owner and under no other label', () => {
    const { scheme, owner, label, capsule } = parties;
    refuses(() => scheme.decapsulate(stranger, label, capsule), 'pre/check-failed');
    for (const other of otherLabels()) refuses(() => scheme.decapsulate(owner, other, capsule), 'pre/check-failed');
  });

  it('does not open once any bit is changed', () => {
    const { scheme, owner, label, capsule } = parties;
    fc.assert(fc.property(fc.nat(capsule.length * 8 - 1), (bit) => refuses(() => scheme.decapsulate(owner, label, flipped(capsule, bit)))), { numRuns: 40 });
  });

  it('does not open with a point that is valid but not the one sealed', () => {
    const { scheme, owner, label, capsule, random } = parties;
    const other = scheme.encapsulate(owner.publicKey, label, random).capsule;
    const mixed = Uint8Array.of(...other.subarray(0, 49), ...capsule.subarray(49));
    refuses(() => scheme.decapsulate(owner, label, mixed), 'pre/check-failed');
  });
});

describe('a transformed capsule', () => {
  it('opens to no other delegatee, under no other label, for no other owner', () => {
    const { scheme, owner, delegatee, label, transformed } = parties;
    refuses(() => scheme.decapsulateDelegated(rival, owner.publicKey, label, transformed), 'pre/check-failed');
    refuses(() => scheme.decapsulateDelegated(delegatee, stranger.publicKey, label, transformed), 'pre/check-failed');
    for (const other of otherLabels()) refuses(() => scheme.decapsulateDelegated(delegatee, owner.publicKey, other, transformed), 'pre/check-failed');
  });

  it('shows a cheating proxy', () => {
    const { engine, scheme, owner, delegatee, label, capsule, transformed } = parties;
    const { gt, scalars } = engine;
    const [c1, c2] = unframe('transformedCapsule', transformed, [GT_BYTES, 32]);
    const scaled = gt.encode(gt.pow(gt.decode(c1), scalars.fromInt(2)));
    const unrelated = gt.encode(gt.pow(gt.generator, scalars.fromInt(12_345)));
    for (const forged of [scaled, unrelated]) {
      refuses(() => scheme.decapsulateDelegated(delegatee, owner.publicKey, label, frame('transformedCapsule', forged, c2)), 'pre/check-failed');
    }
    refuses(() => scheme.decapsulateDelegated(delegatee, owner.publicKey, label, flipped(transformed, transformed.length * 8 - 1)), 'pre/check-failed');
    const wrongKey = scheme.reKeyGen(owner, labelOf({ version: 2 }), delegatee.publicKey);
    refuses(() => scheme.decapsulateDelegated(delegatee, owner.publicKey, label, scheme.reEncrypt(capsule, wrongKey)), 'pre/check-failed');
  });

  it('cannot be transformed again: single hop', () => {
    const { scheme, reKey, transformed } = parties;
    refuses(() => scheme.reEncrypt(transformed, reKey), 'pre/bad-length');
  });
});

describe('a re-encryption key', () => {
  it('passes its check for nothing but its owner, label and delegatee', () => {
    const { scheme, owner, delegatee, label, reKey } = parties;
    assert.equal(scheme.checkReKey(stranger.publicKey, label, delegatee.publicKey, reKey), false);
    assert.equal(scheme.checkReKey(owner.publicKey, label, rival.publicKey, reKey), false);
    for (const other of otherLabels()) assert.equal(scheme.checkReKey(owner.publicKey, other, delegatee.publicKey, reKey), false);
    assert.equal(scheme.checkReKey(owner.publicKey, label, delegatee.publicKey, scheme.reKeyGen(stranger, label, delegatee.publicKey)), false);
  });

  it('opens no other part to proxy and delegatee together', () => {
    const { scheme, owner, delegatee, reKey, random } = parties;
    for (const other of otherLabels()) {
      const { capsule } = scheme.encapsulate(owner.publicKey, other, random);
      const transformed = scheme.reEncrypt(capsule, reKey);
      refuses(() => scheme.decapsulateDelegated(delegatee, owner.publicKey, other, transformed), 'pre/check-failed');
    }
  });

  it('does not open anything in the other direction', () => {
    const { scheme, owner, delegatee, label, capsule } = parties;
    refuses(() => scheme.decapsulate({ ...owner, secret: Uint8Array.of(0x19, ...delegatee.secret.subarray(1)) }, label, capsule), 'pre/check-failed');
  });

  it('is not a public key, though both are one point', () => {
    const { scheme, owner, delegatee, label, capsule, reKey } = parties;
    assert.equal(delegatee.publicKey.length, RE_KEY_BYTES);
    refuses(() => scheme.reEncrypt(capsule, delegatee.publicKey), 'pre/bad-kind');
    refuses(() => scheme.reKeyGen(owner, label, reKey), 'pre/bad-kind');
  });
});

describe('a proof of right re-encryption', () => {
  it('convinces on both engines, and of nothing else than it says', () => {
    const { scheme, owner, delegatee, label, random } = parties;
    const statement = statementOf(parties);
    assert.ok(scheme.verifyReEncryption(statement));
    const otherCapsule = scheme.encapsulate(owner.publicKey, label, random).capsule;
    const otherTransformed = scheme.reEncrypt(otherCapsule, scheme.reKeyGen(owner, label, delegatee.publicKey));
    for (const change of [
      { capsule: otherCapsule },
      { transformed: otherTransformed },
      { capsule: otherCapsule, transformed: otherTransformed },
      { ownerPublicKey: stranger.publicKey },
      { delegateePublicKey: rival.publicKey },
      ...otherLabels().map((other) => ({ label: other })),
      { claimId: new Uint8Array(32) },
      { claimId: new Uint8Array(257) },
      { label: new Uint8Array(0) },
      { claimId: undefined as unknown as Uint8Array },
      { capsule: undefined as unknown as Uint8Array },
    ]) {
      assert.equal(scheme.verifyReEncryption({ ...statement, ...change }), false);
    }
  });

  it('is refused once any bit is changed', () => {
    const { scheme } = parties;
    const statement = statementOf(parties);
    fc.assert(fc.property(fc.nat(statement.proof.length * 8 - 1), (bit) =>
      assert.equal(scheme.verifyReEncryption({ ...statement, proof: flipped(statement.proof, bit) }), false)), { numRuns: 30 });
  });

  it('cannot be made with another key, nor for a mask that was changed', () => {
    const { scheme, owner, label, random } = parties;
    const statement = statementOf(parties);
    const reKey = scheme.reKeyGen(owner, label, rival.publicKey);
    const transformed = scheme.reEncrypt(statement.capsule, reKey);
    const proof = scheme.proveReEncryption({ ...statement, transformed, reKey }, random);
    assert.equal(scheme.verifyReEncryption({ ...statement, transformed, proof }), false);
    const masked = flipped(statement.transformed, statement.transformed.length * 8 - 1);
    const overMask = scheme.proveReEncryption({ ...statement, transformed: masked, reKey: parties.reKey }, random);
    assert.equal(scheme.verifyReEncryption({ ...statement, transformed: masked, proof: overMask }), false);
  });
});

/** Randomness that has failed. */
const stuck = (length: number): Uint8Array => new Uint8Array(length);

describe('proof of possession', () => {
  const context = new TextEncoder().encode('enrolment 17');

  it('convinces for its own key and context only', () => {
    const { scheme, owner, delegatee, random } = parties;
    const ownerProof = scheme.proveOwnerKey(owner, context, random);
    const delegateeProof = scheme.proveDelegateeKey(delegatee, context, random);
    assert.ok(scheme.verifyOwnerKey(owner.publicKey, ownerProof, context));
    assert.ok(scheme.verifyDelegateeKey(delegatee.publicKey, delegateeProof, context));
    assert.equal(scheme.verifyOwnerKey(stranger.publicKey, ownerProof, context), false);
    assert.equal(scheme.verifyDelegateeKey(rival.publicKey, delegateeProof, context), false);
    assert.equal(scheme.verifyOwnerKey(owner.publicKey, ownerProof, new Uint8Array(3)), false);
    assert.equal(scheme.verifyDelegateeKey(delegatee.publicKey, delegateeProof, new Uint8Array(3)), false);
    assert.equal(scheme.verifyOwnerKey(owner.publicKey, delegateeProof, context), false);
    assert.equal(scheme.verifyOwnerKey(owner.publicKey, ownerProof, new Uint8Array(257)), false);
  });

  it('is refused once any bit is changed', () => {
    const { scheme, owner, random } = parties;
    const proof = scheme.proveOwnerKey(owner, context, random);
    fc.assert(fc.property(fc.nat(proof.length * 8 - 1), (bit) =>
      assert.equal(scheme.verifyOwnerKey(owner.publicKey, flipped(proof, bit), context), false)), { numRuns: 30 });
  });

  it('does not give the secret away where the randomness repeats', () => {
    const { engine, scheme, owner } = parties;
    const [first, second] = ['a', 'b'].map((text) => {
      const [challenge, response] = unframe('ownerKeyProof', scheme.proveOwnerKey(owner, new TextEncoder().encode(text), stuck), [SCALAR_BYTES, SCALAR_BYTES]);
      return [engine.scalars.decode(challenge), engine.scalars.decode(response)] as const;
    });
    assert.ok(first && second);
    const { scalars } = engine;
    const solved = scalars.mul(scalars.sub(first[1], second[1]), scalars.inv(scalars.sub(first[0], second[0])));
    assert.notDeepEqual(scalars.encode(solved), owner.secret.slice(1));
  });
});

describe('related keys', () => {
  it('with one secret are refused at registration and at delegation', () => {
    const { engine, scheme, owner, label } = parties;
    const { g2, scalars } = engine;
    const twin = frame('delegateePublicKey', g2.encode(g2.pow(g2.generator, scalars.decode(owner.secret.subarray(1)))));
    refuses(() => scheme.refuseRelatedKeys(owner.publicKey, twin), 'pre/related-keys');
    refuses(() => scheme.reKeyGen(owner, label, twin), 'pre/related-keys');
  });

  /** docs/scheme.md, section 5: why a delegatee key needs a proof of possession, and owners publish nothing in G2. */
  it('let the proxy read alone where h^a is known and proofs of possession are skipped', () => {
    const { engine, scheme, owner, label, seed, capsule, random } = parties;
    const { g1, g2, scalars } = engine;
    const leaked = g2.pow(g2.generator, scalars.decode(owner.secret.subarray(1)));
    const delta = scalars.fromInt(1_000_003);
    const relatedKey = frame('delegateePublicKey', g2.encode(g2.mul(leaked, g2.pow(g2.generator, delta))));

    const reKey = scheme.reKeyGen(owner, label, relatedKey);
    assert.ok(scheme.checkReKey(owner.publicKey, label, relatedKey, reKey), 'the check of the key alone does not notice');

    // rk = h^{(a+δ)/(a+τ)} = h · h^{(δ−τ)/(a+τ)}, so (rk/h)^{1/(δ−τ)} = h^{1/(a+τ)}: the label's key.
    const tau = hashToScalar(engine, 'LABEL', [label]);
    const rk = g2.decode(unframe('reKey', reKey, [G2_BYTES])[0]);
    const labelKey = g2.pow(g2.mul(rk, g2.inv(g2.generator)), scalars.inv(scalars.sub(delta, tau)));
    const [c1, c2] = unframe('capsule', capsule, [G1_BYTES, 32]);
    assert.deepEqual(maskSeed(engine, engine.pair(g1.decode(c1), labelKey), c2), seed);

    // The key's maker knows δ but not a + δ: neither the owner's proof nor one made with δ passes.
    const context = new Uint8Array(1);
    const ownerProof = scheme.proveOwnerKey(owner, context, random);
    const recast = Uint8Array.of(0x18, ...ownerProof.subarray(1));
    const deltaKey: DelegateeKey = { role: 'delegatee', secret: frame('delegateeSecretKey', scalars.encode(delta)), publicKey: relatedKey };
    for (const forged of [ownerProof, recast, scheme.proveDelegateeKey(deltaKey, context, random)]) {
      assert.equal(scheme.verifyDelegateeKey(relatedKey, forged, context), false);
    }
  });
});
