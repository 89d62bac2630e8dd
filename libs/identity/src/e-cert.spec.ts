import assert from 'node:assert/strict';
import { X509Certificate as NodeCertificate, createPublicKey } from 'node:crypto';
import { before, describe, it } from 'node:test';
import { toBase64Url, toHex } from '@medveil/encoding';
import { signRaw } from './accounts.js';
import { splitCertificate } from './e-cert-der.js';
import { type CertificateAuthority, createCertificateAuthority, issueECert, verifyECert } from './e-cert.js';
import { isIdentityError } from './errors.js';
import { ROLES } from './roles.js';
import { DAY_MS, NOW_MS, authorityKey, bytesOf, coded, flipped, keyOf, seededRandom, testAuthority } from './spec-support.js';

const validity = { notBeforeMs: NOW_MS - DAY_MS, notAfterMs: NOW_MS + 365 * DAY_MS };
const subject = {
  enrolmentId: 'pat_00112233445566778899aabbccddeeff',
  role: 'patient' as const,
  publicKey: keyOf('patient').publicKey,
  hpkePublicKey: bytesOf('hpke'),
  subjectCommitment: bytesOf('commitment'),
};
const random = seededRandom('e-cert');

describe('E-Cert', () => {
  let authority: CertificateAuthority;
  let certificate: Uint8Array;
  const verifiedAt = (ms: number) => () => verifyECert(certificate, authority.certificate, ms);
  const attempt = (change: object, times = validity) => issueECert({ subject: { ...subject, ...change }, authority, ...times }, random);
  before(async () => {
    authority = await testAuthority();
    certificate = await issueECert({ subject, authority, ...validity }, random);
  });

  it('says who, in which role, with which keys', async () => {
    for (const role of ROLES) {
      const issued = await issueECert({ subject: { ...subject, role }, authority, ...validity }, random);
      const cert = verifyECert(issued, authority.certificate, NOW_MS);
      assert.deepEqual(cert, { ...subject, role, serial: cert.serial, ...validity });
      assert.match(cert.serial, /^[4-7][0-9a-f]{31}$/);
    }
    const bare = await issueECert({ subject: { enrolmentId: 'x', role: 'service', publicKey: subject.publicKey }, authority, ...validity }, random);
    const { hpkePublicKey, subjectCommitment } = verifyECert(bare, authority.certificate, NOW_MS);
    assert.deepEqual([hpkePublicKey, subjectCommitment], [null, null]);
    assert.ok(certificate.length < 600, `${certificate.length} bytes`);
  });

  it('is an X.509 certificate to others: OpenSSL verifies and reads it', () => {
    const read = new NodeCertificate(certificate);
    const ca = new NodeCertificate(authority.certificate);
    const caKey = createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', x: toBase64Url(authorityKey.publicKey) } });
    assert.ok(read.verify(caKey) && ca.verify(caKey) && read.checkIssued(ca) && ca.ca && !read.ca);
    assert.equal(read.subject, `CN=${subject.enrolmentId}\nOU=patient`);
    assert.match(read.subjectAltName ?? '', new RegExp(`URI:medveil:hpke-x25519:${toHex(subject.hpkePublicKey)}`));
  });

  it('holds from its first to its last millisecond, cut to the second', () => {
    verifiedAt(validity.notBeforeMs)();
    verifiedAt(validity.notAfterMs - 1)();
    assert.throws(verifiedAt(validity.notBeforeMs - 1), coded('identity/not-yet-valid'));
    assert.throws(verifiedAt(validity.notAfterMs), coded('identity/expired'));
  });

  it('outlives neither its authority nor a revocation', async () => {
    const brief = { certificate: await createCertificateAuthority({ name: 'brief', key: authorityKey, notBeforeMs: NOW_MS, notAfterMs: NOW_MS + DAY_MS }, random), key: authorityKey };
    const issued = await issueECert({ subject, authority: brief, ...validity }, random);
    assert.throws(() => verifyECert(issued, brief.certificate, NOW_MS + 2 * DAY_MS), coded('identity/expired'));
    const { serial } = verifyECert(certificate, authority.certificate, NOW_MS);
    assert.throws(() => verifyECert(certificate, authority.certificate, NOW_MS, (asked) => asked === serial), coded('identity/revoked'));
  });

  it('is refused from a foreign authority, also from one of the same name', async () => {
    const foreign = await testAuthority('somebody else', keyOf('foreign'));
    const sameName = await testAuthority('medveil test PKG', keyOf('foreign'));
    const fromForeign = await issueECert({ subject, authority: foreign, ...validity }, random);
    const fromSameName = await issueECert({ subject, authority: sameName, ...validity }, random);
    assert.throws(() => verifyECert(fromForeign, authority.certificate, NOW_MS), coded('identity/foreign-authority'));
    assert.throws(() => verifyECert(fromSameName, authority.certificate, NOW_MS), coded('identity/bad-signature'));
  });

  it('certifies nobody: neither as the authority given, nor as an issuer, nor by a key that is not the authority’s', async () => {
    const leafKey = keyOf('patient');
    const leafAsAuthority = { certificate, key: leafKey };
    await assert.rejects(issueECert({ subject, authority: leafAsAuthority, ...validity }, random), coded('identity/not-an-authority'));
    assert.throws(() => verifyECert(certificate, certificate, NOW_MS), coded('identity/not-an-authority'));
    await assert.rejects(issueECert({ subject, authority: { ...authority, key: leafKey }, ...validity }, random), coded('identity/bad-key'));

    const { toBeSigned } = splitCertificate(certificate);
    const bySelf = Uint8Array.from([...certificate.slice(0, -64), ...signRaw(leafKey, toBeSigned)]);
    assert.throws(() => verifyECert(bySelf, authority.certificate, NOW_MS), coded('identity/bad-signature'));
  });

  it('an authority’s certificate is no E-Cert', () => {
    assert.throws(() => verifyECert(authority.certificate, authority.certificate, NOW_MS), coded('identity/bad-certificate'));
  });

  it('does not survive any altered, missing or added byte', () => {
    for (let at = 0; at < certificate.length; at += 1) {
      assert.throws(() => verifyECert(flipped(certificate, at, 1 << at % 8), authority.certificate, NOW_MS), isIdentityError, `byte ${at}`);
    }
    for (const bytes of [certificate.slice(0, -1), Uint8Array.from([...certificate, 0]), new Uint8Array(), new Uint8Array(5000)]) {
      assert.throws(() => verifyECert(bytes, authority.certificate, NOW_MS), coded('identity/bad-certificate'));
    }
  });

  it('is not issued for a bad name, key or time', async () => {
    await assert.rejects(attempt({ enrolmentId: 'a, OU=pkg' }), coded('identity/bad-input'));
    await assert.rejects(attempt({ publicKey: new Uint8Array(32) }), coded('identity/bad-key'));
    await assert.rejects(attempt({ hpkePublicKey: new Uint8Array(31) }), coded('identity/bad-key'));
    await assert.rejects(attempt({}, { notBeforeMs: NOW_MS, notAfterMs: NOW_MS }), coded('identity/bad-input'));
  });
});
