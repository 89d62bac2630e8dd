import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { frame, unframe } from '../artefacts.js';
import { type Engine, G2_BYTES, GT_BYTES } from '../engine/engine.js';
import type { Contribution, SharedStatement, SplitReKey } from '../index.js';
import { isPreError, MAX_THRESHOLD } from '../index.js';
import { type Hostile, hostileG1, hostileG2, hostileGt, hostileScalars } from '../testing/hostile.js';
import { labelOf, makeParties, type Parties } from '../testing/parties.js';
import { bothEngines, flipped, seededRandom } from '../testing/random.js';
import { refuses } from '../testing/refuses.js';

const SHARING = { threshold: 3, count: 5 };

interface Setting extends Parties {
  readonly split: SplitReKey;
  readonly statement: SharedStatement;
  readonly contributions: readonly Contribution[];
}

function makeSetting(engine: Engine): Setting {
  const parties = makeParties(engine, 'threshold');
  const { scheme, owner, delegatee, label, capsule, claimId } = parties;
  const random = seededRandom('split');
  const split = scheme.splitReKey(owner, label, delegatee.publicKey, SHARING, random);
  const { commitments } = split;
  const statement = { capsule, ownerPublicKey: owner.publicKey, delegateePublicKey: delegatee.publicKey, label, commitments, claimId };
  return { ...parties, split, statement, contributions: split.shares.map((share) => scheme.reEncryptShare(statement, share, random)) };
}

let settings: readonly Setting[];
let mcl: Setting;
before(async () => {
  settings = (await bothEngines()).map(makeSetting);
  mcl = settings[0] as Setting;
});

const pickFrom = (setting: Setting, ...indices: readonly number[]): Contribution[] => indices.map((index) => setting.contributions[index] as Contribution);

describe('threshold re-encryption', () => {
  it('makes the same bytes on both engines', () => {
    assert.deepEqual(settings[0]?.split, settings[1]?.split);
    assert.deepEqual(settings[0]?.contributions, settings[1]?.contributions);
  });

  it('gives, from any t shares, what one proxy with the whole key would have given', () => {
    const { scheme, statement, transformed, delegatee, owner, label, seed } = mcl;
    for (const choice of [[0, 1, 2], [4, 2, 0], [1, 3, 4], [0, 1, 2, 3, 4]]) {
      const combined = scheme.combineContributions(statement, pickFrom(mcl, ...choice));
      assert.deepEqual(combined, { transformed, bad: [] });
      assert.deepEqual(scheme.decapsulateDelegated(delegatee, owner.publicKey, label, combined.transformed), seed);
    }
  });

  it('lets every proxy check its share, and no other share pass for it', () => {
    for (const { scheme, owner, delegatee, label, split, reKey } of settings) {
      const check = (share: Uint8Array, commitments = split.commitments, forLabel = label): boolean =>
        scheme.checkReKeyShare(owner.publicKey, forLabel, delegatee.publicKey, commitments, share);
      for (const share of split.shares) assert.ok(check(share));
      const [first] = split.shares;
      assert.ok(first);
      assert.equal(check(first.with(1, 2)), false, 'another index');
      assert.equal(check(first, split.commitments, labelOf({ version: 2 })), false, 'another label');
      assert.equal(check(frame('reKeyShare', Uint8Array.of(1), reKey.subarray(1))), false, 'the whole key');
      const other = scheme.splitReKey(owner, label, delegatee.publicKey, SHARING, seededRandom('other'));
      assert.equal(check(first, other.commitments), false, 'another sharing');
    }
  });

  it('gives nothing from fewer than t', () => {
    const { scheme, statement } = mcl;
    for (const choice of [[], [0], [0, 1], [0, 0, 0], [1, 1, 4]]) {
      refuses(() => scheme.combineContributions(statement, pickFrom(mcl, ...choice)), 'pre/bad-threshold');
    }
  });

  it('gives fewer than t proxies nothing even if they combine by themselves', () => {
    const { engine, scheme, delegatee, owner, label, contributions, capsule, transformed } = mcl;
    const { gt, scalars } = engine;
    const [one, two] = contributions.slice(0, 2).map(({ transformed: share }) => gt.decode(unframe('transformedShare', share, [1, GT_BYTES])[1]));
    assert.ok(one && two);
    // Lagrange for t = 2 at indices 1 and 2: 2·f(1) − f(2).
    const guess = gt.mul(gt.pow(one, scalars.fromInt(2)), gt.inv(two));
    const forged = frame('transformedCapsule', gt.encode(guess), capsule.subarray(49));
    assert.notDeepEqual(forged, transformed);
    refuses(() => scheme.decapsulateDelegated(delegatee, owner.publicKey, label, forged), 'pre/check-failed');
  });

  it('names bad shares and goes on without them', () => {
    const { engine, scheme, statement, transformed, contributions } = mcl;
    const [first, second, third, fourth, fifth] = contributions;
    assert.ok(first && second && third && fourth && fifth);
    const { gt, scalars } = engine;
    const value = gt.decode(unframe('transformedShare', second.transformed, [1, GT_BYTES])[1]);
    const wrong = frame('transformedShare', Uint8Array.of(2), gt.encode(gt.pow(value, scalars.fromInt(2))));
    const list = [first, { ...second, transformed: wrong }, { ...third, proof: flipped(third.proof, 100) }, first, fourth, fifth];
    assert.deepEqual(scheme.combineContributions(statement, list), { transformed, bad: [1, 2, 3] });
    assert.throws(() => scheme.combineContributions(statement, list.slice(0, 4)), (error: unknown) => isPreError(error) && error.details.bad === '1,2,3');
  });

  it('binds a contribution to everything it speaks of', () => {
    const { scheme, statement, contributions, owner, label, delegatee, random } = mcl;
    const [contribution, other] = contributions;
    assert.ok(contribution && other);
    assert.ok(scheme.verifyContribution(statement, contribution));
    const changes: readonly Partial<SharedStatement>[] = [
      { claimId: new Uint8Array(32) },
      { claimId: new Uint8Array(257) },
      { label: labelOf({ version: 2 }) },
      { capsule: scheme.encapsulate(owner.publicKey, label, random).capsule },
      { ownerPublicKey: scheme.ownerKeyFromSeed(random(32)).publicKey },
      { delegateePublicKey: scheme.delegateeKeyFromSeed(random(32)).publicKey },
      { commitments: scheme.splitReKey(owner, label, delegatee.publicKey, SHARING, random).commitments },
    ];
    for (const change of changes) assert.equal(scheme.verifyContribution({ ...statement, ...change }, contribution), false);
    assert.equal(scheme.verifyContribution(statement, { ...contribution, proof: other.proof }), false);
  });

  it('takes only sensible thresholds', () => {
    const { scheme, owner, label, delegatee, random } = mcl;
    for (const [threshold, count] of [[1, 3], [0, 0], [4, 3], [MAX_THRESHOLD + 1, 100], [2, 256], [2.5, 4], [Number.NaN, 4], [2, Number.NaN]] as const) {
      refuses(() => scheme.splitReKey(owner, label, delegatee.publicKey, { threshold, count }, random), 'pre/bad-threshold');
    }
    refuses(() => scheme.combineContributions(mcl.statement, Array.from({ length: 256 }, () => mcl.contributions[0] as Contribution)), 'pre/bad-threshold');
  });
});

