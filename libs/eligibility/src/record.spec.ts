import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { buildRecord, EMPTY_PART_DIGEST, isEligibilityError, type Observation, PART_TYPES, startOfDayMs, toQuantity } from './index.js';
import { MerkleTree, rootOfPath } from './merkle.js';
import { DAY_MS, HIGH_KEY, KEY_BITS, LOW_KEY } from './observation.js';
import { buildPartTree, leafHash, partLeaf } from './part-tree.js';
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
        assert.equal(again.tree.root, tree.tree.root);
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

  it('opens every leaf to its root, and only in its place', () => {
    const { tree, leaves } = buildPartTree('laboratory', Array.from({ length: 80 }, (_, i) => observation(1, i, i)), EMPTY_PART_DIGEST, secret);
    assert.equal(tree.depth, 3);
    for (const index of [0, 1, 7, 8, 63, 64, 80]) {
      const leaf = leafHash(leaves[index] ?? assert.fail());
      assert.equal(rootOfPath('observationNode', leaf, tree.path(index)), tree.root);
      assert.equal(rootOfPath('observationNode', leaf, tree.path((index + 1) % 80)), undefined);
    }
  });

  it('refuses observations of another part, within a day, or too many', () => {
    assert.throws(() => buildPartTree('conditions', [observation(1, 1, 1)], EMPTY_PART_DIGEST, secret), (e) => isEligibilityError(e, 'eligibility/bad-observation'));
    const atNoon = { ...observation(1, 1, 1), timeMs: startOfDayMs(0) + 1 };
    assert.throws(() => buildPartTree('laboratory', [atNoon], EMPTY_PART_DIGEST, secret), (e) => isEligibilityError(e, 'eligibility/bad-observation'));
    const many = Array.from({ length: 65_537 }, () => observation(1, 1, 1));
    assert.throws(() => buildPartTree('laboratory', many, EMPTY_PART_DIGEST, secret), (e) => isEligibilityError(e, 'eligibility/too-many-observations'));
  });

  it('hides leaves behind salts: another record secret gives another root', () => {
    const one = buildPartTree('laboratory', [observation(1, 1, 1)], EMPTY_PART_DIGEST, secret);
    const other = buildPartTree('laboratory', [observation(1, 1, 1)], EMPTY_PART_DIGEST, new Uint8Array(32).fill(8));
    assert.notEqual(one.tree.root, other.tree.root);
    assert.notEqual(one.salt, other.salt);
    assert.notEqual(one.leaves[0]?.salt, one.leaves[1]?.salt);
  });
});

describe('a Merkle tree', () => {
  it('gives the same root whether built at once or leaf by leaf', () => {
    fc.assert(
      fc.property(fc.array(fc.bigInt({ min: 1n, max: 1n << 250n }), { minLength: 1, maxLength: 30 }), (leaves) => {
        const grown = new MerkleTree('issuerNode', 3, []);
        leaves.forEach((leaf, i) => grown.set(i, leaf));
        assert.equal(grown.root, new MerkleTree('issuerNode', 3, leaves).root);
      }),
      { numRuns: 5 },
    );
  });
});

describe('a record', () => {
  it('has a leaf for every part type under partsRoot, with two spare places', () => {
    const record = buildRecord({ recordSecret: secret, parts: { laboratory: { observations: [observation(1, 1, 1)], digest: EMPTY_PART_DIGEST } } });
    const leaves = PART_TYPES.map((part) => {
      const tree = record.parts[part];
      assert.equal(tree.leafOfPart, partLeaf(part, tree.tree.root, tree.digest, tree.salt));
      return tree.leafOfPart;
    });
    assert.equal(record.partsRoot, poseidon('partsRoot', [...leaves, 0n, 0n]));
    assert.equal(new Set(leaves).size, PART_TYPES.length);
  });

  it('binds the digest of every part', () => {
    const other = new Uint8Array(32).fill(1);
    assert.notEqual(partLeaf('laboratory', 1n, EMPTY_PART_DIGEST, 2n), partLeaf('laboratory', 1n, other, 2n));
  });
});
