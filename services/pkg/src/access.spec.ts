import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { HttpClient, PkgClient, requestToken } from '@medveil/client';
import { fromBase64Url, toHex } from '@medveil/encoding';
import { type Role, signAssertion } from '@medveil/identity';
import { type Party, problem, World } from './spec-world.js';

describe('access to the PKG', () => {
  let world: World;
  let hospital: Party;
  before(async () => {
    world = await World.open();
    hospital = await world.enrolled('hospital-1', 'hospital');
  });
  after(() => world.close());

  const assertion = (party: Party, audience = 'pkg') =>
    signAssertion(
      { key: party.keys.enrolment, credential: { kind: 'enrolment', certificate: fromBase64Url(party.certificate) }, subject: party.enrolmentId },
      audience,
      { clock: world.clock, random: (length) => crypto.getRandomValues(new Uint8Array(length)) },
    );
  const ask = (signed: string) => requestToken(new HttpClient({ baseUrl: world.service.url }), signed);

  it('is open to anyone for what Setup made public', async () => {
    const parameters = await world.anonymous.parameters();
    assert.equal(parameters.chainId, world.network.chainId);
    assert.equal(parameters.genesisHash, toHex(world.genesis.hash));
    assert.deepEqual(parameters.opening.auditors, world.network.opening.auditors.members);
    assert.equal(parameters.opening.replicaThreshold, 2);
  });

  it('is closed to anyone for the rest', async () => {
    const { anonymous } = world;
    const refused = problem('http/unauthenticated', 401);
    await assert.rejects(anonymous.createEnrolmentToken('patient', 'x'), refused);
    await assert.rejects(anonymous.requestTCerts({ request: '', certificate: '' }), refused);
    await assert.rejects(anonymous.accreditIssuer({ request: '', certificate: '' }), refused);
    await assert.rejects(anonymous.revoke({ enrolmentId: 'x', reason: 'x' }), refused);
    await assert.rejects(anonymous.renew({ request: '', certificate: '' }), refused);
    const forged = new PkgClient(new HttpClient({ baseUrl: world.service.url, token: () => 'abc.def.ghi' }));
    await assert.rejects(forged.createEnrolmentToken('patient', 'x'), refused);
    await assert.rejects(world.operator(['enrolments:admin'], 'contract').createEnrolmentToken('patient', 'x'), refused);
    await assert.rejects(world.operator(['ledger:read']).createEnrolmentToken('patient', 'x'), problem('http/forbidden', 403));
  });

  it('takes an assertion once, also across a restart', async () => {
    const signed = await assertion(hospital);
    const { scope } = await ask(signed);
    assert.deepEqual(scope.split(' ').toSorted(), ['certificates:renew', 'enrolments:patients', 'issuers:accredit', 'pseudonyms:request']);
    await assert.rejects(ask(signed), problem('identity/replayed', 401));
    await world.restart();
    await assert.rejects(ask(signed), problem('identity/replayed', 401));
  });

  it('takes no assertion for another service, or with another key', async () => {
    await assert.rejects(ask(await assertion(hospital, 'contract')), problem('identity/bad-credential', 401));
    const thief = await world.enrolled('hospital-2', 'hospital');
    thief.certificate = hospital.certificate;
    await assert.rejects(ask(await assertion(thief)), problem('identity/bad-credential', 401));
  });

  it('keeps who is enrolled, over a restart', async () => {
    await world.restart();
    await hospital.client.createEnrolmentToken('patient', 'patient-1');
    await hospital.client.requestTCerts(hospital.batch([hospital.pseudonym(0)]));
    const ready = await fetch(`${world.service.url}/health/ready`);
    assert.equal(ready.status, 200);
  });

  it('names what does not fit its schema', async () => {
    const operator = world.operator();
    await assert.rejects(operator.createEnrolmentToken('patient', '../x'), problem('http/invalid-request', 400));
    await assert.rejects(operator.createEnrolmentToken('king' as Role, 'x'), problem('http/invalid-request', 400));
  });
});
