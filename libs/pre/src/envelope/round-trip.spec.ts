import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { BODY_HEADER_BYTES, bodyCiphertextSize, CHUNK_BYTES, CHUNK_OVERHEAD, decryptBody, encryptBody, openBody, paddedSize } from '../index.js';
import { seededRandom } from '../testing/random.js';
import { refuses, refusesStream } from '../testing/refuses.js';
import { collect, patterned, piecesOf, sequence, stored } from '../testing/streams.js';

const seed = seededRandom('body seed')(32);
const context = { record: new Uint8Array(32).fill(3), part: 'laboratory', version: 1 };
const SIZES = [0, 1, 4095, 4096, 4097, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES, 3 * CHUNK_BYTES - 7, 2 ** 20, 2 ** 20 + 1, 1_300_000];

const encrypted = (plain: Uint8Array, pieceSize = 10_000): Promise<Uint8Array> =>
  collect(encryptBody(seed, context, piecesOf(plain, pieceSize), seededRandom('salt')));

describe('a body', () => {
  it('comes back as it was, whatever its size', async () => {
    for (const size of SIZES) {
      const plain = patterned(size);
      const sealed = await encrypted(plain);
      assert.equal(sealed.length, bodyCiphertextSize(size));
      assert.deepEqual(await collect(decryptBody(seed, context, piecesOf(sealed, 9999))), plain);
    }
  });

  it('does not depend on how the stream is cut', async () => {
    const plain = patterned(200_000);
    const whole = await encrypted(plain, 200_000);
    await fc.assert(fc.asyncProperty(fc.integer({ min: 1, max: 200_000 }), fc.integer({ min: 1, max: 300_000 }), async (cutIn, cutOut) => {
      assert.deepEqual(await encrypted(plain, Math.max(cutIn, 50)), whole);
      assert.deepEqual(await collect(decryptBody(seed, context, piecesOf(whole, Math.max(cutOut, 50)))), plain);
    }), { numRuns: 30 });
  });

  it('may come in pieces of no bytes and of one', async () => {
    const dribble = sequence([1, 2, 3].flatMap((byte) => [new Uint8Array(0), Uint8Array.of(byte)]));
    const sealed = await collect(encryptBody(seed, context, dribble, seededRandom('s')));
    assert.deepEqual(await collect(decryptBody(seed, context, piecesOf(sealed, 1))), Uint8Array.of(1, 2, 3));
  });

  it('is sealed chunk by chunk while it is read', async () => {
    let produced = 0;
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (;;) {
        produced += 1;
        yield new Uint8Array(CHUNK_BYTES);
      }
    }
    const stream = encryptBody(seed, context, endless(), seededRandom('s'));
    for (let index = 0; index < 50; index += 1) assert.equal((await stream.next()).done, false);
    assert.ok(produced <= 25, `${produced} pieces read ahead`);
    await stream.return();
  });

  it('never looks the same twice', async () => {
    const random = seededRandom('two salts');
    const [first, second] = [
      await collect(encryptBody(seed, context, piecesOf(new Uint8Array(10), 10), random)),
      await collect(encryptBody(seed, context, piecesOf(new Uint8Array(10), 10), random)),
    ];
    assert.notDeepEqual(first.subarray(BODY_HEADER_BYTES), second.subarray(BODY_HEADER_BYTES));
  });

  it('needs a seed of 32 bytes and a proper context', async () => {
    await refusesStream(encryptBody(new Uint8Array(31), context, sequence([]), seededRandom('s')), 'pre/bad-length');
    for (const change of [{ record: new Uint8Array(31) }, { part: 'Not A Part' }, { version: 0 }]) {
      await refusesStream(encryptBody(seed, { ...context, ...change }, sequence([]), seededRandom('s')), 'pre/bad-label');
    }
  });
});

describe('size classes', () => {
  it('hide the size and waste little', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 2 ** 40 }), (size) => {
      const padded = paddedSize(size);
      assert.ok(padded >= size);
      assert.equal(paddedSize(padded), padded);
      if (size > 2 ** 20) assert.ok(padded <= size * 1.032);
      else assert.ok(padded <= Math.max(4096, 2 * size));
    }));
    const small = new Set(Array.from({ length: 2 ** 20 / 512 }, (_, index) => paddedSize(index * 512)));
    assert.equal(small.size, 9);
  });

  it('grow with the size', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 2 ** 40 - 1 }), (size) => assert.ok(paddedSize(size) <= paddedSize(size + 1))));
  });

  it('end at 2^40 bytes', () => {
    assert.equal(paddedSize(2 ** 40), 2 ** 40);
    for (const size of [-1, 1.5, Number.NaN, 2 ** 40 + 1]) refuses(() => paddedSize(size), 'pre/out-of-range');
  });
});

describe('range reads', () => {
  it('give the bytes asked for', async () => {
    for (const size of SIZES) {
      const plain = patterned(size);
      const body = await openBody(seed, context, stored(await encrypted(plain)));
      assert.equal(body.size, size);
      await fc.assert(fc.asyncProperty(fc.nat(size), fc.nat(size), async (x, y) => {
        const [start, end] = [Math.min(x, y), Math.max(x, y)];
        assert.deepEqual(await collect(body.read(start, end)), plain.subarray(start, end));
      }), { numRuns: 6, examples: [[0, size], [size, size], [0, 0]] });
    }
  });

  it('read only the chunks they need', async () => {
    const reader = stored(await encrypted(patterned(2 ** 20)));
    const body = await openBody(seed, context, reader);
    reader.bytesRead = 0;
    await collect(body.read(5 * CHUNK_BYTES + 10, 6 * CHUNK_BYTES + 10));
    assert.equal(reader.bytesRead, 2 * (CHUNK_BYTES + CHUNK_OVERHEAD));
  });

  it('stay within the body', async () => {
    const body = await openBody(seed, context, stored(await encrypted(patterned(5000))));
    for (const [start, end] of [[-1, 3], [4, 3], [0, 5001], [0.5, 2], [0, Number.NaN]] as const) {
      await refusesStream(body.read(start, end), 'pre/out-of-range');
    }
  });
});
