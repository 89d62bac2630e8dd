import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { decodeCanonical, encodeCanonical } from '@medveil/encoding';
import { type CertificateAuthority, type ECert, issueECert, verifyECert } from './e-cert.js';
import { createIssuerRequest, type IssuerRequest, verifyIssuerRequest } from './issuer-request.js';
import type { Role } from './roles.js';
import { bytesOf, CHAIN, coded, DAY_MS, keyOf, NOW_MS, seededRandom, testAuthority } from './spec-support.js';

const request = (change: Partial<IssuerRequest> = {}): IssuerRequest => ({
  version: 1, chainId: CHAIN, kind: 'hospital', ax: bytesOf('x'), ay: bytesOf('y'), requestedAtMs: NOW_MS, ...change,
});

describe('a request to be accredited as an issuer', () => {
  let authority: CertificateAuthority;
  const key = keyOf('attester');
  before(async () => {
    authority = await testAuthority();
  });

  const sender = async (role: Role, subjectCommitment: Uint8Array | null = null): Promise<ECert> => {
    const subject = { enrolmentId: 'attester', role, publicKey: key.publicKey, subjectCommitment };
    const der = await issueECert({ subject, authority, notBeforeMs: NOW_MS - DAY_MS, notAfterMs: NOW_MS + DAY_MS }, seededRandom('issuer'));
    return verifyECert(der, authority.certificate, NOW_MS);
  };

  it('is read as it was made', async () => {
    const hospital = request();
    assert.deepEqual(verifyIssuerRequest(createIssuerRequest(hospital, key), await sender('hospital'), CHAIN), hospital);
    const self = request({ kind: 'self' });
    assert.deepEqual(verifyIssuerRequest(createIssuerRequest(self, key), await sender('patient', bytesOf('subject')), CHAIN), self);
  });

  it('counts only with the key of the E-Cert, for this ledger', async () => {
    const hospital = await sender('hospital');
    assert.throws(() => verifyIssuerRequest(createIssuerRequest(request(), keyOf('another')), hospital, CHAIN), coded('identity/bad-signature'));
    assert.throws(() => verifyIssuerRequest(createIssuerRequest(request({ chainId: 'elsewhere' }), key), hospital, CHAIN), coded('identity/wrong-chain'));
  });

  it('lets nobody attest in a way that their role does not', async () => {
    const hospital = createIssuerRequest(request(), key);
    const self = createIssuerRequest(request({ kind: 'self' }), key);
    const [patient, institution, asHospital, withoutSubject] = [
      await sender('patient', bytesOf('subject')), await sender('institution'), await sender('hospital'), await sender('patient'),
    ];
    assert.throws(() => verifyIssuerRequest(hospital, patient, CHAIN), coded('identity/wrong-role'));
    assert.throws(() => verifyIssuerRequest(hospital, institution, CHAIN), coded('identity/wrong-role'));
    assert.throws(() => verifyIssuerRequest(self, asHospital, CHAIN), coded('identity/wrong-role'));
    assert.throws(() => verifyIssuerRequest(self, withoutSubject, CHAIN), coded('identity/bad-input'));
  });

  it('cannot be changed under way', async () => {
    const { request: body, signature } = decodeCanonical(createIssuerRequest(request(), key)) as { request: Uint8Array; signature: Uint8Array };
    const other = decodeCanonical(createIssuerRequest(request({ ax: bytesOf('other') }), key)) as { request: Uint8Array };
    const hospital = await sender('hospital');
    assert.throws(() => verifyIssuerRequest(encodeCanonical({ request: other.request, signature }), hospital, CHAIN), coded('identity/bad-signature'));
    assert.throws(() => verifyIssuerRequest(encodeCanonical({ request: body, signature, more: 1 }), hospital, CHAIN), coded('identity/bad-input'));
  });
});
