import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { toHex } from '@medveil/encoding';
import fc from 'fast-check';
import { type RevocationList, emptyRevocationList, revocationCheck, revoke, signRevocationList, verifyRevocationList } from './revocation.js';
import { CHAIN, DAY_MS, NOW_MS, bytesOf, coded, flipped, keyOf, pkgKey } from './spec-support.js';

const tCert = (name: string, week = 0) => ({
  serial: bytesOf(name).slice(0, 16),
  notBeforeMs: NOW_MS + week * 7 * DAY_MS,
  notAfterMs: NOW_MS + (week + 2) * 7 * DAY_MS,
});
const eCert = (name: string) => toHex(bytesOf(name).slice(0, 16));
const empty = emptyRevocationList(CHAIN, NOW_MS);
const verify = (list: RevocationList, inForce: RevocationList | null = null) => verifyRevocationList(signRevocationList(list, pkgKey), pkgKey.publicKey, CHAIN, inForce);

describe('revocation list', () => {
  it('says what is revoked and of nothing else', () => {
    const check = revocationCheck(verify(revoke(empty, { eCerts: [eCert('a')], tCerts: [tCert('x'), tCert('y', 1)] }, NOW_MS + 1)));
    assert.ok(check.isECertRevoked(eCert('a')) && check.isTCertRevoked(tCert('x')) && check.isTCertRevoked(tCert('y', 1)));
    assert.ok(!check.isECertRevoked(eCert('b')) && !check.isTCertRevoked(tCert('y')) && !check.isTCertRevoked(tCert('z')));
  });

  it('does not show in which order or company serials were revoked', () => {
    const certs = ['a', 'b', 'c', 'd', 'e'].map((name) => tCert(name));
    fc.assert(
      fc.property(fc.shuffledSubarray(certs, { minLength: 5 }), fc.nat({ max: 4 }), (order, at) => {
        const once = revoke(empty, { tCerts: certs }, NOW_MS);
        const inTwo = revoke(revoke(empty, { tCerts: order.slice(0, at) }, NOW_MS), { tCerts: order.slice(at) }, NOW_MS);
        assert.deepEqual(inTwo.tCerts, once.tCerts);
      }),
    );
  });

  it('lets T-Certs go once they have expired, and keeps E-Certs', () => {
    const list = revoke(empty, { eCerts: [eCert('a')], tCerts: [tCert('x'), tCert('y', 1)] }, NOW_MS);
    const later = revoke(list, {}, NOW_MS + 14 * DAY_MS);
    assert.deepEqual(later.tCerts.map(({ notBeforeMs }) => notBeforeMs), [tCert('y', 1).notBeforeMs]);
    assert.deepEqual(later.eCerts, list.eCerts);
    verify(later, list);
  });

  it('is refused from another signer, for another chain, and altered', () => {
    const bytes = signRevocationList(revoke(empty, { eCerts: [eCert('a')] }, NOW_MS), pkgKey);
    assert.throws(() => verifyRevocationList(bytes, keyOf('x').publicKey, CHAIN), coded('identity/bad-signature'));
    assert.throws(() => verifyRevocationList(bytes, pkgKey.publicKey, 'other'), coded('identity/wrong-chain'));
    for (let at = 0; at < bytes.length; at += 1) assert.throws(() => verifyRevocationList(flipped(bytes, at), pkgKey.publicKey, CHAIN), `byte ${at}`);
  });

  it('goes neither back nor on while forgetting an entry', () => {
    const first = revoke(empty, { eCerts: [eCert('a')], tCerts: [tCert('x')] }, NOW_MS + 1);
    const second = revoke(first, { eCerts: [eCert('b')] }, NOW_MS + 2);
    verify(second, first);
    assert.throws(() => verify(first, second), coded('identity/stale-revocation-list'));
    assert.throws(() => verify(first, first), coded('identity/stale-revocation-list'));
    assert.throws(() => verify({ ...second, eCerts: [eCert('b')] }, first), coded('identity/stale-revocation-list'));
    assert.throws(() => verify({ ...second, tCerts: [] }, first), coded('identity/stale-revocation-list'));
  });

  it('has one form: serials ascend, none twice', () => {
    const [low, high] = [eCert('a'), eCert('b')].toSorted() as [string, string];
    assert.throws(() => verify({ ...empty, eCerts: [high, low] }), coded('identity/bad-input'));
    assert.throws(() => verify({ ...empty, eCerts: [low, low] }), coded('identity/bad-input'));
  });
});
