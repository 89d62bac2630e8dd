import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { accountTable, stateKeys } from '@medveil/agreements';
import { fromBase64Url } from '@medveil/encoding';
import { senderDirectory } from '@medveil/host';
import { accountId, decodeTCert, revocationCheck, verifyECert, verifyRevocationList } from '@medveil/identity';
import { ENROLMENT_REVOKED, MessageReceiver, TOPICS } from '@medveil/messaging';
import { CHAIN, eventually, Party, problem, World } from './spec-world.js';

describe('revocation', () => {
  let world: World;
  let patient: Party;
  let certificates: Uint8Array[];
  before(async () => {
    world = await World.open();
    patient = await world.enrolled('patient-1', 'patient');
    const batch = await patient.client.requestTCerts(patient.batch([0, 1, 2].map((index) => patient.pseudonym(index))));
    certificates = batch.certificates.map(({ certificate }) => fromBase64Url(certificate));
  });
  after(() => world.close());

  /** The pseudonym's first transaction. */
  const act = (index: number): void => {
    const record = new Uint8Array(32);
    record[31] = index + 1;
    const part = { part: 'laboratory', version: 1, capsule: new Uint8Array(81), bodyDigest: new Uint8Array(32), bodyBytes: 1 } as const;
    const body = { type: 'register-record', record, parts: [part] } as const;
    world.ledger.send(patient.keys.pseudonym(index).account, { ...body, parts: [...body.parts] }, certificates[index] ?? null);
  };
  const account = async (index: number) => {
    const value = await world.ledger.readState(stateKeys.account(accountId(patient.keys.pseudonym(index).account.publicKey)));
    return value === undefined ? undefined : accountTable.decode(value);
  };
  const list = async () => {
    const { list: signed, sequence } = await world.anonymous.revocations();
    return { sequence, check: revocationCheck(verifyRevocationList(fromBase64Url(signed), fromBase64Url(world.network.pkgPublicKey), CHAIN)) };
  };

  it('is the operator’s, of somebody enrolled', async () => {
    await assert.rejects(patient.client.revoke({ enrolmentId: 'patient-1', reason: 'no' }), problem('http/forbidden', 403));
    await assert.rejects(world.operator().revoke({ enrolmentId: 'nobody', reason: 'no' }), problem('pkg/unknown-enrolment', 404));
  });

  it('starts from an empty list that is signed', async () => {
    const { sequence, check } = await list();
    assert.equal(sequence, 0);
    assert.ok(certificates.every((certificate) => !check.isTCertRevoked(decodeTCert(certificate))));
  });

  it('ends what the enrolment can do, on the ledger too, even where a pseudonym acts meanwhile', async () => {
    const envelopes = world.listen(TOPICS.certificates);
    const bystander = await world.enrolled('patient-2', 'patient');
    const { client } = patient;
    act(0);
    world.ledger.beforeExecute = () => {
      world.ledger.beforeExecute = undefined;
      act(1);
    };
    const cert = verifyECert(fromBase64Url(patient.certificate), fromBase64Url(world.network.caCertificate), world.nowMs);
    const { revokedAtMs } = await world.operator().revoke({ enrolmentId: 'patient-1', reason: 'sold invented records' });
    assert.equal(revokedAtMs, world.nowMs);
    await eventually(async () => ((await world.operator().revoke({ enrolmentId: 'patient-1', reason: 'again' })).onLedger ? true : undefined));
    assert.deepEqual([(await account(0))?.revokedAtMs, (await account(1))?.revokedAtMs], [world.nowMs, world.nowMs]);
    assert.throws(() => act(2), { code: 'agreements/revoked' });

    const { sequence, check } = await list();
    assert.equal(sequence, 1);
    assert.ok(check.isECertRevoked(cert.serial));
    assert.ok(certificates.every((certificate) => check.isTCertRevoked(decodeTCert(certificate))));
    await assert.rejects(client.requestTCerts(patient.batch([patient.pseudonym(3)])), problem('identity/revoked', 401));
    await assert.rejects(world.operator().createEnrolmentToken('patient', 'patient-1'), problem('pkg/enrolment-revoked', 403));
    await bystander.client.requestTCerts(bystander.batch([bystander.pseudonym(0)]));

    const receiver = new MessageReceiver({ network: CHAIN, definitions: [ENROLMENT_REVOKED], directory: senderDirectory(world.network) });
    const opened = await receiver.open({ topic: TOPICS.certificates, value: await eventually(() => envelopes[0]) });
    assert.deepEqual(opened.ok && opened.message.payload, { enrolmentId: 'patient-1', serial: cert.serial, revokedAtMs });
  });

  it('voids enrolment tokens that were not used yet', async () => {
    const { token } = await world.operator().createEnrolmentToken('patient', 'patient-2');
    await world.operator().revoke({ enrolmentId: 'patient-2', reason: 'left' });
    const party = await Party.make(world, 'patient-2', 'patient');
    await assert.rejects(world.anonymous.enrol(party.enrolment(token)), problem('pkg/unknown-token', 403));
  });

  it('is remembered', async () => {
    const { sequence } = await list();
    await world.restart();
    assert.equal((await list()).sequence, sequence);
    await assert.rejects(patient.client.requestTCerts(patient.batch([patient.pseudonym(4)])), problem('identity/revoked', 401));
  });
});
