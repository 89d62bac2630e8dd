import assert from 'node:assert/strict';
import { createCipheriv } from 'node:crypto';
import { before, describe, it } from 'node:test';
import fc from 'fast-check';
import { BODY_HEADER_BYTES, CHUNK_BYTES, CHUNK_OVERHEAD, decryptBody, encryptBody, isPreError, openBody } from '../index.js';
import { flipped, seededRandom } from '../testing/random.js';
import { refusesStream } from '../testing/refuses.js';
import { collect, patterned, piecesOf, stored } from '../testing/streams.js';
import { bodyKey, chunkAad, chunkNonce, encodeHeader } from './format.js';

const SEALED = CHUNK_BYTES + CHUNK_OVERHEAD;
const seed = seededRandom('body seed')(32);
const context = { record: new Uint8Array(32).fill(3), part: 'laboratory', version: 1 };
const plain = patterned(3 * CHUNK_BYTES + 1000);
let sealed: Uint8Array;
let header: Uint8Array;
let chunks: readonly Uint8Array[];
before(async () => {
  sealed = await collect(encryptBody(seed, context, piecesOf(plain, 50_000), seededRandom('salt')));
  header = sealed.subarray(0, BODY_HEADER_BYTES);
  chunks = Array.from({ length: 5 }, (_, index) => sealed.subarray(BODY_HEADER_BYTES + index * SEALED, BODY_HEADER_BYTES + (index + 1) * SEALED));
});

const joined = (...parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));
const pick = (...order: readonly number[]): Uint8Array => joined(header, ...order.map((index) => chunks[index] as Uint8Array));

/** Neither the stream nor a reading of every byte by ranges may accept it. */
async function rejected(bytes: Uint8Array, change: { seed?: Uint8Array; context?: typeof context } = {}): Promise<void> {
  const [useSeed, useContext] = [change.seed ?? seed, change.context ?? context];
  await refusesStream(decryptBody(useSeed, useContext, piecesOf(bytes, 33_333)), 'pre/bad-envelope');
  await assert.rejects(async () => {
    const body = await openBody(useSeed, useContext, stored(bytes));
    await collect(body.read(0, body.size));
  }, (error: unknown) => isPreError(error) && error.code === 'pre/bad-envelope');
}

describe('a body on its way', () => {
  it('is whole as a control', async () => assert.deepEqual(await collect(decryptBody(seed, context, piecesOf(pick(0, 1, 2, 3, 4), 1000))), plain));

  it('may not be truncated, at a chunk boundary or elsewhere', async () => {
    for (const kept of [[], [0], [0, 1], [0, 1, 2], [0, 1, 2, 3]]) await rejected(pick(...kept));
    for (const length of [0, 1, BODY_HEADER_BYTES - 1, BODY_HEADER_BYTES + 1, BODY_HEADER_BYTES + 24, SEALED, sealed.length - 1, sealed.length - 16]) {
      await rejected(sealed.subarray(0, length));
    }
  });

  it('may not lose its beginning or its middle', async () => {
    await rejected(pick(1, 2, 3, 4));
    await rejected(pick(0, 2, 3, 4));
    await rejected(pick(4));
    await rejected(joined(...chunks));
  });

  it('may not be reordered or repeated', async () => {
    for (const order of [[1, 0, 2, 3, 4], [0, 2, 1, 3, 4], [0, 1, 3, 2, 4], [3, 1, 2, 0, 4], [0, 0, 2, 3, 4], [0, 1, 2, 3, 3, 4], [0, 1, 2, 2, 3, 4], [0, 1, 2, 3, 4, 4]]) await rejected(pick(...order));
  });

  it('may not be extended', async () => {
    await rejected(joined(sealed, Uint8Array.of(0)));
    await rejected(joined(sealed, new Uint8Array(SEALED)));
    await rejected(joined(sealed, sealed));
  });

  it('may not be altered in any bit', async () => {
    await fc.assert(fc.asyncProperty(fc.nat(sealed.length * 8 - 1), (bit) => rejected(flipped(sealed, bit))), {
      numRuns: 15,
      examples: [[0], [7], [8], [BODY_HEADER_BYTES * 8 - 1], [BODY_HEADER_BYTES * 8], [sealed.length * 8 - 1]],
    });
  });

  it('belongs to its record, part and version', async () => {
    for (const change of [{ record: new Uint8Array(32) }, { part: 'conditions' }, { version: 2 }]) await rejected(sealed, { context: { ...context, ...change } });
  });

  it('opens with no other seed', () => rejected(sealed, { seed: new Uint8Array(32) }));

  it('takes no chunk of another body, even under one seed and context', async () => {
    const other = await collect(encryptBody(seed, context, piecesOf(plain, 50_000), seededRandom('another salt')));
    const chunk = other.subarray(BODY_HEADER_BYTES + SEALED, BODY_HEADER_BYTES + 2 * SEALED);
    await rejected(joined(header, chunks[0] as Uint8Array, chunk, ...chunks.slice(2)));
    await rejected(joined(other.subarray(0, BODY_HEADER_BYTES), ...chunks));
  });
});

