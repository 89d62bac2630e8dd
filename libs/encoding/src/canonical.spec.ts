import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as dagCbor from '@ipld/dag-cbor';
import fc from 'fast-check';
import { type CborValue, decodeCanonical, encodeCanonical, fromHex, isCodedError, toHex } from './index.js';

/** All of the data model, with what sits at the edges of its forms drawn often. */
const edges = [0, 23, 24, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1, 2 ** 53, 2 ** 60, 0.5, -0];
/** The IPLD implementation loses this character where text begins with it, and then refuses what it has written itself. */
const BYTE_ORDER_MARK = '\uFEFF';
const text = fc
  .oneof(fc.string(), fc.string({ unit: 'binary', maxLength: 80 }), fc.constantFrom('a', 'b', 'aa', 'é', '__proto__', 'constructor', ''))
  .filter((given) => !given.startsWith(BYTE_ORDER_MARK));
const value = fc.letrec<{ node: CborValue }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.oneof(
      fc.constantFrom(null, true, false), fc.maxSafeInteger(), fc.double({ noNaN: true, noDefaultInfinity: true }), text, fc.uint8Array({ maxLength: 300 }),
      fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n - 1n }), fc.constantFrom(...edges.flatMap((edge) => [edge, -edge, -edge - 1])),
    ),
    fc.array(tie('node'), { maxLength: 5 }),
    fc.dictionary(text, tie('node'), { maxKeys: 6 }),
  ),
})).node;

/** What another implementation takes and would have written. */
function takenByReference(bytes: Uint8Array): boolean {
  try {
    return toHex(dagCbor.encode(dagCbor.decode(bytes))) === toHex(bytes);
  } catch {
    return false;
  }
}

/** A list in a list, and so on. */
const nested = (depth: number): Uint8Array => Uint8Array.from([...Array.from({ length: depth }, () => 0x81), 0]);

function taken(bytes: Uint8Array): boolean {
  try {
    assert.deepEqual(encodeCanonical(decodeCanonical(bytes)), bytes);
    return true;
  } catch (error) {
    assert.ok(isCodedError(error) && error.code === 'encoding/not-canonical', String(error));
    return false;
  }
}

describe('canonical DAG-CBOR beside the IPLD implementation', () => {
  it('has the same encoding of every value, and the same value of every encoding', () => {
    fc.assert(fc.property(value, (given) => {
      const bytes = encodeCanonical(given);
      assert.equal(toHex(bytes), toHex(dagCbor.encode(given)));
      assert.deepEqual(decodeCanonical(bytes), dagCbor.decode(bytes));
    }), { numRuns: 1_000 });
  });

  it('takes and refuses the same where bytes are changed, cut or put in', () => {
    const changed = fc.tuple(value, fc.nat(), fc.uint8Array({ maxLength: 3 }), fc.nat({ max: 3 })).map(([given, at, put, cut]) => {
      const bytes = encodeCanonical(given);
      const place = at % (bytes.length + 1);
      return Uint8Array.from([...bytes.subarray(0, place), ...put, ...bytes.subarray(place + cut)]);
    });
    fc.assert(fc.property(fc.oneof(changed, fc.uint8Array({ maxLength: 12 })), (bytes) => {
      // Links are in the specification and not in what is signed here.
      fc.pre(!bytes.includes(0xd8) && !toHex(bytes).includes('efbbbf'));
      assert.equal(taken(bytes), takenByReference(bytes), toHex(bytes));
    }), { numRuns: 4_000 });
  });

  it('keeps a byte order mark, which is a character like another', () => {
    const given = { [`${BYTE_ORDER_MARK}a`]: BYTE_ORDER_MARK };
    assert.deepEqual(decodeCanonical(encodeCanonical(given)), given);
  });

  it('refuses every form but one', () => {
    const forms = {
      'a number in more bytes than needed': '1817 190018 1a0000ffff 1b00000000ffffffff 3817 5800 7800 9800 b800',
      'a length that is not told': '5fff 7fff 9fff bfff',
      'a float in another width, or a whole number as a float': 'f93800 fa3f000000 fb3ff0000000000000 fb8000000000000000',
      'no number': 'f97e00 fb7ff8000000000000 fb7ff0000000000000 fbfff0000000000000',
      'undefined, breaks and other simple values': 'f7 ff e0 f818 fc',
      'tags, links among them': 'c000 d82a4100 d9d9f7f6',
      'keys that are no text, not in order or held twice': 'a10000 a14000 a2616200616100 a262616100616200 a2616100616100',
      'text that is not UTF-8': '61ff 62c080 63eda080',
      'what is cut short': '18 1900 61 4201 81 8201 a1 a16161 9bffffffffffffffff 5bffffffffffffffff bb0000000080000000',
    };
    for (const [what, list] of Object.entries(forms)) for (const hex of list.split(' ')) assert.equal(taken(fromHex(hex)), false, `${what}: ${hex}`);
  });
});

describe('what has no canonical encoding', () => {
  it('is refused, wherever it stands', () => {
    const cyclic: unknown[] = [];
    cyclic.push(cyclic);
    for (const bad of [undefined, Number.NaN, Infinity, 2n ** 64n, -(2n ** 64n) - 1n, new Map(), new Date(0), Symbol('s'), () => 1, new ArrayBuffer(1), cyclic]) {
      for (const given of [bad, [bad], { a: bad }]) assert.throws(() => encodeCanonical(given as never));
    }
    assert.deepEqual(encodeCanonical([1]), fromHex('8101'));
  });

  it('is nested too deep for both sides alike', () => {
    assert.ok(taken(nested(256)));
    for (const depth of [257, 100_000]) assert.equal(taken(nested(depth)), false);
    const value257 = Array.from({ length: 257 }).reduce<CborValue>((inner) => [inner], 0);
    assert.throws(() => encodeCanonical(value257), RangeError);
  });
});

describe('memory', () => {
  it('is nobody else\'s: neither what is decoded nor what is encoded later changes it', () => {
    const first = encodeCanonical({ bytes: Uint8Array.of(1, 2, 3) });
    const copy = Uint8Array.from(first);
    const decoded = decodeCanonical(first) as { bytes: Uint8Array };
    encodeCanonical({ bytes: Uint8Array.of(9, 9, 9) });
    assert.deepEqual(first, copy);
    first.fill(0);
    assert.deepEqual(decoded.bytes, Uint8Array.of(1, 2, 3));
  });

  it('grows with what is encoded', () => {
    const long = 'x'.repeat(3 << 20);
    for (const given of [long, 'é'.repeat(40_000)]) assert.equal(decodeCanonical(encodeCanonical(given)) === given, true);
    assert.deepEqual(encodeCanonical(1), Uint8Array.of(1));
  });
});
