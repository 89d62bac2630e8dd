import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type CborValue, decodeCanonical, encodeCanonical, fromHex, isCodedError, toHex } from './index.js';

/** All of the data model, with what sits at the edges of its forms drawn often. */
const edges = [0, 23, 24, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1];
/** The library loses this character where text begins with it, and then refuses what it has written itself. */
const BYTE_ORDER_MARK = '\uFEFF';
const text = fc
  .oneof(fc.string(), fc.string({ unit: 'binary', maxLength: 80 }), fc.constantFrom('a', 'b', 'aa', 'é', ''))
  .filter((given) => !given.startsWith(BYTE_ORDER_MARK) && given !== '__proto__');
const value = fc.letrec<{ node: CborValue }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.oneof(
      fc.constantFrom(null, true, false), fc.maxSafeInteger(), text, fc.uint8Array({ maxLength: 300 }), fc.constantFrom(...edges.flatMap((edge) => [edge, -edge - 1])),
    ),
    fc.array(tie('node'), { maxLength: 5 }),
    fc.dictionary(text, tie('node'), { maxKeys: 6, noNullPrototype: true }),
  ),
})).node;

/** Whether the bytes are taken; what is taken is written as it came. */
function taken(bytes: Uint8Array): boolean {
  try {
    assert.equal(toHex(encodeCanonical(decodeCanonical(bytes))), toHex(bytes));
    return true;
  } catch (error) {
    assert.ok(isCodedError(error) && error.code === 'encoding/not-canonical', String(error));
    return false;
  }
}

describe('canonical DAG-CBOR', () => {
  it('gives back what was encoded', () => {
    fc.assert(fc.property(value, (given) => {
      assert.deepEqual(decodeCanonical(encodeCanonical(given)), given);
    }), { numRuns: 300 });
  });

  it('takes nothing that it would have written otherwise, where bytes are changed, cut or put in', () => {
    const changed = fc.tuple(value, fc.nat(), fc.uint8Array({ maxLength: 3 }), fc.nat({ max: 3 })).map(([given, at, put, cut]) => {
      const bytes = encodeCanonical(given);
      const place = at % (bytes.length + 1);
      return Uint8Array.from([...bytes.subarray(0, place), ...put, ...bytes.subarray(place + cut)]);
    });
    fc.assert(fc.property(fc.oneof(changed, fc.uint8Array({ maxLength: 12 })), (bytes) => {
      taken(bytes);
    }), { numRuns: 1_000 });
  });

  it('refuses every form but one', () => {
    const forms = {
      'a number in more bytes than needed': '1817 190018 1a0000ffff 1b00000000ffffffff 3817 5800 7800 9800 b800',
      'a length that is not told': '5fff 7fff 9fff bfff',
      'a float in another width': 'f93800 fa3f000000',
      'no number': 'f97e00 fb7ff8000000000000 fb7ff0000000000000 fbfff0000000000000',
      'undefined, breaks and other simple values': 'f7 ff e0 f818 fc',
      'tags other than links': 'c000 d9d9f7f6',
      'keys that are no text, not in order or held twice': 'a10000 a14000 a2616200616100 a262616100616200 a2616100616100',
      'text that is not UTF-8': '61ff 62c080 63eda080',
      'what is cut short': '18 1900 61 4201 81 8201 a1 a16161 9bffffffffffffffff 5bffffffffffffffff bb0000000080000000',
    };
    for (const [what, list] of Object.entries(forms)) for (const hex of list.split(' ')) assert.equal(taken(fromHex(hex)), false, `${what}: ${hex}`);
  });
});
