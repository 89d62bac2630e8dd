import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { babyjubjub } from '@noble/curves/misc.js';
import fc from 'fast-check';
import { eighthOf, publicPoint, sign, signedDigits, SUBGROUP_ORDER, toMontgomery, verifiedHash } from './schnorr.js';

const { Point } = babyjubjub;
const seedOf = (n: number) => new Uint8Array(32).fill(n);
const message = [1n, 2n, 3n];
const key = publicPoint(seedOf(1));
const signature = sign(seedOf(1), message);

describe('a Schnorr signature', () => {
  it('verifies on its message, under its key, and nowhere else', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 255 }), fc.array(fc.bigInt({ min: 0n, max: 1n << 250n }), { minLength: 1, maxLength: 4 }), (seed, signed) => {
        const made = sign(seedOf(seed), signed);
        const hash = verifiedHash(publicPoint(seedOf(seed)), signed, made) ?? assert.fail();
        assert.ok(hash < 3n << 252n && hash % (1n << 128n) === made.challenge);
        assert.equal(verifiedHash(publicPoint(seedOf((seed + 1) % 256)), signed, made), undefined);
        assert.equal(verifiedHash(publicPoint(seedOf(seed)), signed.with(0, (signed[0] ?? 0n) + 1n), made), undefined);
      }),
      { numRuns: 10 },
    );
  });

  it('is one signature: no alias of its numbers, and not under the opposite key', () => {
    const { challenge, response } = signature;
    for (const other of [{ challenge: challenge + (1n << 128n), response }, { challenge, response: response + SUBGROUP_ORDER }, { challenge, response: SUBGROUP_ORDER - response }]) {
      assert.equal(verifiedHash(key, message, other), undefined);
    }
    assert.equal(verifiedHash(Point.fromAffine(key).negate().toAffine(), message, signature), undefined);
  });

  it('is the same each time, and of another message has another nonce', () => {
    assert.deepEqual(sign(seedOf(1), message), signature);
    assert.notEqual(sign(seedOf(1), [1n, 2n, 4n]).challenge, signature.challenge);
  });
});

const sumOf = (digits: readonly (readonly bigint[])[]): bigint =>
  digits.reduce((sum, [one = 0n, two = 0n, plus = 0n], i) => sum + (2n * plus - 1n) * (1n + 2n * one + 4n * two) * 8n ** BigInt(i), 0n);

describe('points for the circuit', () => {
  it('are on the Montgomery curve, an eighth of the key among them', () => {
    const eighth = eighthOf(key);
    assert.deepEqual(Point.fromAffine(eighth).multiply(8n).toAffine(), key);
    const { u, v } = toMontgomery(eighth);
    const { Fp } = Point;
    assert.equal(Fp.sqr(v), Fp.add(Fp.mul(Fp.sqr(u), Fp.add(u, 168_698n)), u));
  });

  it('are multiplied by digits that come to the response, whatever it is', () => {
    const responses = fc.oneof(fc.bigInt({ min: 0n, max: SUBGROUP_ORDER - 1n }), fc.constantFrom(0n, 1n, 2n, SUBGROUP_ORDER - 1n, SUBGROUP_ORDER - 2n));
    fc.assert(
      fc.property(responses, (response) => {
        const digits = signedDigits(response);
        assert.ok(digits.length === 84 && digits.flat().every((bit) => bit === 0n || bit === 1n));
        assert.equal((sumOf(digits) - response) % SUBGROUP_ORDER, 0n);
      }),
      { numRuns: 60 },
    );
  });
});
