import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { encodeCanonical, toHex, utf8 } from '@medveil/encoding';
import fc from 'fast-check';
import { EMPTY_ROOT, keyHashOf, leafHashOf, type StateTreeProof, valueHashOf, verifyStateTreeProof } from './state-proof.js';
import { StateTree } from './state-tree.js';

const keys = fc.integer({ min: 0, max: 40 }).map((index) => `key/${index}`);
const change = fc.tuple(keys, fc.option(fc.uint8Array({ maxLength: 40 })));
const history = fc.array(fc.array(change, { maxLength: 8 }), { maxLength: 12 });

const applyTo = (model: Map<string, Uint8Array>, changes: readonly [string, Uint8Array | null][]): void => {
  for (const [key, value] of changes) {
    if (value === null) model.delete(key);
    else model.set(key, value);
  }
};

/** Every way to change one bit, or to add or drop a part, of a proof. */
function* mutations(proof: StateTreeProof): Generator<StateTreeProof> {
  for (const [index, sibling] of proof.siblings.entries()) {
    for (const bit of [0, 97, 255]) yield { ...proof, siblings: proof.siblings.with(index, flipped(sibling, bit)) };
    yield { ...proof, siblings: proof.siblings.toSpliced(index, 1) };
    yield { ...proof, siblings: proof.siblings.with(index, sibling.subarray(1)) };
  }
  yield { ...proof, siblings: [...proof.siblings, EMPTY_ROOT] };
  yield { ...proof, siblings: [EMPTY_ROOT, ...proof.siblings] };
  if (proof.other === null) {
    yield { ...proof, other: { keyHash: keyHashOf('another'), valueHash: valueHashOf(utf8('x')) } };
  } else {
    yield { ...proof, other: null };
    yield { ...proof, other: { ...proof.other, keyHash: flipped(proof.other.keyHash, 255) } };
    yield { ...proof, other: { ...proof.other, valueHash: flipped(proof.other.valueHash, 0) } };
  }
}

function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  const copy = bytes.slice();
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return copy;
}

describe('state tree', () => {
  it('answers like a map, at every height of its history', () => {
    fc.assert(fc.property(history, (heights) => {
      const model = new Map<string, Uint8Array>();
      const snapshots: [StateTree, Map<string, Uint8Array>][] = [];
      let tree = StateTree.EMPTY;
      for (const changes of heights) {
        tree = tree.update(changes);
        applyTo(model, changes);
        snapshots.push([tree, new Map(model)]);
      }
      for (const [snapshot, expected] of snapshots) {
        for (let index = 0; index <= 40; index += 1) assert.deepEqual(snapshot.get(`key/${index}`), expected.get(`key/${index}`));
      }
    }));
  });

  it('has a root that depends on the entries alone, not on how they came', () => {
    fc.assert(fc.property(history, (heights) => {
      const model = new Map<string, Uint8Array>();
      let tree = StateTree.EMPTY;
      for (const changes of heights) {
        tree = tree.update(changes);
        applyTo(model, changes);
      }
      assert.deepEqual(StateTree.from([...model].toReversed()).root, tree.root);
      assert.deepEqual(tree.update([...model.keys()].map((key) => [key, null] as const)).root, EMPTY_ROOT);
    }));
  });

  it('proves every presence and every absence, and no mutated proof passes', () => {
    fc.assert(fc.property(fc.array(change, { maxLength: 60 }), (changes) => {
      const model = new Map<string, Uint8Array>();
      applyTo(model, changes);
      const tree = StateTree.EMPTY.update(changes);
      for (let index = 0; index <= 40; index += 1) {
        const key = `key/${index}`;
        const value = model.get(key) ?? null;
        const proof = tree.prove(key);
        assert.ok(verifyStateTreeProof(tree.root, key, value, proof));
        assert.equal(verifyStateTreeProof(tree.root, key, value === null ? utf8('x') : null, proof), false);
        assert.equal(verifyStateTreeProof(tree.root, `${key}x`, value, proof) && value !== null, false);
        if (value !== null) assert.equal(verifyStateTreeProof(tree.root, key, Uint8Array.of(...value, 0), proof), false);
        for (const bad of mutations(proof)) assert.equal(verifyStateTreeProof(tree.root, key, value, bad), false);
      }
    }), { numRuns: 25 });
  });

  it('takes no inner node for a leaf, and no leaf of another prefix for an absence', () => {
    const tree = StateTree.from(['a', 'b', 'c', 'd', 'e'].map((key) => [key, utf8(key)] as const));
    const present = tree.prove('a');
    const other = { keyHash: keyHashOf('b'), valueHash: valueHashOf(utf8('b')) };
    const farKey = ['b', 'c', 'd', 'e'].find((key) => (keyHashOf(key)[0] ?? 0) >> 7 !== (keyHashOf('a')[0] ?? 0) >> 7) ?? 'b';
    const far = tree.prove(farKey);
    assert.equal(verifyStateTreeProof(tree.root, 'a', null, { ...present, other }), false);
    assert.equal(verifyStateTreeProof(tree.root, 'a', null, { siblings: far.siblings, other: { keyHash: keyHashOf(farKey), valueHash: valueHashOf(utf8(farKey)) } }), false);
    assert.equal(verifyStateTreeProof(tree.root, 'a', null, { siblings: [], other: null }), false);
  });

  it('keeps its format', () => {
    const value = encodeCanonical({ credits: 5 });
    assert.equal(toHex(leafHashOf(keyHashOf('account/a'), valueHashOf(value))), toHex(StateTree.from([['account/a', value]]).root));
    const tree = StateTree.from(['account/a', 'account/b', 'account/c'].map((key) => [key, value] as const));
    assert.equal(toHex(tree.root), '0c334dd219b6a53fa116cb824bd162c74ad1cd392af75492e0b39ff37379a5a1');
  });
});
