import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makeId } from '@medveil/encoding';
import { signingKeyFromSeed } from '@medveil/identity';
import { type ConsentStatement, readStatement, signStatement, standingRuleSchema } from './index.js';

const key = signingKeyFromSeed(new Uint8Array(32).fill(1));
const said: ConsentStatement = {
  version: 1, chainId: 'spec', patientId: makeId('pat', new Uint8Array(16)), sequence: 0, previous: null, atMs: 5, by: 'operator', ruleId: makeId('cns', new Uint8Array(16)),
  rule: standingRuleSchema.parse({ effect: 'ask', institutions: 'any', purposes: 'any', parts: ['laboratory'], untilMs: null, minimumReward: 3, atMost: null }),
};

describe('a consent statement', () => {
  it('says what was signed, and nothing under another key or with a byte changed', () => {
    const signed = signStatement(said, key);
    assert.deepEqual(readStatement(signed, key.publicKey), said);
    assert.equal(readStatement(signed, signingKeyFromSeed(new Uint8Array(32).fill(2)).publicKey), null);
    for (const [index] of signed.statement.entries()) {
      const statement = Uint8Array.from(signed.statement);
      statement[index] = (statement[index] ?? 0) ^ 1;
      assert.equal(readStatement({ ...signed, statement }, key.publicKey), null);
    }
  });
});
