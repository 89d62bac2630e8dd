import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { labelOf, makeParties, type Parties, statementOf } from '../testing/parties.js';
import { bothEngines, seededRandom } from '../testing/random.js';
import { refuses } from '../testing/refuses.js';
import { type Bulk, cpuQuota, openBulk } from './index.js';

describe('bulk work on threads', () => {
  let parties: Parties;
  let bulk: Bulk;
  before(async () => {
    const [engine] = await bothEngines();
    assert.ok(engine);
    parties = makeParties(engine, 'bulk');
    bulk = openBulk({ threads: 2, engine: 'mcl' });
  });
  after(() => bulk.close());

  it('re-encrypts in order, and a bad item fails no other', async () => {
    const { capsule, reKey, transformed } = parties;
    const items = Array.from({ length: 40 }, (_, index) => ({ capsule: index === 35 ? capsule.subarray(1) : capsule, reKey }));
    const results = await bulk.reEncrypt(items);
    assert.equal(results.length, 40);
    for (const [index, result] of results.entries()) assert.deepEqual(result, index === 35 ? { error: 'pre/bad-length' } : { value: transformed });
  });

  it('makes the capsules that one thread makes', async () => {
    const { scheme, owner } = parties;
    const labels = Array.from({ length: 34 }, (_, index) => labelOf({ version: index + 1 }));
    const random = seededRandom('one thread');
    const expected = labels.map((label) => ({ value: scheme.encapsulate(owner.publicKey, label, random) }));
    assert.deepEqual(await bulk.encapsulate(owner.publicKey, labels, seededRandom('one thread')), expected);
    assert.deepEqual(await bulk.encapsulate(parties.reKey, labels.slice(0, 1), random), [{ error: 'pre/bad-length' }]);
    assert.deepEqual(await bulk.encapsulate(owner.publicKey, [new Uint8Array(0)], random), [{ error: 'pre/bad-label' }]);
  });

  it('finds the bad keys and proofs, wherever they are', async () => {
    const { owner, delegatee, label, reKey } = parties;
    const entry = { ownerPublicKey: owner.publicKey, delegateePublicKey: delegatee.publicKey, label, reKey };
    const entries = Array.from({ length: 35 }, (_, index) => (index === 33 ? { ...entry, label: labelOf({ version: 9 }) } : entry));
    assert.deepEqual(await bulk.badReKeys(entries, parties.random), [33]);
    const statement = statementOf(parties);
    assert.deepEqual(await bulk.verifyReEncryption([statement, { ...statement, claimId: new Uint8Array(32) }]), [true, false]);
    assert.deepEqual(await bulk.verifyReEncryption([]), []);
  });

  it('takes a sensible number of threads', () => {
    for (const threads of [0, -1, 1.5, 257, Number.NaN]) refuses(() => openBulk({ threads }), 'pre/out-of-range');
  });
});

const quota = (files: Readonly<Record<string, string>>, available = 8): number => cpuQuota({ readText: (path) => files[path], available });

describe('the CPU quota', () => {
  const V2 = '/sys/fs/cgroup/cpu.max';
  const [V1, PERIOD] = ['/sys/fs/cgroup/cpu/cpu.cfs_quota_us', '/sys/fs/cgroup/cpu/cpu.cfs_period_us'];

  it('is the container’s, in whole threads', () => {
    assert.equal(quota({ [V2]: '200000 100000\n' }), 2);
    assert.equal(quota({ [V2]: '150000 100000\n' }), 1);
    assert.equal(quota({ [V2]: '50000 100000\n' }), 1);
    assert.equal(quota({ [V1]: '400000\n', [PERIOD]: '100000\n' }), 4);
  });

  it('is what is available where there is none, or where it cannot be read', () => {
    assert.equal(quota({ [V2]: 'max 100000\n' }), 8);
    assert.equal(quota({ [V1]: '-1\n', [PERIOD]: '100000\n' }), 8);
    assert.equal(quota({}), 8);
    assert.equal(quota({ [V2]: 'nonsense' }), 8);
    assert.equal(quota({ [V2]: '1600000 100000' }), 8);
  });
});
