import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { ed25519 } from '@noble/curves/ed25519.js';
import { concatBytes, sha256, utf8 } from '@medveil/encoding';
import fc from 'fast-check';
import { isAcceptablePublicKey, signRaw, verifyRaw } from './accounts.js';
import { type Ed25519Verify, opensslVerify, sodiumVerify } from './ed25519-verify.js';
import { keyOf } from './spec-support.js';

const { Point } = ed25519;
const TORSION = Point.fromHex('c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a');
const torsion = (index: number) => (index === 0 ? Point.ZERO : TORSION.multiplyUnsafe(BigInt(index)));
const scalarOf = (bytes: Uint8Array): bigint => Point.Fn.create(BigInt(`0x${Buffer.from(bytes).toString('hex')}`));
const littleEndianOf = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes.toReversed()).toString('hex')}`);
const littleEndian = (value: bigint): Uint8Array => Uint8Array.from({ length: 32 }, (_, index) => Number((value >> BigInt(8 * index)) & 0xffn));

/** A signature as the holder of a key could make it who adds points of small order to the key and to R. */
function crafted(secret: bigint, nonce: bigint, keyTorsion: number, nonceTorsion: number, message: Uint8Array) {
  const times = (scalar: bigint) => (scalar === 0n ? Point.ZERO : Point.BASE.multiply(scalar));
  const publicKey = times(secret).add(torsion(keyTorsion)).toBytes();
  const r = times(nonce).add(torsion(nonceTorsion)).toBytes();
  const challenge = Point.Fn.create(littleEndianOf(createHash('sha512').update(concatBytes(r, publicKey, message)).digest()));
  return { publicKey, signature: concatBytes(r, littleEndian(Point.Fn.create(nonce + challenge * secret))) };
}

describe('the verifiers of OpenSSL and libsodium', () => {
  it('are both there, and take what was signed', () => {
    assert.ok(sodiumVerify !== null);
    const key = keyOf('a');
    for (const verify of [opensslVerify, sodiumVerify]) assert.ok(verifyRaw(key.publicKey, utf8('m'), signRaw(key, utf8('m')), verify));
  });

  it('agree on every signature of mixed order, and refuse an R of small order', () => {
    let accepted = 0;
    for (let number = 0; number < 8; number += 1) {
      const message = utf8(`message ${number}`);
      const secret = scalarOf(sha256(utf8(`secret ${number}`)));
      for (const nonce of [0n, scalarOf(sha256(utf8(`nonce ${number}`)))]) {
        for (let keyTorsion = 0; keyTorsion < 8; keyTorsion += 1) {
          for (let nonceTorsion = 0; nonceTorsion < 8; nonceTorsion += 1) {
            const { publicKey, signature } = crafted(secret, nonce, keyTorsion, nonceTorsion, message);
            assert.ok(isAcceptablePublicKey(publicKey));
            const verdicts = [opensslVerify, sodiumVerify as Ed25519Verify].map((verify) => verifyRaw(publicKey, message, signature, verify));
            assert.equal(verdicts[0], verdicts[1]);
            if (nonce === 0n) assert.equal(verdicts[0], false);
            if (verdicts[0] === true) accepted += 1;
          }
        }
      }
    }
    // Those without torsion at all, and of the others about one in eight.
    assert.ok(accepted > 8 && accepted < 256, String(accepted));
  });

  it('agree on signatures, keys and messages with bits turned over', () => {
    const key = keyOf('a');
    const message = utf8('message');
    const whole = concatBytes(key.publicKey, message, signRaw(key, message));
    fc.assert(fc.property(fc.nat({ max: whole.length * 8 - 1 }), (bit) => {
      const bytes = Uint8Array.from(whole);
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const [publicKey, turned, signature] = [bytes.slice(0, 32), bytes.slice(32, -64), bytes.slice(-64)];
      for (const verify of [opensslVerify, sodiumVerify as Ed25519Verify]) assert.equal(verifyRaw(publicKey, turned, signature, verify), false);
    }), { numRuns: 300 });
  });
});
