import assert from 'node:assert/strict';
import { constants, createPrivateKey, createPublicKey, generateKeyPairSync, privateDecrypt, randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { RSABSSA } from '@cloudflare/blindrsa-ts';
import { toHex } from '@medveil/encoding';
import { blind } from './blinding.js';
import {
  blindVoucher, createVoucherSigner, finalizeVoucher, generateVoucherKey, isBlindedMessage, isVoucherError, isVoucherKey, verifyBlindSignature, verifyVoucher, VOUCHER_SIGNATURE_BYTES, voucherKeyId,
} from './index.js';
import { publicNumbers } from './keys.js';

const ten = generateVoucherKey();
const hundred = generateVoucherKey();
const treasury = createVoucherSigner(ten.privateKey);
const kind = { chainId: 'medveil-spec', publicKey: ten.publicKey };
const der = (publicKey: Buffer) => new Uint8Array(publicKey);
const secret = () => new Uint8Array(randomBytes(32));

const rsaKey = (modulusLength: number, publicExponent = 65_537) =>
  der(generateKeyPairSync('rsa', { modulusLength, publicExponent, publicKeyEncoding: { format: 'der', type: 'spki' }, privateKeyEncoding: { format: 'der', type: 'pkcs8' } }).publicKey);

describe('a voucher', () => {
  it('is made with a treasury that never sees it, and shown to anybody', async () => {
    const blinded = blindVoucher(kind, secret());
    const answer = treasury.blindSign(blinded.blinded);
    assert.ok(isBlindedMessage(ten.publicKey, blinded.blinded));
    assert.ok(verifyBlindSignature(ten.publicKey, blinded.blinded, answer));
    const voucher = await finalizeVoucher(kind, blinded, answer);
    assert.ok(verifyVoucher(kind, voucher));
    const seen = toHex(blinded.blinded) + toHex(answer);
    for (const shown of [voucher.serial, voucher.signature]) {
      for (let at = 0; at + 8 <= shown.length; at += 1) assert.ok(!seen.includes(toHex(shown.subarray(at, at + 8))), 'what is shown repeats what the treasury saw');
    }
  });

  it('follows from its secret, its chain and its key alone', () => {
    const own = secret();
    assert.deepEqual(blindVoucher(kind, own), blindVoucher({ ...kind }, Uint8Array.from(own)));
    const others = [blindVoucher(kind, secret()), blindVoucher({ ...kind, chainId: 'another' }, own), blindVoucher({ ...kind, publicKey: hundred.publicKey }, own)];
    const { serial, blinded, unblinding } = blindVoucher(kind, own);
    for (const other of others) for (const [a, b] of [[other.serial, serial], [other.blinded, blinded], [other.unblinding, unblinding]]) assert.notDeepEqual(a, b);
    assert.throws(() => blindVoucher(kind, own.subarray(1)), (error) => isVoucherError(error, 'vouchers/bad-input'));
  });

  it('is blinded as the reference does it that is given the same salt and factor', async (t) => {
    const message = secret();
    const salt = new Uint8Array(randomBytes(48));
    const factor = new Uint8Array(randomBytes(VOUCHER_SIGNATURE_BYTES)).with(0, 1);
    const key = publicNumbers(ten.publicKey);
    const reference = RSABSSA.SHA384.PSS.Deterministic();
    const publicKey = await crypto.subtle.importKey('spki', der(Buffer.from(ten.publicKey)), { name: 'RSA-PSS', hash: 'SHA-384' }, true, ['verify']);
    const draws = [salt, factor];
    t.mock.method(crypto, 'getRandomValues', () => draws.shift());
    const { blindedMsg, inv } = await reference.blind(publicKey, message);
    assert.deepEqual(draws, []);
    assert.deepEqual(blind(key, message, salt, number(factor)), { blinded: blindedMsg, unblinding: inv });
  });

  it('counts on its chain, under its key and with its serial only', async () => {
    const blinded = blindVoucher(kind, secret());
    const voucher = await finalizeVoucher(kind, blinded, treasury.blindSign(blinded.blinded));
    const flipped = voucher.signature.with(7, voucher.signature[7]! ^ 1);
    assert.ok(!verifyVoucher({ ...kind, chainId: 'another' }, voucher));
    assert.ok(!verifyVoucher({ ...kind, publicKey: hundred.publicKey }, voucher));
    assert.ok(!verifyVoucher(kind, { ...voucher, serial: secret() }));
    assert.ok(!verifyVoucher(kind, { ...voucher, signature: flipped }));
    assert.ok(!verifyVoucher(kind, { ...voucher, signature: voucher.signature.subarray(1) }));
    assert.ok(!verifyVoucher(kind, { ...voucher, serial: new Uint8Array(31) }));
    assert.ok(!verifyVoucher({ ...kind, publicKey: new Uint8Array(10) }, voucher));
  });

  it('does not come of an answer to another message or under another key', async () => {
    const [blinded, other] = [blindVoucher(kind, secret()), blindVoucher(kind, secret())];
    const cases = [treasury.blindSign(other.blinded), createVoucherSigner(hundred.privateKey).blindSign(new Uint8Array(VOUCHER_SIGNATURE_BYTES).fill(1)), new Uint8Array(4)];
    for (const answer of cases) {
      assert.ok(!verifyBlindSignature(ten.publicKey, blinded.blinded, answer));
      await assert.rejects(finalizeVoucher(kind, blinded, answer), (error) => isVoucherError(error, 'vouchers/bad-signature'));
    }
  });
});

describe('the treasury', () => {
  it('signs blinded messages as long as the modulus and below it, and nothing else', () => {
    for (const blinded of [new Uint8Array(0), new Uint8Array(VOUCHER_SIGNATURE_BYTES - 1), new Uint8Array(VOUCHER_SIGNATURE_BYTES).fill(0xff)]) {
      assert.ok(!isBlindedMessage(ten.publicKey, blinded));
      assert.throws(() => treasury.blindSign(blinded), (error) => isVoucherError(error, 'vouchers/bad-input'));
    }
  });

  it('computes what the raw RSA operation does', () => {
    const blinded = new Uint8Array(VOUCHER_SIGNATURE_BYTES).fill(9).with(0, 0);
    const key = createPrivateKey({ key: Buffer.from(ten.privateKey), format: 'der', type: 'pkcs8' });
    assert.deepEqual(treasury.blindSign(blinded), new Uint8Array(privateDecrypt({ key, padding: constants.RSA_NO_PADDING }, blinded)));
    assert.equal(power(number(treasury.blindSign(blinded)), 65_537n, modulus()), number(blinded));
  });
});

describe('a voucher key', () => {
  it('is RSA of one size and exponent, in one encoding', () => {
    assert.ok(isVoucherKey(ten.publicKey));
    const ed25519 = der(generateKeyPairSync('ed25519').publicKey.export({ format: 'der', type: 'spki' }));
    for (const bad of [rsaKey(2048), rsaKey(3072, 3), ed25519, new Uint8Array(0), Uint8Array.of(...ten.publicKey, 0)]) assert.ok(!isVoucherKey(bad));
    assert.throws(() => createVoucherSigner(ten.publicKey), (error) => isVoucherError(error, 'vouchers/bad-key'));
  });

  it('is known by a hash of its own', () => {
    assert.equal(voucherKeyId(ten.publicKey).length, 32);
    assert.notDeepEqual(voucherKeyId(ten.publicKey), voucherKeyId(hundred.publicKey));
  });
});

const number = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).toString('hex')}`);

function modulus(): bigint {
  const { n = '' } = createPublicKey({ key: Buffer.from(ten.publicKey), format: 'der', type: 'spki' }).export({ format: 'jwk' });
  return number(Buffer.from(n, 'base64url'));
}

function power(base: bigint, exponent: bigint, n: bigint): bigint {
  let [result, square] = [1n, base % n];
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % n;
    square = (square * square) % n;
  }
  return result;
}
