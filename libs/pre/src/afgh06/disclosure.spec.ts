import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { equalBytes } from '@medveil/encoding';
import fc from 'fast-check';
import { frame, unframe } from '../artefacts.js';
import { type GT, GT_BYTES, SCALAR_BYTES } from '../engine/engine.js';
import { hashToScalar } from '../hash.js';
import { DISCLOSED_KEY_BYTES, type ReEncryptionStatement } from '../index.js';
import { labelOf, makeParties, type Parties, statementOf } from '../testing/parties.js';
import { bothEngines, flipped, seededRandom } from '../testing/random.js';
import { refuses } from '../testing/refuses.js';

let all: readonly Parties[];
let parties: Parties;
let statement: ReEncryptionStatement;
let disclosure: Uint8Array;

/** Without the proof of re-encryption, which is the ledger's to check. */
const disputedOf = (of: Parties): ReEncryptionStatement => {
  const { proof: _, ...disputed } = statementOf(of);
  return disputed;
};

before(async () => {
  all = (await bothEngines()).map((engine) => makeParties(engine, 'disclosure'));
  [parties] = all as [Parties];
  statement = disputedOf(parties);
  disclosure = parties.scheme.discloseCapsuleKey(parties.delegatee, statement, parties.random);
});

/** An institution that claims K for the capsule, by whatever witness it has. */
function claimedBy(key: GT, exponent: bigint | 'b'): Uint8Array {
  const { engine, delegatee } = parties;
  const { gt, scalars } = engine;
  const w = scalars.fromInt(77);
  const secret = exponent === 'b' ? scalars.decode(delegatee.secret.subarray(1)) : scalars.fromInt(Number(exponent));
  const { ownerPublicKey, delegateePublicKey, label, capsule, transformed, claimId } = statement;
  const encoded = gt.encode(key);
  const bound = [ownerPublicKey, delegateePublicKey, label, capsule, transformed, claimId, encoded];
  const challenge = hashToScalar(engine, 'DISCLOSURE-PROOF', [...bound, gt.encode(gt.pow(gt.generator, w)), gt.encode(gt.pow(key, w))]);
  return frame('disclosedKey', encoded, scalars.encode(challenge), scalars.encode(scalars.add(w, scalars.mul(challenge, secret))));
}

