import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { makeId } from '@medveil/encoding';
import { derivePatientKeys, openView, sealView } from './index.js';

const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length));

const cannot = (key: Uint8Array, bytes: Uint8Array) => assert.throws(() => openView(key, bytes), (error: Error & { code?: string }) => error.code === 'identity/cannot-open');

describe('a view', () => {
  it('opens under its view key, and under no other nor altered', () => {
    const { viewKey } = derivePatientKeys(new Uint8Array(32).fill(1));
    const view = { chainId: 'spec', accounts: [makeId('acc', new Uint8Array(32)), makeId('acc', new Uint8Array(32).fill(1))] };
    const sealed = sealView(viewKey, view, random);
    assert.deepEqual(openView(viewKey, sealed), view);
    cannot(derivePatientKeys(new Uint8Array(32).fill(2)).viewKey, sealed);
    for (const index of [0, 20, sealed.length - 1]) cannot(viewKey, sealed.map((byte, at) => (at === index ? byte ^ 1 : byte)));
    assert.ok(!Buffer.from(sealed).includes('acc_'));
  });
});
