import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { proposalSchema } from '@medveil/agreements';
import { decodeCanonical, fromBase64Url, sha256, toBase64Url } from '@medveil/encoding';
import { senderDirectory } from '@medveil/host';
import { createEnrolmentRequest, derivePatientKeys, verifyECert } from '@medveil/identity';
import { MEMBER_ENROLLED, MessageReceiver, TOPICS } from '@medveil/messaging';
import { DAY_MS, eventually, Party, problem, World } from './spec-world.js';

describe('enrolment', () => {
  let world: World;
  before(async () => { world = await World.open(); });
  after(() => world.close());

  const tokenFor = async (party: Party): Promise<string> => (await world.operator().createEnrolmentToken(party.role, party.enrolmentId)).token;

  it('certifies who holds a token, with a key of their own making', async () => {
    const party = await Party.make(world, 'patient-1', 'patient');
    const answer = await world.anonymous.enrol(party.enrolment(await tokenFor(party)));
    const cert = verifyECert(fromBase64Url(answer.certificate), fromBase64Url(world.network.caCertificate), world.nowMs);
    assert.deepEqual(
      { enrolmentId: cert.enrolmentId, role: cert.role, publicKey: cert.publicKey, hpke: cert.hpkePublicKey, subject: cert.subjectCommitment },
      { enrolmentId: 'patient-1', role: 'patient', publicKey: party.keys.enrolment.publicKey, hpke: party.hpkePublicKey, subject: party.subject },
    );
    assert.equal(cert.notAfterMs, answer.notAfterMs);
  });

  it('answers the same request the same, and no other request with the same token', async () => {
    const party = await Party.make(world, 'patient-2', 'patient');
    const token = await tokenFor(party);
    const request = party.enrolment(token);
    const first = await world.anonymous.enrol(request);
    assert.deepEqual(await world.anonymous.enrol(request), first);
    const thief = await Party.make(world, 'patient-2', 'patient');
    await assert.rejects(world.anonymous.enrol(thief.enrolment(token)), problem('pkg/token-used', 409));
  });

  it('gives a token to one of those who come with it at once', async () => {
    const token = await tokenFor(await Party.make(world, 'patient-3', 'patient'));
    const parties = await Promise.all(Array.from({ length: 6 }, () => Party.make(world, 'patient-3', 'patient')));
    const outcomes = await Promise.allSettled(parties.map((party) => world.anonymous.enrol(party.enrolment(token))));
    assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1);
    for (const outcome of outcomes) if (outcome.status === 'rejected') problem('pkg/token-used', 409)(outcome.reason);
  });

  it('refuses tokens that are invented, another’s, or over', async () => {
    const party = await Party.make(world, 'patient-4', 'patient');
    await assert.rejects(world.anonymous.enrol(party.enrolment(toBase64Url(new Uint8Array(32)))), problem('pkg/unknown-token', 403));
    const token = await tokenFor(party);
    await assert.rejects(world.anonymous.enrol({ ...party.enrolment(token), token: toBase64Url(new Uint8Array(32)) }), problem('pkg/unknown-token', 403));
    const other = await Party.make(world, 'patient-5', 'patient');
    await assert.rejects(world.anonymous.enrol(other.enrolment(token)), problem('pkg/token-mismatch', 403));
    const hospital = await Party.make(world, 'patient-4', 'hospital');
    await assert.rejects(world.anonymous.enrol(hospital.enrolment(token)), problem('pkg/token-mismatch', 403));
    world.nowMs += 8 * DAY_MS;
    await assert.rejects(world.anonymous.enrol(party.enrolment(token)), problem('pkg/token-expired', 403));
  });

  it('refuses requests that are not whole', async () => {
    const party = await Party.make(world, 'patient-6', 'patient');
    const token = await tokenFor(party);
    await assert.rejects(world.anonymous.enrol(party.enrolment(token, { chainId: 'elsewhere' })), problem('identity/wrong-chain', 422));
    await assert.rejects(world.anonymous.enrol(party.enrolment(token, { subjectCommitment: null })), problem('pkg/bad-subject', 422));
    await assert.rejects(world.anonymous.enrol(party.enrolment(token, { subjectCommitment: new Uint8Array(32).fill(255) })), problem('pkg/bad-subject', 422));
    await assert.rejects(world.anonymous.enrol(party.enrolment(token, { requestedAtMs: world.nowMs - DAY_MS })), problem('pkg/stale-request', 422));
    await assert.rejects(world.anonymous.enrol({ token, request: toBase64Url(new Uint8Array(40)) }), problem('identity/bad-input', 422));
    await assert.rejects(world.anonymous.enrol({ token, request: 'not base64!' }), problem('http/invalid-request', 400));
    await world.anonymous.enrol(party.enrolment(token));
  });

  it('keeps role and subject when a party enrols again, and ends the former certificate', async () => {
    const party = await world.enrolled('patient-7', 'patient');
    const stranger = await Party.make(world, 'patient-7', 'patient');
    await assert.rejects(world.anonymous.enrol(stranger.enrolment(await tokenFor(stranger))), problem('pkg/subject-changed', 409));
    await assert.rejects(world.operator().createEnrolmentToken('hospital', 'patient-7'), problem('pkg/role-changed', 409));
    const former = party.certificate;
    await party.enrol(await tokenFor(party));
    assert.notEqual(party.certificate, former);
    party.certificate = former;
    await assert.rejects(party.client.requestTCerts(party.batch([party.pseudonym(0)])), problem('identity/revoked', 401));
  });

  it('certifies a subject or a key for one enrolment only', async () => {
    const party = await world.enrolled('patient-8', 'patient');
    const double = await Party.make(world, 'patient-9', 'patient');
    const token = await tokenFor(double);
    await assert.rejects(world.anonymous.enrol(double.enrolment(token, { subjectCommitment: party.subject })), problem('pkg/subject-changed', 409));
    const stolen = await Party.make(world, 'hospital-9', 'hospital', party.keys);
    await assert.rejects(world.anonymous.enrol(stolen.enrolment(await tokenFor(stolen))), problem('pkg/key-in-use', 409));
  });

  it('renews under the certificate in force', async () => {
    const party = await world.enrolled('patient-10', 'patient');
    const cert = verifyECert(fromBase64Url(party.certificate), fromBase64Url(world.network.caCertificate), world.nowMs);
    const fresh = derivePatientKeys(new Uint8Array(32).fill(10));
    const wanted = party.enrolmentRequest({ kind: 'renewal', serial: cert.serial }, { publicKey: fresh.enrolment.publicKey });
    const request = toBase64Url(createEnrolmentRequest(wanted, fresh.enrolment, party.keys.enrolment));
    const renewed = await party.client.renew({ request, certificate: party.certificate });
    assert.deepEqual(verifyECert(fromBase64Url(renewed.certificate), fromBase64Url(world.network.caCertificate), world.nowMs).publicKey, fresh.enrolment.publicKey);
    assert.deepEqual(await party.client.renew({ request, certificate: party.certificate }), renewed);
    const forged = toBase64Url(createEnrolmentRequest(wanted, fresh.enrolment, fresh.enrolment));
    await assert.rejects(party.client.renew({ request: forged, certificate: party.certificate }), problem('identity/bad-signature', 422));
    const other = await world.enrolled('patient-11', 'patient');
    await assert.rejects(other.client.renew({ request, certificate: party.certificate }), problem('pkg/not-yours', 403));
  });

  it('lets a hospital enrol patients, and again only its own', async () => {
    const [first, second] = [await world.enrolled('hospital-1', 'hospital'), await world.enrolled('hospital-2', 'hospital')];
    const patient = await Party.make(world, 'patient-12', 'patient');
    await patient.enrol((await first.client.createEnrolmentToken('patient', 'patient-12')).token);
    await assert.rejects(first.client.createEnrolmentToken('hospital', 'hospital-3'), problem('pkg/not-yours', 403));
    await assert.rejects(second.client.createEnrolmentToken('patient', 'patient-12'), problem('pkg/not-yours', 403));
    await first.client.createEnrolmentToken('patient', 'patient-12');
    await assert.rejects(patient.client.createEnrolmentToken('patient', 'patient-13'), problem('http/forbidden', 403));
    await assert.rejects(world.operator().createEnrolmentToken('pkg', 'second-pkg'), problem('pkg/role-not-enrolled', 422));
    await assert.rejects(world.operator().createEnrolmentToken('hospital', 'operator'), problem('pkg/role-not-enrolled', 422));
  });

  it('proposes an institution’s own keys to the consortium', async () => {
    const envelopes = world.listen(TOPICS.certificates);
    const institution = await world.enrolled('institute', 'institution');
    const receiver = new MessageReceiver({ network: world.network.chainId, definitions: [MEMBER_ENROLLED], directory: senderDirectory(world.network) });
    const envelope = await eventually(() => envelopes[0]);
    const opened = await receiver.open({ topic: TOPICS.certificates, value: envelope });
    assert.ok(opened.ok);
    const { enrolmentId, proposal } = opened.message.payload as { enrolmentId: string; proposal: Uint8Array };
    const { action } = proposalSchema.parse(decodeCanonical(proposal));
    assert.equal(enrolmentId, 'institute');
    assert.ok(action.kind === 'pin-member' && action.member.role === 'institution');
    assert.deepEqual(action.member, { ...institution.member(), delegateeProof: action.member.delegateeProof, eCertHash: sha256(fromBase64Url(institution.certificate)) });
  });

  it('proposes nobody else’s', async () => {
    const institution = await Party.make(world, 'academy', 'institution');
    const other = await Party.make(world, 'other', 'institution');
    const token = await tokenFor(institution);
    const refused = (member: ReturnType<Party['member']>) =>
      assert.rejects(world.anonymous.enrol(institution.enrolment(token, {}, member)), problem('pkg/bad-member', 422));
    await refused(other.member());
    await refused({ ...institution.member(), sealKey: other.hpkePublicKey });
    await refused({ ...institution.member(), delegateeKey: other.member().delegateeKey });
    await refused({ ...institution.member(), delegateeProof: other.member().delegateeProof });
    const { member: _, ...without } = institution.enrolment(token);
    await assert.rejects(world.anonymous.enrol(without), problem('pkg/bad-member', 422));
    const patient = await Party.make(world, 'patient-14', 'patient');
    await assert.rejects(world.anonymous.enrol(patient.enrolment(await tokenFor(patient), {}, institution.member())), problem('pkg/bad-member', 422));
    await institution.enrol(token);
  });
});
