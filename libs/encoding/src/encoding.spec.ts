import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { CodedError, decodeCanonical, digest, encodeCanonical, fromBase64Url, fromHex, idSchema, makeId, toBase64Url, toHex } from './index.js';

describe('canonical encoding', () => {
  it('gives objects one encoding whatever the order of their keys', () => {
    assert.deepEqual(encodeCanonical({ a: 1, bb: 2, c: 3 }), encodeCanonical({ c: 3, bb: 2, a: 1 }));
  });

  it('refuses a valid CBOR value in a longer form than needed', () => {
    const oneAsTwoBytes = fromHex('1801');
    assert.throws(() => decodeCanonical(oneAsTwoBytes), (e: CodedError) => e.code === 'encoding/not-canonical');
  });

  it('refuses keys out of order, trailing bytes and truncation', () => {
    for (const bad of ['a2616201616102', '0000', 'a16161', '']) {
      assert.throws(() => decodeCanonical(fromHex(bad)), (e: CodedError) => e.code === 'encoding/not-canonical');
    }
  });

  it('round-trips what it encodes', () => {
    const value = fc.letrec((tie) => ({
      node: fc.oneof(fc.integer(), fc.string(), fc.boolean(), fc.uint8Array(), fc.array(tie('node'), { maxLength: 4 })),
    })).node;
    fc.assert(fc.property(value, (v) => assert.deepEqual(decodeCanonical(encodeCanonical(v as never)), v)));
  });
});

describe('digest', () => {
  it('separates domains', () => {
    assert.notDeepEqual(digest('medveil/a/1', 1), digest('medveil/b/1', 1));
  });
});

describe('text forms', () => {
  it('round-trip and refuse what is not theirs', () => {
    fc.assert(fc.property(fc.uint8Array(), (bytes) => {
      assert.deepEqual(fromHex(toHex(bytes)), bytes);
      assert.deepEqual(fromBase64Url(toBase64Url(bytes)), bytes);
    }));
    assert.throws(() => fromHex('0g'), (e: CodedError) => e.code === 'encoding/bad-text');
    assert.throws(() => fromBase64Url('a+b='), (e: CodedError) => e.code === 'encoding/bad-text');
  });
});

describe('identifiers', () => {
  it('carry their prefix, and a schema takes only its own', () => {
    const id = makeId('req', new Uint8Array(16));
    assert.equal(idSchema('req').parse(id), id);
    assert.equal(idSchema('rec').safeParse(id).success, false);
    assert.equal(idSchema('req').safeParse('req_12').success, false);
  });
});
