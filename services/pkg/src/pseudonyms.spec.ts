import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { fromBase64Url, toBase64Url } from '@medveil/encoding';
import { committeesOf } from '@medveil/host';
import { acceptTCert, decodeOpeningWitness, PRE_KEY_KIND } from '@medveil/identity';
import { CHAIN, DAY_MS, Party, problem, World } from './spec-world.js';

describe('pseudonyms', () => {
  let world: World;
  let patient: Party;
  before(async () => {
    world = await World.open({ maxTCertsPerBatch: 8, maxTCertsPerEpoch: 12 });
    patient = await world.enrolled('patient-1', 'patient');
  });
  after(() => world.close());

  it('are what their holder asked for, and open to nobody but the committees', async () => {
    const pseudonyms = [patient.pseudonym(0), patient.pseudonym(1)];
    const { certificates } = await patient.client.requestTCerts(patient.batch(pseudonyms));
    assert.equal(certificates.length, 2);
    assert.equal(PRE_KEY_KIND.patient, 'owner');
    for (const [index, { certificate, witness }] of certificates.entries()) {
      const { account, preKey } = pseudonyms[index] ?? assert.fail();
      await acceptTCert({ certificate: fromBase64Url(certificate), witness: decodeOpeningWitness(fromBase64Url(witness)) }, {
        pkgPublicKey: fromBase64Url(world.network.pkgPublicKey), chainId: CHAIN, atMs: world.nowMs, enrolmentId: 'patient-1', role: 'patient',
        accountKey: account.publicKey, preKey: preKey?.publicKey ?? null, committees: committeesOf(world.network),
      });
    }
  });

  it('come once: the same request has the same answer, its id none for another', async () => {
    const requestId = new Uint8Array(16).fill(7);
    const request = patient.batch([patient.pseudonym(2)], requestId);
    const [first, second] = await Promise.all([patient.client.requestTCerts(request), patient.client.requestTCerts(request)]);
    assert.deepEqual(first, second);
    assert.deepEqual(await patient.client.requestTCerts(request), first);
    await assert.rejects(patient.client.requestTCerts(patient.batch([patient.pseudonym(3)], requestId)), problem('pkg/request-id-reused', 409));
  });

  it('never share a key', async () => {
    await assert.rejects(patient.client.requestTCerts(patient.batch([patient.pseudonym(4), patient.pseudonym(0)])), problem('pkg/key-in-use', 409));
    const { account } = patient.pseudonym(5);
    const { preKey } = patient.pseudonym(1);
    await assert.rejects(patient.client.requestTCerts(patient.batch([{ account, preKey }])), problem('pkg/key-in-use', 409));
    await assert.rejects(patient.client.requestTCerts(patient.batch([patient.pseudonym(6), patient.pseudonym(6)])), problem('identity/bad-input', 422));
    const other = await world.enrolled('patient-2', 'patient');
    const withEnrolmentKey = { account: other.keys.enrolment, preKey: patient.pseudonym(7).preKey };
    await assert.rejects(patient.client.requestTCerts(patient.batch([withEnrolmentKey])), problem('pkg/key-in-use', 409));
    // What was refused as a whole left no trace: the keys beside the bad one are still free.
    await patient.client.requestTCerts(patient.batch([patient.pseudonym(4)]));
  });

  it('are for keys that the holder has', async () => {
    const { account, preKey } = patient.pseudonym(8);
    const foreign = { account: { ...account, publicKey: patient.pseudonym(9).account.publicKey }, preKey };
    await assert.rejects(patient.client.requestTCerts(patient.batch([foreign])), problem('identity/bad-possession-proof', 422));
    assert.ok(preKey !== null);
    const unproved = { account, preKey: { publicKey: patient.pseudonym(9).preKey?.publicKey ?? assert.fail(), prove: preKey.prove.bind(preKey) } };
    await assert.rejects(patient.client.requestTCerts(patient.batch([unproved])), problem('identity/bad-possession-proof', 422));
  });

  it('are for the caller, under the caller’s certificate', async () => {
    const other = await world.enrolled('patient-3', 'patient');
    await assert.rejects(other.client.requestTCerts(patient.batch([patient.pseudonym(10)])), problem('pkg/not-yours', 403));
    const { request } = patient.batch([patient.pseudonym(10)]);
    await assert.rejects(other.client.requestTCerts({ request, certificate: other.certificate }), problem('identity/bad-signature', 422));
    const forged = toBase64Url(fromBase64Url(patient.certificate).map((byte, index, all) => (index === all.length - 1 ? byte ^ 1 : byte)));
    await assert.rejects(patient.client.requestTCerts({ request, certificate: forged }), problem('identity/bad-signature', 422));
  });

  it('are limited in each request and in each epoch', async () => {
    const busy = await world.enrolled('patient-4', 'patient');
    const many = (from: number, count: number) => Array.from({ length: count }, (_, index) => busy.pseudonym(from + index));
    await assert.rejects(busy.client.requestTCerts(busy.batch(many(0, 9))), problem('pkg/batch-too-large', 413));
    await busy.client.requestTCerts(busy.batch(many(0, 8)));
    await assert.rejects(busy.client.requestTCerts(busy.batch(many(8, 5))), problem('pkg/too-many-pseudonyms', 429));
    await busy.client.requestTCerts(busy.batch(many(8, 4)));
    world.nowMs += 7 * DAY_MS;
    await busy.client.requestTCerts(busy.batch(many(12, 5)));
  });
});
