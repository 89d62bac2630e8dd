import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as lite from 'poseidon-lite';
import { permute, poseidon, poseidonChain, TAGS } from './poseidon.js';

describe('Poseidon', () => {
  it('is circomlib’s permutation in every width that is in use', () => {
    for (const inputs of [1, 2, 3, 5, 6, 8, 10, 11, 14]) {
      const values = Array.from({ length: inputs }, (_, i) => BigInt(i) ** 50n);
      const hash = (lite as unknown as Record<string, (values: bigint[]) => bigint>)[`poseidon${inputs}`];
      assert.equal(permute(0n, values), hash?.(values), `${inputs} inputs`);
    }
  });

  it('takes 1 to 16 inputs', () => {
    for (const count of [0, 17]) assert.throws(() => poseidon('record', Array.from({ length: count }, () => 0n)), /1 to 16/);
  });

  it('gives other values under another tag', () => {
    assert.notEqual(poseidon('issuerNode', [1n]), poseidon('observationNode', [1n]));
  });

  it('chains blocks by the first element of the state, zeros at the end', () => {
    assert.equal(poseidonChain('policy', [1n, 2n, 3n], 2), permute(permute(TAGS.policy, [1n, 2n]), [3n, 0n]));
  });
});
