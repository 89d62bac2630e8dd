import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { buildRecord, EMPTY_PART_DIGEST, isEligibilityError, type Observation, PART_TYPES, startOfDayMs, toQuantity } from './index.js';
import { ISSUER_TREE } from './issuers.js';
import { MerkleTree, rootOfPath } from './merkle.js';
import { DAY_MS, HIGH_KEY, KEY_BITS, LOW_KEY } from './observation.js';
import { bucketHash, buildPartTree, OBSERVATION_TREE, sealDigest } from './part-tree.js';
import { poseidon } from './poseidon.js';

const secret = new Uint8Array(32).fill(7);
const code = (n: number) => ({ system: 'http://loinc.org', code: `${n}-0` });
const observation = (n: number, day: number, value: number): Observation => ({
  part: 'laboratory',
  code: code(n),
  timeMs: day * DAY_MS,
  value: toQuantity(code(n), value, 'mg/L'),
});
const observations = fc.array(
  fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: -40_000, max: 40_000 }), fc.integer({ min: 0, max: 4 })).map(([n, d, v]) => observation(n, d, v)),
  { maxLength: 70 },
);

const depthOf = (observed: number) =>
  buildPartTree('laboratory', Array.from({ length: observed }, (_, i) => observation(1, i, i)), EMPTY_PART_DIGEST, secret).depth;

describe('an observation subtree', () => {
  it('is a closed list of strictly increasing keys, whatever the order of the input', () => {
    fc.assert(
      fc.property(observations, (list) => {
        const tree = buildPartTree('laboratory', list, EMPTY_PART_DIGEST, secret);
        assert.equal(tree.leaves.length, list.length + 1);
        assert.equal(tree.leaves[0]?.key, LOW_KEY);
        assert.equal(tree.leaves[0].observation, undefined);
        tree.leaves.forEach((leaf, i) => {
          assert.ok(leaf.key < leaf.nextKey && leaf.nextKey < 1n << KEY_BITS);
          assert.equal(leaf.nextKey, tree.leaves[i + 1]?.key ?? HIGH_KEY);
        });
        const again = buildPartTree('laboratory', list.toReversed(), EMPTY_PART_DIGEST, secret);
        assert.equal(again.root, tree.root);
      }),
      { numRuns: 8 },
    );
  });

  it('tells observations of one code and day apart, and keeps equal ones both', () => {
    const twice = [observation(1, 10, 3), observation(1, 10, 3), observation(1, 10, 2)];
    const { leaves } = buildPartTree('laboratory', twice, EMPTY_PART_DIGEST, secret);
    const [first, second, third] = leaves.slice(1);
    assert.equal((second?.key ?? 0n) - (first?.key ?? 0n), 1n);
    assert.equal((third?.key ?? 0n) - (second?.key ?? 0n), 1n);
    assert.ok((first?.value ?? 0n) < (second?.value ?? 0n));
  });

  it('opens every bucket to its root, and no other', () => {
    const tree = buildPartTree('laboratory', Array.from({ length: 80 }, (_, i) => observation(1, i, i)), EMPTY_PART_DIGEST, secret);
    assert.equal(tree.depth, 2);
    for (const index of [0, 1, 4, 5, 63, 64, 80]) {
      const bucket = tree.bucket(Math.floor(index / 5));
      assert.equal(bucket.keys[index % 5], tree.leaves[index]?.key);
      assert.equal(bucket.keys[(index % 5) + 1], tree.leaves[index]?.nextKey);
      assert.equal(rootOfPath(OBSERVATION_TREE, bucketHash(bucket), tree.path(index)), tree.root);
      assert.equal(rootOfPath(OBSERVATION_TREE, bucketHash(bucket), tree.path((index + 25) % 80)), undefined);
    }
  });

  it('looks the same for up to 4, 24, 124, … observations', () => {
    assert.deepEqual([0, 4, 5, 24, 25].map(depthOf), [0, 0, 1, 1, 2]);
  });

  it('refuses observations of another part, within a day, or too many', () => {
    assert.throws(() => buildPartTree('conditions', [observation(1, 1, 1)], EMPTY_PART_DIGEST, secret), (e) => isEligibilityError(e, 'eligibility/bad-observation'));
    const atNoon = { ...observation(1, 1, 1), timeMs: startOfDayMs(0) + 1 };
    assert.throws(() => buildPartTree('laboratory', [atNoon], EMPTY_PART_DIGEST, secret), (e) => isEligibilityError(e, 'eligibility/bad-observation'));
    const many = Array.from({ length: 65_537 }, () => observation(1, 1, 1));
    assert.throws(() => buildPartTree('laboratory', many, EMPTY_PART_DIGEST, secret), (e) => isEligibilityError(e, 'eligibility/too-many-observations'));
  });

  it('hides observations behind salts: another record secret gives another root', () => {
    const one = buildPartTree('laboratory', [observation(1, 1, 1)], EMPTY_PART_DIGEST, secret);
    const other = buildPartTree('laboratory', [observation(1, 1, 1)], EMPTY_PART_DIGEST, new Uint8Array(32).fill(8));
    assert.notEqual(one.root, other.root);
    assert.notEqual(one.salt, other.salt);
    assert.notEqual(one.leaves[0]?.value, other.leaves[0]?.value);
    // parts without observations are told apart too, and a salt is used once
    const [empty, another] = [buildPartTree('other', [], EMPTY_PART_DIGEST, secret), buildPartTree('allergies', [], EMPTY_PART_DIGEST, secret)];
    assert.equal(new Set([empty.root, another.root, empty.sealedDigest, another.sealedDigest]).size, 4);
    assert.equal(new Set([empty, another].flatMap((part) => [part.salt, part.leaves[0]?.value])).size, 4);
  });
});

describe('a Merkle tree', () => {
  it('gives the same root whether built at once or leaf by leaf', () => {
    fc.assert(
      fc.property(fc.array(fc.bigInt({ min: 1n, max: 1n << 250n }), { minLength: 1, maxLength: 30 }), (leaves) => {
        const grown = new MerkleTree(ISSUER_TREE, 3, []);
        leaves.forEach((leaf, i) => grown.set(i, leaf));
        assert.equal(grown.root, new MerkleTree(ISSUER_TREE, 3, leaves).root);
      }),
      { numRuns: 5 },
    );
  });
});

describe('a record', () => {
  it('holds every part under partsRoot, its subtree in its place and its digest behind a salt', () => {
    const record = buildRecord({ recordSecret: secret, parts: { laboratory: { observations: [observation(1, 1, 1)], digest: EMPTY_PART_DIGEST } } });
    const parts = PART_TYPES.map((part) => record.parts[part]);
    const digests = poseidon('partDigests', parts.map((part) => sealDigest(part.digest, part.salt)));
    assert.equal(record.partsRoot, poseidon('partsRoot', [...parts.map((part) => part.root), digests]));
    assert.equal(new Set(parts.flatMap((part) => [part.root, part.sealedDigest])).size, 2 * PART_TYPES.length);
  });

  it('binds the digest of every part', () => {
    assert.notEqual(sealDigest(EMPTY_PART_DIGEST, 2n), sealDigest(new Uint8Array(32).fill(1), 2n));
    assert.notEqual(sealDigest(EMPTY_PART_DIGEST, 2n), sealDigest(EMPTY_PART_DIGEST, 3n));
  });
});
