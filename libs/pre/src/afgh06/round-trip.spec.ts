import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import fc from 'fast-check';
import { type Afgh06, encodeLabel, KIND } from '../index.js';
import * as artefacts from '../artefacts.js';
import { labelOf, makeParties, type Parties } from '../testing/parties.js';
import { bothEngines, seededRandom } from '../testing/random.js';
import { refuses } from '../testing/refuses.js';

let parties: readonly Parties[];
let mcl: Afgh06;
before(async () => {
  const engines = await bothEngines();
  parties = engines.map((engine) => makeParties(engine));
  mcl = (parties[0] as Parties).scheme;
});

describe('afgh06', () => {
  it('gives the seed to the owner and, by re-encryption, to the delegatee', () => {
    for (const { scheme, owner, delegatee, label, seed, capsule, reKey, transformed } of parties) {
      assert.deepEqual(scheme.decapsulate(owner, label, capsule), seed);
      assert.ok(scheme.checkReKey(owner.publicKey, label, delegatee.publicKey, reKey));
      assert.deepEqual(scheme.decapsulateDelegated(delegatee, owner.publicKey, label, transformed), seed);
    }
  });

  it('makes the same bytes on both engines', () => {
    const [fast, reference] = parties.map(({ owner, delegatee, seed, capsule, reKey, transformed, proof }) =>
      ({ owner, delegatee, seed, capsule, reKey, transformed, proof }));
    assert.deepEqual(fast, reference);
  });

  it('works for any keys, labels and records', () => {
    const seeds = fc.uint8Array({ minLength: 32, maxLength: 32 });
    const part = fc.stringMatching(/^[a-z][a-z0-9-]{0,31}$/);
    fc.assert(fc.property(seeds, seeds, seeds, part, fc.integer({ min: 1 }), (ownerSeed, delegateeSeed, record, name, version) => {
      const random = seededRandom(name);
      const label = encodeLabel({ chainId: 'c', record, part: name, version });
      const owner = mcl.ownerKeyFromSeed(ownerSeed);
      const delegatee = mcl.delegateeKeyFromSeed(delegateeSeed);
      const { seed, capsule } = mcl.encapsulate(owner.publicKey, label, random);
      const transformed = mcl.reEncrypt(capsule, mcl.reKeyGen(owner, label, delegatee.publicKey));
      assert.deepEqual(mcl.decapsulate(owner, label, capsule), seed);
      assert.deepEqual(mcl.decapsulateDelegated(delegatee, owner.publicKey, label, transformed), seed);
    }), { numRuns: 20 });
  });

  it('does the same in its batch forms', () => {
    for (const { scheme, owner, delegatee, label, capsule, reKey, transformed } of parties) {
      assert.deepEqual(scheme.reKeyMaker(owner, delegatee.publicKey)(label), reKey);
      assert.deepEqual(scheme.reEncryptor(reKey)(capsule), transformed);
      const make = scheme.encapsulator(owner.publicKey);
      assert.deepEqual(make(label, seededRandom('batch')), scheme.encapsulate(owner.publicKey, label, seededRandom('batch')));
    }
  });

  it('keeps to the sizes and kinds it documents', () => {
    const { owner, delegatee, capsule, reKey, transformed, proof } = parties[0] as Parties;
    const made = [
      [owner.publicKey, KIND.ownerPublicKey, artefacts.OWNER_PUBLIC_KEY_BYTES],
      [delegatee.publicKey, KIND.delegateePublicKey, artefacts.DELEGATEE_PUBLIC_KEY_BYTES],
      [owner.secret, KIND.ownerSecretKey, artefacts.SECRET_KEY_BYTES],
      [delegatee.secret, KIND.delegateeSecretKey, artefacts.SECRET_KEY_BYTES],
      [capsule, KIND.capsule, artefacts.CAPSULE_BYTES],
      [reKey, KIND.reKey, artefacts.RE_KEY_BYTES],
      [transformed, KIND.transformedCapsule, artefacts.TRANSFORMED_CAPSULE_BYTES],
      [proof, KIND.reEncryptionProof, artefacts.RE_ENCRYPTION_PROOF_BYTES],
      [mcl.proveOwnerKey(owner, new Uint8Array(), seededRandom('o')), KIND.ownerKeyProof, artefacts.KEY_PROOF_BYTES],
      [mcl.proveDelegateeKey(delegatee, new Uint8Array(), seededRandom('d')), KIND.delegateeKeyProof, artefacts.KEY_PROOF_BYTES],
    ] as const;
    for (const [bytes, kind, size] of made) {
      assert.equal(bytes[0], kind);
      assert.equal(bytes.length, size);
    }
  });

  it('makes a fresh seed and capsule each time', () => {
    const { owner, label } = parties[0] as Parties;
    const random = seededRandom('fresh');
    const [first, second] = [mcl.encapsulate(owner.publicKey, label, random), mcl.encapsulate(owner.publicKey, label, random)];
    assert.notDeepEqual(first.seed, second.seed);
    assert.notDeepEqual(first.capsule, second.capsule);
  });

  it('makes a key useless once erased', () => {
    const { capsule, label } = parties[0] as Parties;
    const key = mcl.ownerKeyFromSeed(seededRandom('erase')(32));
    mcl.eraseKey(key);
    assert.ok(key.secret.every((byte) => byte === 0));
    refuses(() => mcl.decapsulate(key, label, capsule), 'pre/bad-kind');
  });

  it('derives owner and delegatee keys of one seed independently', () => {
    const seed = seededRandom('one seed')(32);
    const owner = mcl.ownerKeyFromSeed(seed);
    const delegatee = mcl.delegateeKeyFromSeed(seed);
    assert.notDeepEqual(owner.secret.subarray(1), delegatee.secret.subarray(1));
    mcl.refuseRelatedKeys(owner.publicKey, delegatee.publicKey);
  });

  it('takes only seeds of 32 bytes', () => {
    refuses(() => mcl.ownerKeyFromSeed(undefined as unknown as Uint8Array), 'pre/bad-length');
    for (const length of [0, 16, 31, 33, 64]) {
      refuses(() => mcl.ownerKeyFromSeed(new Uint8Array(length)), 'pre/bad-length');
      refuses(() => mcl.delegateeKeyFromSeed(new Uint8Array(length)), 'pre/bad-length');
    }
  });

  it('takes only labels of a bounded size', () => {
    const { owner } = parties[0] as Parties;
    for (const label of [new Uint8Array(0), new Uint8Array(257), undefined as unknown as Uint8Array]) {
      refuses(() => mcl.encapsulate(owner.publicKey, label, seededRandom('l')), 'pre/bad-label');
      refuses(() => mcl.encapsulator(owner.publicKey)(label, seededRandom('l')), 'pre/bad-label');
    }
    assert.ok(labelOf().length <= 256);
  });
});