describe('a disclosed capsule key', () => {
  it('gives the seed to whoever has it, and both engines make the same bytes', () => {
    const disclosures = all.map((of) => of.scheme.discloseCapsuleKey(of.delegatee, disputedOf(of), seededRandom('one')));
    assert.equal(disclosures[0]?.length, DISCLOSED_KEY_BYTES);
    for (const bytes of disclosures) assert.deepEqual(bytes, disclosures[0]);
    for (const of of all) {
      assert.ok(of.scheme.verifyDisclosure({ ...disputedOf(of), disclosure }));
      assert.deepEqual(of.scheme.decapsulateDisclosed({ ...disputedOf(of), disclosure }), parties.seed);
    }
  });

  it('is right for any keys and label: what the delegatee reads, the auditor reads', () => {
    const { scheme } = parties;
    fc.assert(fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.integer({ min: 1, max: 0xffff_ffff }), (entropy, version) => {
      const random = seededRandom(Buffer.from(entropy).toString('hex'));
      const owner = scheme.ownerKeyFromSeed(random(32));
      const delegatee = scheme.delegateeKeyFromSeed(random(32));
      const label = labelOf({ version });
      const { capsule, seed } = scheme.encapsulate(owner.publicKey, label, random);
      const transformed = scheme.reEncrypt(capsule, scheme.reKeyGen(owner, label, delegatee.publicKey));
      const disputed = { capsule, transformed, ownerPublicKey: owner.publicKey, delegateePublicKey: delegatee.publicKey, label, claimId: random(16) };
      const disclosed = scheme.discloseCapsuleKey(delegatee, disputed, random);
      assert.deepEqual(scheme.decapsulateDisclosed({ ...disputed, disclosure: disclosed }), seed);
    }), { numRuns: 8 });
  });

  it('shows neither the delegatee key nor the same bytes twice', () => {
    const { scheme, delegatee, random } = parties;
    const again = scheme.discloseCapsuleKey(delegatee, statement, random);
    assert.equal(equalBytes(again, disclosure), false);
    assert.equal(Buffer.from(again).includes(Buffer.from(delegatee.secret.subarray(1))), false);
  });

  it('convinces of nothing else than it says: no other capsule, party, label or claim', () => {
    const { scheme, owner, delegatee, label, random } = parties;
    const other = scheme.encapsulate(owner.publicKey, label, random).capsule;
    const otherTransformed = scheme.reEncrypt(other, scheme.reKeyGen(owner, label, delegatee.publicKey));
    const changes: readonly Partial<ReEncryptionStatement>[] = [
      { capsule: other },
      { transformed: otherTransformed },
      { capsule: other, transformed: otherTransformed },
      { ownerPublicKey: scheme.ownerKeyFromSeed(random(32)).publicKey },
      { delegateePublicKey: scheme.delegateeKeyFromSeed(random(32)).publicKey },
      { label: labelOf({ part: 'conditions' }) },
      { label: labelOf({ version: 2 }) },
      { claimId: new Uint8Array(32) },
      { claimId: new Uint8Array(257) },
      { claimId: 'not bytes' as unknown as Uint8Array },
    ];
    for (const change of changes) {
      assert.equal(scheme.verifyDisclosure({ ...statement, ...change, disclosure }), false);
      refuses(() => scheme.decapsulateDisclosed({ ...statement, ...change, disclosure }));
    }
  });

  it('cannot be another key, by which an honest capsule would look dishonest', () => {
    const { engine: { gt, scalars }, scheme } = parties;
    const [key] = unframe('disclosedKey', disclosure, [GT_BYTES, SCALAR_BYTES, SCALAR_BYTES]);
    const twice = gt.pow(gt.decode(key), scalars.fromInt(2));
    const forgeries = [claimedBy(twice, 'b'), claimedBy(gt.generator, 'b'), claimedBy(gt.decode(key), 5n), claimedBy(twice, 5n)];
    for (const forged of forgeries) {
      assert.equal(scheme.verifyDisclosure({ ...statement, disclosure: forged }), false);
      refuses(() => scheme.decapsulateDisclosed({ ...statement, disclosure: forged }), 'pre/bad-disclosure');
    }
    // The forger's arithmetic is right: with the true key and the true secret it convinces.
    assert.ok(scheme.verifyDisclosure({ ...statement, disclosure: claimedBy(gt.decode(key), 'b') }));
  });

  it('does not survive a changed bit', () => {
    const { scheme } = parties;
    fc.assert(fc.property(fc.nat(DISCLOSED_KEY_BYTES * 8 - 1), (bit) => !scheme.verifyDisclosure({ ...statement, disclosure: flipped(disclosure, bit) })), { numRuns: 25 });
  });

  it('tells a dishonest owner from a dishonest institution', () => {
    const { scheme, delegatee, owner, reKey, label, random } = parties;
    const other = scheme.encapsulate(owner.publicKey, label, random).capsule;
    // The owner puts one capsule's point beside another's mask: well-formed, and re-encrypted by an honest proxy.
    const capsule = Uint8Array.of(...other.subarray(0, 49), ...parties.capsule.subarray(49));
    const disputed = { ...statement, capsule, transformed: scheme.reEncrypt(capsule, reKey) };
    const disclosed = scheme.discloseCapsuleKey(delegatee, disputed, random);
    refuses(() => scheme.decapsulateDelegated(delegatee, owner.publicKey, label, disputed.transformed), 'pre/check-failed');
    assert.ok(scheme.verifyDisclosure({ ...disputed, disclosure: disclosed }));
    refuses(() => scheme.decapsulateDisclosed({ ...disputed, disclosure: disclosed }), 'pre/check-failed');
    refuses(() => scheme.decapsulateDisclosed({ ...disputed, disclosure }), 'pre/bad-disclosure');
  });

  it('is made by the addressee only', () => {
    const { scheme, random } = parties;
    const rival = scheme.delegateeKeyFromSeed(random(32));
    refuses(() => scheme.discloseCapsuleKey(rival, statement, random), 'pre/bad-disclosure');
    const stolen = scheme.discloseCapsuleKey(rival, { ...statement, delegateePublicKey: rival.publicKey }, random);
    assert.equal(scheme.verifyDisclosure({ ...statement, disclosure: stolen }), false);
  });
});
