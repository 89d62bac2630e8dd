import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decodeCanonical, encodeCanonical } from '@medveil/encoding';
import { type EnrolmentRequest, createEnrolmentRequest, createEnrolmentToken, enrolmentTokenDigest, verifyEnrolmentRequest } from './enrolment.js';
import { CHAIN, NOW_MS, bytesOf, coded, flipped, keyOf, seededRandom } from './spec-support.js';

const key = keyOf('new enrolment');
const { token, tokenDigest } = createEnrolmentToken(seededRandom('token'));
const request: EnrolmentRequest = {
  version: 1,
  chainId: CHAIN,
  enrolmentId: 'ins_1',
  role: 'institution',
  publicKey: key.publicKey,
  hpkePublicKey: bytesOf('hpke'),
  subjectCommitment: null,
  requestedAtMs: NOW_MS,
  authority: { kind: 'token', tokenDigest },
};

describe('enrolment request', () => {
  it('carries what is to be certified, and the token’s digest', () => {
    assert.deepEqual(verifyEnrolmentRequest(createEnrolmentRequest(request, key), CHAIN), request);
    assert.deepEqual(enrolmentTokenDigest(token), tokenDigest);
  });

  it('proves possession of the key: any altered byte is refused', () => {
    const bytes = createEnrolmentRequest(request, key);
    for (let at = 0; at < bytes.length; at += 1) {
      assert.throws(() => verifyEnrolmentRequest(flipped(bytes, at, 1 << at % 8), CHAIN), `byte ${at}`);
    }
    const outer = decodeCanonical(bytes) as { request: Uint8Array; possession: Uint8Array; renewal: null };
    const foreign = createEnrolmentRequest({ ...request, publicKey: keyOf('x').publicKey }, keyOf('x'));
    const swapped = encodeCanonical({ ...outer, request: (decodeCanonical(foreign) as typeof outer).request });
    assert.throws(() => verifyEnrolmentRequest(swapped, CHAIN), coded('identity/bad-possession-proof'));
    assert.throws(() => createEnrolmentRequest(request, keyOf('x')), coded('identity/bad-key'));
    assert.throws(() => verifyEnrolmentRequest(bytes, 'other-chain'), coded('identity/wrong-chain'));
  });

  it('renews with the signature of the key in force, and not without', () => {
    const inForce = keyOf('in force');
    const renewal: EnrolmentRequest = { ...request, authority: { kind: 'renewal', serial: '40'.repeat(16) } };
    const bytes = createEnrolmentRequest(renewal, key, inForce);
    assert.deepEqual(verifyEnrolmentRequest(bytes, CHAIN, inForce.publicKey), renewal);
    assert.throws(() => verifyEnrolmentRequest(bytes, CHAIN, keyOf('other').publicKey), coded('identity/bad-signature'));
    assert.throws(() => verifyEnrolmentRequest(bytes, CHAIN), coded('identity/bad-input'));
    assert.throws(() => verifyEnrolmentRequest(createEnrolmentRequest(renewal, key), CHAIN, inForce.publicKey), coded('identity/bad-input'));
    assert.throws(() => verifyEnrolmentRequest(createEnrolmentRequest(request, key, inForce), CHAIN), coded('identity/bad-input'));
  });
});
