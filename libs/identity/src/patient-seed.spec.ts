import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { toHex } from '@medveil/encoding';
import fc from 'fast-check';
import { BN254_SCALAR_ORDER, derivePatientKeys } from './patient-seed.js';
import { bytesOf, coded } from './spec-support.js';

describe('keys from one seed', () => {
  it('come back the same from the seed alone', () => {
    const [before, after] = [derivePatientKeys(bytesOf('seed')), derivePatientKeys(bytesOf('seed'))];
    assert.deepEqual(after.enrolment, before.enrolment);
    assert.deepEqual(after.pseudonym(7), before.pseudonym(7));
    assert.deepEqual(after.record(3), before.record(3));
    assert.equal(after.idSecret, before.idSecret);
    assert.deepEqual(after.secret('database', 0), before.secret('database', 0));
  });

  it('stay what they are: a format that patients’ backups rest on', () => {
    const keys = derivePatientKeys(new Uint8Array(32));
    assert.equal(toHex(keys.enrolment.publicKey), '168a6ee43765e69816af8052787d32ce4a4d79f104622d2257dc6330fc49b503');
    assert.equal(toHex(keys.pseudonym(1).account.publicKey), 'de68358e5d81b9c943bcc68de084f65c1641f501421f9b735f7fff832fcbcb9e');
    assert.equal(toHex(keys.pseudonym(1).ownerSeed), '3fea1f623565d32aa14ab4b15c8ef8a8325c06c0c60f1bcfaafeeb70bd50db8e');
    assert.equal(keys.idSecret, 19373109286915779621475029217010245916816062499477429353589954577788353585117n);
    assert.equal(toHex(keys.record(2).recordSecret), '8c61246866b328e40070d7833ba6e1f6924e5096a7561c9a9d44ad2991c183db');
  });

  it('are all different: purposes, indices and seeds', () => {
    const all = [...everythingOf('one'), ...everythingOf('two')];
    assert.equal(new Set(all).size, all.length);
  });

  it('give field elements of the circuits’ field, never zero', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.nat(), (seed, index) => {
        const keys = derivePatientKeys(seed);
        for (const scalar of [keys.idSecret, keys.record(index).blinding]) assert.ok(scalar > 0n && scalar < BN254_SCALAR_ORDER);
      }),
      { numRuns: 50 },
    );
  });

  it('refuse a seed of another size and an impossible index', () => {
    assert.throws(() => derivePatientKeys(new Uint8Array(31)), coded('identity/bad-key'));
    for (const index of [-1, 0.5, Number.NaN, 2 ** 53]) {
      assert.throws(() => derivePatientKeys(bytesOf('seed')).pseudonym(index), coded('identity/bad-input'));
    }
  });
});

/** Every secret that is derived from a seed, in hexadecimal. */
function everythingOf(seed: string): string[] {
  const keys = derivePatientKeys(bytesOf(seed));
  const numbered = [0, 1, 2].flatMap((index) => {
    const { account, ownerSeed, delegateeSeed } = keys.pseudonym(index);
    return [account.secretKey, ownerSeed, delegateeSeed, keys.record(index).recordSecret, keys.secret('a', index), keys.secret('b', index)];
  });
  return [keys.enrolment.secretKey, keys.hpkeSeed, keys.viewKey, ...numbered].map(toHex);
}
