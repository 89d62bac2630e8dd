import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { utf8 } from '@medveil/encoding';
import { StorageSealer } from './storage-sealer.js';

const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length));
const altered = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'host/sealed-altered';

describe('what is sealed at rest', () => {
  const sealer = new StorageSealer(random(32), random);

  it('opens in its own place under its own key, and nowhere else', () => {
    const sealed = sealer.seal('record a', utf8('secret'));
    assert.deepEqual(sealer.open('record a', sealed), utf8('secret'));
    assert.throws(() => sealer.open('record b', sealed), altered);
    assert.throws(() => new StorageSealer(random(32), random).open('record a', sealed), altered);
  });

  it('is refused when any byte of it was changed, or some are missing', () => {
    const sealed = sealer.seal('record a', utf8('secret'));
    for (let i = 0; i < sealed.length; i += 1) {
      const changed = Uint8Array.from(sealed, (byte, index) => (index === i ? byte ^ 1 : byte));
      assert.throws(() => sealer.open('record a', changed), altered);
      assert.throws(() => sealer.open('record a', sealed.subarray(0, i)), altered);
    }
  });
});
