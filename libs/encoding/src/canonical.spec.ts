import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type CborValue, decodeCanonical, encodeCanonical, fromHex, isCodedError, toHex } from './index.js';

const RESERVED_KEYS = ['$bytes', '$link', '__proto__', 'constructor'];

/** All of the data model, with what sits at the edges of its forms drawn often. */
const edges = [0, 23, 24, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 2];
const text = fc
  .oneof(fc.string(), fc.string({ unit: 'binary', maxLength: 80 }), fc.constantFrom('a', 'b', 'aa', 'é', ''))
  .filter((given) => !RESERVED_KEYS.includes(given));
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
      'numbers that JavaScript does not hold': '1b0020000000000000 3b001fffffffffffff 1bffffffffffffffff',
      'a whole number as a float': 'fb3ff0000000000000 fb8000000000000000',
      'tags, links among them': 'c000 d9d9f7f6 d82a4100 d82a582500017112202c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae',
      'keys that mean something to the codec or the language': 'a16624627974657360 a165246c696e6b60 a1695f5f70726f746f5f5f00 a16b636f6e7374727563746f7200',
      'keys that are no text, not in order or held twice': 'a10000 a14000 a2616200616100 a262616100616200 a2616100616100',
      'text that is not UTF-8': '61ff 62c080 63eda080',
      'what is cut short': '18 1900 61 4201 81 8201 a1 a16161 9bffffffffffffffff 5bffffffffffffffff bb0000000080000000',
    };
    for (const [what, list] of Object.entries(forms)) for (const hex of list.split(' ')) assert.equal(taken(fromHex(hex)), false, `${what}: ${hex}`);
  });

  it('makes no room for entries that are announced and not there, however deep', () => {
    for (const head of ['99ffff', '9a0003ffff', 'ba0001ffff', '9b00000000000fffff']) assert.equal(taken(fromHex(head.repeat(100_000))), false);
  });

  it('refuses what is nested deeper than it could be written', () => {
    assert.equal(taken(fromHex(`${'81'.repeat(100_000)}00`)), false);
  });

  it('writes no value that it could not read again', () => {
    const values: unknown[] = [
      undefined, { a: undefined }, [undefined], Number.NaN, Infinity, 2 ** 53, -(2 ** 53), 1n, Symbol('a'), () => 1, new Date(0), new Map(), new Set(),
      ...RESERVED_KEYS.map((key) => JSON.parse(`{"${key}":""}`) as unknown),
    ];
    for (const given of values) assert.throws(() => encodeCanonical(given as CborValue), String(given));
  });

  it('shares no memory with what was read, whatever kind of bytes that was', () => {
    const bytes = Buffer.from(encodeCanonical({ a: Uint8Array.of(1, 2, 3) }));
    const read = decodeCanonical(bytes) as { a: Uint8Array };
    bytes.fill(0);
    assert.deepEqual(read.a, Uint8Array.of(1, 2, 3));
    assert.ok(!Buffer.isBuffer(read.a));
  });
});
