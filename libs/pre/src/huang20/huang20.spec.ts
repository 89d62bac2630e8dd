import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import type { Engine, GT } from '../engine/engine.js';
import { bothEngines, seededRandom } from '../testing/random.js';
import {
  type Ciphertext, type Huang20, huang20, identityScalar, literalDecrypt, literalReEncrypt, literalReKeyGen, oneUserAttack, type ReKey, retarget, twoUsersAttack, type UserKey,
} from './index.js';

interface Setting {
  readonly engine: Engine;
  readonly scheme: Huang20;
  readonly patient: UserKey;
  readonly institution: UserKey;
  /** Registered users to whom nothing was delegated. */
  readonly outsiders: readonly [UserKey, UserKey];
  readonly message: GT;
  readonly ciphertext: Ciphertext;
  readonly reKey: ReKey;
}

let settings: readonly Setting[];
before(async () => {
  settings = (await bothEngines()).map(makeSetting);
});

function makeSetting(engine: Engine): Setting {
  const scheme = huang20(engine);
  const random = seededRandom('huang20');
  const { parameters, masterKey } = scheme.setup(random);
  const [patient, institution, first, second] = ['patient', 'institution', 'outsider 1', 'outsider 2'].map((name) => scheme.keyGen(masterKey, name, random));
  assert.ok(patient && institution && first && second);
  const message = engine.gt.pow(engine.gt.generator, engine.scalars.fromInt(424_242));
  const ciphertext = scheme.encrypt(parameters, 'patient', message, random);
  return { engine, scheme, patient, institution, outsiders: [first, second], message, ciphertext, reKey: scheme.reKeyGen(patient, 'institution', random) };
}

const inEach = (check: (setting: Setting) => void): void => settings.forEach(check);

describe('huang20 with its errata mended', () => {
  it('decrypts for the owner', () => inEach(({ engine, scheme, patient, ciphertext, message }) =>
    assert.ok(engine.gt.equals(scheme.decrypt(patient, ciphertext), message))));

  it('decrypts for the delegatee after re-encryption, and not before', () => inEach(({ engine, scheme, institution, ciphertext, reKey, message }) => {
    assert.ok(engine.gt.equals(scheme.decrypt(institution, scheme.reEncrypt(ciphertext, reKey)), message));
    assert.equal(engine.gt.equals(scheme.decrypt(institution, ciphertext), message), false);
  }));

  it('makes the same bytes on both engines', () => {
    const [fast, reference] = settings.map(({ scheme, ciphertext, reKey }) => scheme.encode(scheme.reEncrypt(ciphertext, reKey)));
    assert.deepEqual(fast, reference);
    assert.equal(fast?.length, 2 * 576 + 48 + 96);
  });
});

describe('the formulas as printed', () => {
  it('do not decrypt for the owner', () => inEach(({ engine, patient, ciphertext, message }) =>
    assert.equal(engine.gt.equals(literalDecrypt(engine, patient, ciphertext), message), false)));

  it('do not decrypt for the delegatee, by any mix of printed and mended parts', () => inEach((setting) => {
    const { engine, scheme, patient, institution, ciphertext, reKey, message } = setting;
    const printedKey = literalReKeyGen(engine, patient, seededRandom('literal'));
    for (const transformed of [literalReEncrypt(engine, ciphertext, printedKey), literalReEncrypt(engine, ciphertext, reKey)]) {
      assert.equal(engine.gt.equals(scheme.decrypt(institution, transformed), message), false);
      assert.equal(engine.gt.equals(literalDecrypt(engine, institution, transformed), message), false);
    }
  }));
});

describe('attacks on huang20 that succeed', () => {
  it('two registered users decrypt anybody’s ciphertext', () => inEach(({ engine, outsiders, ciphertext, message }) => {
    const [first, second] = outsiders;
    assert.ok(engine.gt.equals(twoUsersAttack(engine, first, second, identityScalar(engine, 'patient'), ciphertext), message));
  }));

  it('one registered user alone does it with re-encryption-capable keys, without c4', () => inEach(({ engine, outsiders, ciphertext, message }) => {
    const withoutC4 = { ...ciphertext, c4: engine.gt.generator };
    assert.ok(engine.gt.equals(oneUserAttack(engine, outsiders[0], withoutC4), message));
  }));

  it('the proxy with one accomplice reads the record after one re-encryption', () => inEach((setting) => {
    const { engine, scheme, patient, institution, outsiders, ciphertext, reKey, message } = setting;
    const retargeted = retarget(engine, ciphertext, scheme.reEncrypt(ciphertext, reKey), patient.id, institution.id, outsiders[0].id);
    assert.ok(engine.gt.equals(scheme.decrypt(outsiders[0], retargeted), message));
  }));

  it('one re-encryption key opens every record of the patient', () => inEach(({ engine, scheme, institution, patient, reKey, message }) => {
    const random = seededRandom('another record');
    const { parameters, masterKey } = scheme.setup(seededRandom('huang20'));
    assert.deepEqual(engine.scalars.encode(scheme.keyGen(masterKey, 'patient', seededRandom('k')).id), engine.scalars.encode(patient.id));
    const another = scheme.encrypt(parameters, 'patient', engine.gt.mul(message, message), random);
    assert.ok(engine.gt.equals(scheme.decrypt(institution, scheme.reEncrypt(another, reKey)), engine.gt.mul(message, message)));
  }));
});

describe('the main entry', () => {
  it('does not offer huang20', async () => {
    const entry = await import('../index.js');
    assert.equal(Object.keys(entry).some((name) => /huang|attack|literal/i.test(name)), false);
  });
});
