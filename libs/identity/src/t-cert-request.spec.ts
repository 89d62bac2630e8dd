import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { decodeCanonical, encodeCanonical } from '@medveil/encoding';
import type { Afgh06 } from '@medveil/pre';
import { type SigningKeyPair, sign } from './accounts.js';
import { WEEKLY_EPOCHS } from './epochs.js';
import { CHAIN, EPOCH, NOW_MS, batchRequest, coded, enrol, flipped, keyOf, pkgKey, pre, seededRandom, testAuthority, testCommittees } from './spec-support.js';
import { issueTCerts } from './t-cert-issue.js';
import { MAX_T_CERT_BATCH, type TCertRequest, createTCertRequest, verifyTCertRequest } from './t-cert-request.js';

type Party = Awaited<ReturnType<typeof enrol>>;

const entries = (change: (all: TCertRequest['entries']) => object[]) => (request: TCertRequest) => ({ ...request, entries: change(request.entries) });

describe('T-Cert batch request', () => {
  let afgh: Afgh06;
  let patient: Party;
  let institution: Party;
  let bytes: Uint8Array;
  before(async () => {
    afgh = await pre();
    const authority = await testAuthority();
    patient = await enrol('pat_1', 'patient', authority);
    institution = await enrol('ins_1', 'institution', authority);
    bytes = await batchRequest(patient, 'patient', 2);
  });

  /** The request with something changed inside and signed anew: what a cheating party can send. */
  const resigned = (change: (request: TCertRequest) => object, signer: SigningKeyPair = patient.keys.enrolment): Uint8Array => {
    const { request } = decodeCanonical(bytes) as { request: Uint8Array };
    const changed = encodeCanonical(change(decodeCanonical(request) as unknown as TCertRequest) as never);
    return encodeCanonical({ request: changed, signature: sign(signer, 'medveil/t-cert-request/1', changed) });
  };
  const check = (request: Uint8Array) => () => verifyTCertRequest(request, patient.eCert, CHAIN, afgh);

  it('is verified with possession of every key, for owners, delegatees and those without either', async () => {
    assert.equal(verifyTCertRequest(bytes, patient.eCert, CHAIN, afgh).entries.length, 2);
    assert.equal(verifyTCertRequest(await batchRequest(institution, 'institution', 1), institution.eCert, CHAIN, afgh).entries.length, 1);
    const auditor = await enrol('aud_1', 'auditor', await testAuthority());
    const [entry] = verifyTCertRequest(await batchRequest(auditor, 'auditor', 1), auditor.eCert, CHAIN, afgh).entries;
    assert.equal(entry?.preKey, null);
  });

  it('is refused from another enrolment, for another role or chain', () => {
    assert.throws(() => verifyTCertRequest(bytes, institution.eCert, CHAIN, afgh), coded('identity/bad-signature'));
    assert.throws(check(resigned((request) => ({ ...request, enrolmentId: 'pat_2' }))), coded('identity/wrong-role'));
    assert.throws(check(resigned((request) => ({ ...request, role: 'hospital' }))), coded('identity/wrong-role'));
    assert.throws(check(resigned((request) => ({ ...request, chainId: 'other' }))), coded('identity/wrong-chain'));
    assert.throws(check(resigned((request) => request, keyOf('thief'))), coded('identity/bad-signature'));
  });

  it('is refused where possession of a key is not proved for this very request', () => {
    const [first, second] = [entries((all) => [{ ...all[0], accountKey: keyOf('victim').publicKey }]), entries((all) => [{ ...all[0], preKey: all[1]?.preKey }])];
    assert.throws(check(resigned(first)), coded('identity/bad-possession-proof'));
    assert.throws(check(resigned(second)), coded('identity/bad-possession-proof'));
    assert.throws(check(resigned((request) => ({ ...request, requestId: flipped(request.requestId, 0) }))), coded('identity/bad-possession-proof'));
    assert.throws(check(resigned((request) => ({ ...request, epoch: request.epoch + 1 }))), coded('identity/bad-possession-proof'));
    const proof = (key: 'accountProof' | 'preProof') => entries((all) => all.map((entry) => ({ ...entry, [key]: flipped(entry[key] ?? new Uint8Array(1), 10) })));
    assert.throws(check(resigned(proof('accountProof'))), coded('identity/bad-possession-proof'));
    assert.throws(check(resigned(proof('preProof'))), coded('identity/bad-possession-proof'));
  });

  it('cannot get an owner’s key certified as a delegatee’s, nor a re-encryption key left out', () => {
    const { account, ownerSeed } = institution.keys.pseudonym(0);
    const owner = afgh.ownerKeyFromSeed(ownerSeed);
    const random = seededRandom('mixed');
    const make = (preKey: Parameters<typeof createTCertRequest>[0]['pseudonyms'][number]['preKey']) =>
      createTCertRequest(
        { chainId: CHAIN, enrolmentId: 'ins_1', role: 'institution', requestId: random(16), epoch: EPOCH, pseudonyms: [{ account, preKey }] },
        institution.keys.enrolment,
      );
    for (const preKey of [{ publicKey: owner.publicKey, prove: (context: Uint8Array) => afgh.proveOwnerKey(owner, context, random) }, null]) {
      assert.throws(() => verifyTCertRequest(make(preKey), institution.eCert, CHAIN, afgh), coded('identity/bad-possession-proof'));
    }
  });

  it('holds no key twice, not the key of the E-Cert, and no more entries than the limit', () => {
    const own = entries((all) => [{ ...all[0], accountKey: patient.eCert.publicKey }]);
    assert.throws(check(resigned(own)), coded('identity/bad-input'));
    assert.throws(check(resigned(entries((all) => [all[0] ?? {}, all[0] ?? {}]))), coded('identity/bad-input'));
    assert.throws(check(resigned(entries((all) => [all[0] ?? {}, { ...all[1], preKey: all[0]?.preKey }]))), coded('identity/bad-input'));
    assert.throws(check(resigned(entries(() => []))), coded('identity/bad-input'));
    assert.throws(check(resigned(entries((all) => Array.from({ length: MAX_T_CERT_BATCH + 1 }, () => all[0] ?? {})))), coded('identity/bad-input'));
  });

  it('gets certificates of the present epoch or the next, none further ahead or back', async () => {
    const { committees } = await testCommittees();
    const request = verifyTCertRequest(bytes, patient.eCert, CHAIN, afgh);
    const issue = (epoch: number) =>
      issueTCerts({ ...request, epoch }, { key: pkgKey, schedule: WEEKLY_EPOCHS, committees, atMs: NOW_MS }, seededRandom('issue'));
    assert.equal((await issue(EPOCH + 1)).length, 2);
    await assert.rejects(issue(EPOCH + 2), coded('identity/bad-input'));
    await assert.rejects(issue(EPOCH - 1), coded('identity/bad-input'));
  });
});