/** Seals any payload under any claim of where the data ends. */
function forged(parts: readonly { readonly payload: Uint8Array; readonly end: number }[]): Uint8Array {
  const salt = new Uint8Array(32);
  const key = bodyKey(seed, context, salt);
  return joined(encodeHeader(salt), ...parts.map(({ payload, end }, index) => {
    const last = index === parts.length - 1;
    const cipher = createCipheriv('aes-256-gcm', key.key, chunkNonce(key, index, last));
    cipher.setAAD(chunkAad(key, index, last));
    const endField = Buffer.alloc(8);
    endField.writeBigUInt64BE(BigInt(end));
    return joined(cipher.update(payload), cipher.update(endField), cipher.final(), cipher.getAuthTag());
  }));
}

describe('a body made by someone who holds the seed', () => {
  const full = new Uint8Array(CHUNK_BYTES);
  const none = new Uint8Array(0);

  it('opens where it keeps to the padding rule', async () => {
    const body = forged([{ payload: new Uint8Array(4096), end: 5 }]);
    assert.equal((await collect(decryptBody(seed, context, piecesOf(body, 4096)))).length, 5);
  });

  it('opens where the data ends with a chunk', async () => {
    const body = forged([{ payload: full, end: CHUNK_BYTES }, { payload: full, end: 70_000 }, { payload: none, end: 70_000 }]);
    assert.equal((await collect(decryptBody(seed, context, piecesOf(body, 4096)))).length, 70_000);
  });

  it('is refused where the padding says something else', async () => {
    const cases = [
      [{ payload: new Uint8Array(4096).fill(1), end: 5 }],
      [{ payload: new Uint8Array(4096), end: 4097 }],
      [{ payload: new Uint8Array(4096), end: 2 ** 60 }],
      [{ payload: new Uint8Array(8192), end: 5 }],
      [{ payload: new Uint8Array(100), end: 5 }],
      [{ payload: full, end: 5 }, { payload: full, end: CHUNK_BYTES + 5 }, { payload: none, end: CHUNK_BYTES + 5 }],
      [{ payload: full, end: 70_000 }, { payload: full, end: 70_000 }, { payload: none, end: 70_000 }],
      [{ payload: full, end: CHUNK_BYTES }, { payload: full, end: 70_000 }, { payload: none, end: 69_999 }],
      [{ payload: full, end: CHUNK_BYTES }, { payload: full, end: CHUNK_BYTES - 1 }, { payload: none, end: CHUNK_BYTES - 1 }],
      [{ payload: full, end: 5 }, { payload: full, end: 5 }, { payload: none, end: 5 }],
      [{ payload: full, end: 0 }, { payload: full, end: CHUNK_BYTES + 1 }, { payload: none, end: CHUNK_BYTES + 1 }],
      [{ payload: full, end: CHUNK_BYTES }, { payload: full, end: 70_000 }],
    ];
    for (const parts of cases) await rejected(forged(parts));
  });
});
