import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { ed25519 } from '@noble/curves/ed25519.js';
import { fromHex, toHex, utf8 } from '@medveil/encoding';
import fc from 'fast-check';
import { accountId, isAcceptablePublicKey, sign, signRaw, signingKeyFromSeed, verifyRaw, verifySignature } from './accounts.js';
import { coded, keyOf } from './spec-support.js';

const ORDER = ed25519.Point.Fn.ORDER;
const TORSION = ed25519.Point.fromHex('c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a');

const littleEndian = (value: bigint): Uint8Array => Uint8Array.from({ length: 32 }, (_, index) => Number((value >> BigInt(8 * index)) & 0xffn));
const hashToScalar = (...parts: Uint8Array[]): bigint => ed25519.Point.Fn.create(BigInt(`0x${toHex(sha512(parts).toReversed())}`));
const sha512 = (parts: Uint8Array[]): Uint8Array => new Uint8Array(createHash('sha512').update(Buffer.concat(parts)).digest());

describe('Ed25519 accounts', () => {
  it('keep to the vectors of RFC 8032, section 7.1', () => {
    const vectors = [
      {
        seed: '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
        publicKey: 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
        message: '',
        signature: 'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
      },
      {
        seed: '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
        publicKey: '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
        message: '72',
        signature: '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
      },
    ];
    for (const { seed, publicKey, message, signature } of vectors) {
      const key = signingKeyFromSeed(fromHex(seed));
      assert.equal(toHex(key.publicKey), publicKey);
      assert.equal(toHex(signRaw(key, fromHex(message))), signature);
      assert.ok(verifyRaw(key.publicKey, fromHex(message), fromHex(signature)));
    }
  });

  it('sign as the reference implementation does, and the same way every time', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.uint8Array({ maxLength: 200 }), (seed, message) => {
        const key = signingKeyFromSeed(seed);
        assert.deepEqual(key.publicKey, ed25519.getPublicKey(seed));
        assert.deepEqual(signRaw(key, message), ed25519.sign(message, seed));
      }),
      { numRuns: 20 },
    );
  });

  it('bind a signature to domain, message and key', () => {
    const [key, other] = [keyOf('a'), keyOf('b')];
    const message = utf8('a transaction');
    const signature = sign(key, 'medveil/x/1', message);
    assert.ok(verifySignature(key.publicKey, 'medveil/x/1', message, signature));
    assert.equal(verifySignature(key.publicKey, 'medveil/y/1', message, signature), false);
    assert.equal(verifySignature(key.publicKey, 'medveil/x/1', utf8('a transactioN'), signature), false);
    assert.equal(verifySignature(other.publicKey, 'medveil/x/1', message, signature), false);
  });

  it('answer false to anything malformed, and never throw', () => {
    const key = keyOf('a');
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 70 }), fc.uint8Array({ maxLength: 40 }), (signature, publicKey) => {
        assert.equal(verifySignature(key.publicKey, 'd', publicKey, signature), false);
        assert.equal(verifySignature(publicKey, 'd', signature, new Uint8Array(64)), false);
      }),
    );
    assert.throws(() => signingKeyFromSeed(new Uint8Array(31)), coded('identity/bad-key'));
  });

  it('name accounts by the hash of their key', () => {
    assert.match(accountId(keyOf('a').publicKey), /^acc_[0-9a-f]{64}$/);
    assert.notEqual(accountId(keyOf('a').publicKey), accountId(keyOf('b').publicKey));
  });
});

describe('strict verification (RFC 8032, cofactorless)', () => {
  const message = utf8('message');

  it('refuses the second signature S + L', () => {
    const key = keyOf('a');
    const signature = signRaw(key, message);
    const s = BigInt(`0x${toHex(signature.slice(32).toReversed())}`);
    const malleable = Uint8Array.from([...signature.slice(0, 32), ...littleEndian(s + ORDER)]);
    assert.equal(verifyRaw(key.publicKey, message, malleable), false);
  });

  it('refuses all points of small order and every non-canonical encoding as keys', () => {
    const p = 2n ** 255n - 19n;
    for (let index = 0n; index < 8n; index += 1n) {
      const point = index === 0n ? ed25519.Point.ZERO : TORSION.multiplyUnsafe(index);
      assert.equal(isAcceptablePublicKey(point.toBytes()), false);
    }
    for (let excess = 0n; excess < 19n; excess += 1n) {
      for (const signBit of [0n, 1n]) {
        assert.equal(isAcceptablePublicKey(littleEndian(p + excess + (signBit << 255n))), false);
      }
    }
    // With the identity as key, R = identity and S = 0 would be a signature of everything.
    const forged = Uint8Array.from([1, ...new Uint8Array(63)]);
    assert.equal(verifyRaw(ed25519.Point.ZERO.toBytes(), message, forged), false);
  });

  it('refuses what only the cofactored equation of ZIP 215 accepts', () => {
    // R carries a point of order 8: 8·S·B = 8·R + 8·k·A holds, S·B = R + k·A does not.
    const { scalar, pointBytes } = ed25519.utils.getExtendedPublicKey(keyOf('a').secretKey);
    const nonce = 123_456_789n;
    const r = ed25519.Point.BASE.multiply(nonce).add(TORSION).toBytes();
    const k = hashToScalar(r, pointBytes, message);
    const s = ed25519.Point.Fn.create(nonce + k * scalar);
    const signature = Uint8Array.from([...r, ...littleEndian(s)]);
    assert.equal(ed25519.verify(signature, message, pointBytes, { zip215: true }), true);
    assert.equal(verifyRaw(pointBytes, message, signature), false);
  });
});
