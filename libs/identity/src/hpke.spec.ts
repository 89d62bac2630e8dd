import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fromHex, toHex, utf8 } from '@medveil/encoding';
import { HPKE_OVERHEAD_BYTES, hpkeKeyPairFromSeed, hpkeOpen, hpkeSeal, hpkeSealWithSeed } from './hpke.js';
import { bytesOf, coded, flipped, seededRandom } from './spec-support.js';

const context = { info: utf8('medveil/test/1'), aad: utf8('bound to this') };

describe('HPKE', () => {
  it('keeps to RFC 9180, appendix A.2.1 (X25519, HKDF-SHA256, ChaCha20-Poly1305, mode base)', async () => {
    const recipient = await hpkeKeyPairFromSeed(fromHex('1ac01f181fdf9f352797655161c58b75c656a6cc2716dcb66372da835542e1df'));
    assert.equal(toHex(recipient.publicKey), '4310ee97d88cc1f088a5576c77ab0cf5c3ac797f3d95139c6c84b5429c59662a');
    const sealed = await hpkeSealWithSeed(
      recipient.publicKey,
      { info: fromHex('4f6465206f6e2061204772656369616e2055726e'), aad: fromHex('436f756e742d30') },
      fromHex('4265617574792069732074727574682c20747275746820626561757479'),
      fromHex('909a9b35d3dc4713a5e72a4da274b55d3d3821a37e5d099e74a647db583a904b'),
    );
    assert.equal(toHex(sealed.subarray(0, 32)), '1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a');
    assert.equal(toHex(sealed.subarray(32)), '1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b60b4db21993c62ce81883d2dd1b51a28');
  });

  it('opens for the recipient, under the same info and aad, and else for nobody', async () => {
    const [recipient, other] = [await hpkeKeyPairFromSeed(bytesOf('r')), await hpkeKeyPairFromSeed(bytesOf('o'))];
    const plaintext = utf8('a re-encryption key');
    const sealed = await hpkeSeal(recipient.publicKey, context, plaintext, seededRandom('seal'));
    assert.equal(sealed.length, plaintext.length + HPKE_OVERHEAD_BYTES);
    assert.deepEqual(await hpkeOpen(recipient, context, sealed), plaintext);
    const altered = [0, 31, 32, sealed.length - 1].map((at) => flipped(sealed, at));
    await assert.rejects(hpkeOpen(other, context, sealed), coded('identity/cannot-open'));
    await assert.rejects(hpkeOpen(recipient, { ...context, info: utf8('medveil/other/1') }, sealed), coded('identity/cannot-open'));
    await assert.rejects(hpkeOpen(recipient, { ...context, aad: utf8('bound to that') }, sealed), coded('identity/cannot-open'));
    for (const bytes of [...altered, sealed.subarray(0, 40), new Uint8Array()]) {
      await assert.rejects(hpkeOpen(recipient, context, bytes), coded('identity/cannot-open'));
    }
  });

  it('seals to no low-order public key', async () => {
    await assert.rejects(hpkeSeal(new Uint8Array(32), context, utf8('x'), seededRandom('seal')), coded('identity/bad-key'));
    await assert.rejects(hpkeSeal(new Uint8Array(31), context, utf8('x'), seededRandom('seal')), coded('identity/bad-key'));
    await assert.rejects(hpkeKeyPairFromSeed(new Uint8Array(31)), coded('identity/bad-key'));
  });
});
