import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { digest, fromHex } from '@medveil/encoding';
import { merkleListRoot, proveMerkleList, verifyMerkleList } from './merkle-list.js';

const leavesOf = (count: number): Uint8Array[] => Array.from({ length: count }, (_, index) => new Uint8Array(32).fill(index + 1));

describe('merkle list', () => {
  it('has the tree heads of RFC 9162 (the reference vectors of Certificate Transparency)', () => {
    const inputs = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'].map(fromHex);
    const heads = new Map([
      [0, 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
      [1, '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d'],
      [2, 'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125'],
      [3, 'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77'],
      [8, '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328'],
    ]);
    for (const [count, head] of heads) {
      assert.deepEqual(merkleListRoot(inputs.slice(0, count)), digest('medveil/merkle-list/1', [count, fromHex(head)]));
    }
  });

  it('proves every position of lists of every shape, and that position only', () => {
    for (let count = 1; count <= 21; count += 1) {
      const leaves = leavesOf(count);
      const root = merkleListRoot(leaves);
      for (const [position, leaf] of leaves.entries()) {
        const proof = proveMerkleList(leaves, position);
        assert.ok(verifyMerkleList(root, leaf, proof));
        for (let other = 0; other < count; other += 1) {
          if (other !== position) assert.equal(verifyMerkleList(root, leaf, { ...proof, position: other }), false);
        }
        for (const wrong of [count - 1, count + 1, count * 2, -1, 1.5]) {
          assert.equal(verifyMerkleList(root, leaf, { ...proof, count: wrong }), false);
        }
        assert.equal(verifyMerkleList(root, new Uint8Array(32), proof), false);
        assert.equal(verifyMerkleList(root, leaf, { ...proof, siblings: [...proof.siblings, leaf] }), false);
        for (const index of proof.siblings.keys()) {
          assert.equal(verifyMerkleList(root, leaf, { ...proof, siblings: proof.siblings.with(index, new Uint8Array(32)) }), false);
          assert.equal(verifyMerkleList(root, leaf, { ...proof, siblings: proof.siblings.toSpliced(index, 1) }), false);
        }
      }
    }
  });

  it('refuses a position outside the list', () => {
    assert.throws(() => proveMerkleList(leavesOf(3), 3), RangeError);
    assert.throws(() => proveMerkleList([], 0), RangeError);
  });
});