const inside = (valid: Uint8Array, at: number, size: number, cases: readonly Hostile[]): Uint8Array[] =>
  cases.map(({ bytes }) => Uint8Array.of(...valid.subarray(0, at), ...bytes, ...valid.subarray(at + size)));
const frames = (valid: Uint8Array): Uint8Array[] =>
  [new Uint8Array(0), valid.subarray(0, 1), valid.subarray(0, -1), Uint8Array.of(...valid, 0), valid.with(0, 0x14), valid.with(0, 0x2b), valid.with(1, 0)];

describe('hostile sharing artefacts', () => {
  it('are refused as shares', () => {
    for (const { scheme, split, statement, random } of settings) {
      const [valid] = split.shares;
      assert.ok(valid);
      for (const bytes of [...frames(valid), ...inside(valid, 2, G2_BYTES, hostileG2())]) {
        assert.equal(scheme.checkReKeyShare(statement.ownerPublicKey, statement.label, statement.delegateePublicKey, split.commitments, bytes), false);
        refuses(() => scheme.reEncryptShare(statement, bytes, random));
      }
    }
  });

  it('are refused as commitments', () => {
    for (const { scheme, split, statement, contributions } of settings) {
      const valid = split.commitments;
      const [share] = split.shares;
      const [contribution] = contributions;
      assert.ok(share && contribution);
      const counts = [0, 1, 2, 4, 32, 33, 255].map((threshold) => valid.with(1, threshold));
      for (const bytes of [...frames(valid), ...counts, ...inside(valid, 2, 48, hostileG1()), ...inside(valid, 50, 48, hostileG1())]) {
        assert.equal(scheme.checkReKeyShare(statement.ownerPublicKey, statement.label, statement.delegateePublicKey, bytes, share), false);
      }
      assert.equal(scheme.verifyContribution({ ...statement, commitments: valid.subarray(1) }, contribution), false);
    }
  });

  it('are refused as contributions', () => {
    for (const { scheme, statement, contributions } of settings) {
      const [{ transformed, proof }] = contributions as readonly [Contribution];
      for (const bytes of [...frames(transformed), ...inside(transformed, 2, GT_BYTES, hostileGt())]) {
        assert.equal(scheme.verifyContribution(statement, { transformed: bytes, proof }), false);
      }
      for (const bytes of [...frames(proof), ...inside(proof, 1, 32, hostileScalars()), ...inside(proof, 33, G2_BYTES, hostileG2())]) {
        assert.equal(scheme.verifyContribution(statement, { transformed, proof: bytes }), false);
      }
    }
  });
});
