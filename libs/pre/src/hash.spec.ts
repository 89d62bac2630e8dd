import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { expand_message_xmd, hash_to_field } from '@noble/curves/abstract/hash-to-curve.js';
import { encodeCanonical, toHex, utf8 } from '@medveil/encoding';
import { sha256 } from '@noble/hashes/sha2.js';
import fc from 'fast-check';
import { type Engine, GROUP_ORDER } from './engine/engine.js';
import { expandMessage, hashToScalar } from './hash.js';
import { bothEngines } from './testing/random.js';

let engines: readonly Engine[];
before(async () => {
  engines = await bothEngines();
});

describe('hashing', () => {
  it('meets the vectors of RFC 9380, appendix K.1', () => {
    const tag = utf8('QUUX-V01-CS02-with-expander-SHA256-128');
    const vectors = [
      ['', '68a985b87eb6b46952128911f2a4412bbc302a9d759667f87f7a21d803f07235'],
      ['abc', 'd8ccab23b5985ccea865c6c97b6e5b8350e794e603b4b97902f53a8a0d605615'],
      ['abcdef0123456789', 'eff31487c770a893cfb36f912fbfcbff40d5661771ca4b2cb4eafe524333f5c1'],
    ] as const;
    for (const [message, expected] of vectors) assert.equal(toHex(expandMessage(utf8(message), tag, 32)), expected);
  });

  it('expands as the reference library does', () => {
    const tag = fc.uint8Array({ minLength: 1, maxLength: 255 });
    fc.assert(fc.property(fc.uint8Array({ maxLength: 700 }), tag, fc.integer({ min: 1, max: 200 }), (message, dst, length) =>
      assert.deepEqual(expandMessage(message, dst, length), expand_message_xmd(message, dst, length, sha256))));
  });

  it('gives the scalar that hash_to_field gives', () => {
    const options = { p: GROUP_ORDER, m: 1, k: 128, expand: 'xmd', hash: sha256, DST: 'MEDVEIL-PRE-V01-CS01-with-BLS12381_XMD:SHA-256_LABEL' } as const;
    fc.assert(fc.property(fc.array(fc.uint8Array({ maxLength: 64 }), { maxLength: 4 }), (inputs) => {
      const expected = hash_to_field(encodeCanonical(inputs), 1, options)[0]?.[0] as bigint;
      for (const engine of engines) assert.equal(BigInt(`0x${toHex(engine.scalars.encode(hashToScalar(engine, 'LABEL', inputs)))}`), expected);
    }), { numRuns: 30 });
  });
});
