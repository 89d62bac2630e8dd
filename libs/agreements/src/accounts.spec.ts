import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readAccount } from './queries.js';
import { PERMITTED } from './rules/accounts.js';
import type { Body, BodyType } from './transactions.js';
import { claimBody, deliver, deliveryBody, freshClaim, openRequirement, registerBody } from './testing/exchange.js';
import { bytes32, DAY_MS, keyOf, START_MS, World } from './testing/world.js';

describe('a pseudonym', () => {
  it('is registered by its T-Cert with its first transaction', () => {
    const world = new World();
    const patient = world.pseudonym('ana');
    const events = world.send(patient, registerBody('r1'));
    assert.deepEqual(events.map(({ type }) => type), ['account-registered', 'record-registered']);
    const account = readAccount(world.view, patient.id);
    assert.equal(account?.role, 'patient');
    assert.equal(account?.nonce, 1);
  });

  it('is not registered by a transaction that is rejected', () => {
    const world = new World();
    const patient = world.pseudonym('ana');
    world.refuses('agreements/insufficient-funds', patient, { type: 'redeem', amount: 1, reference: bytes32('x') });
    assert.equal(readAccount(world.view, patient.id), null);
  });

  it('brings its certificate once', () => {
    const world = new World();
    const patient = world.pseudonym('ana');
    world.refusesBytes('agreements/unknown-account', world.build(patient, registerBody('r1'), { certificate: null }));
    world.send(patient, registerBody('r1'));
    world.refusesBytes('agreements/already-registered', world.build(patient, registerBody('r2'), { certificate: patient.certificate }));
  });

  it('needs a certificate of this PKG, this chain, this time and this key', () => {
    const world = new World();
    const cases = [
      world.pseudonym('a', { issuer: keyOf('another pkg') }),
      world.pseudonym('b', { chainId: 'another' }),
      world.pseudonym('c', { notAfterMs: world.timeMs }),
      world.pseudonym('d', { notBeforeMs: world.timeMs + 1 }),
      { ...world.pseudonym('e'), certificate: world.pseudonym('f').certificate },
      { ...world.pseudonym('g'), certificate: world.pseudonym('g').certificate!.map((byte, index) => (index === 60 ? byte ^ 1 : byte)) },
      { ...world.pseudonym('h'), certificate: new Uint8Array([1, 2, 3]) },
    ];
    for (const sender of cases) world.refuses('agreements/bad-certificate', sender, registerBody(sender.name));
  });

  it('shares its serial number with no other account', () => {
    const world = new World();
    const serial = bytes32('serial').subarray(0, 16);
    world.send(world.pseudonym('ana', { serial }), registerBody('r1'));
    world.refuses('agreements/bad-certificate', world.pseudonym('eve', { serial }), registerBody('r2'));
  });

  it('cannot be an institution, a proxy, an auditor or a treasury: those the consortium pins', () => {
    const world = new World();
    for (const role of ['institution', 'proxy', 'auditor', 'treasury'] as const) {
      world.refuses('agreements/role-must-be-pinned', world.pseudonym(`false ${role}`, { role }), { type: 'redeem', amount: 1, reference: bytes32('x') });
    }
  });

  it('enters into nothing new once its certificate has expired, but winds up what it has begun', () => {
    const world = new World();
    const requirementId = openRequirement(world);
    const patient = world.pseudonym('ana', { notAfterMs: START_MS + DAY_MS });
    world.send(patient, registerBody('r1'));
    world.send(patient, registerBody('r2'));
    const { claimId } = freshClaim(world, 'ben', requirementId);
    world.send(patient, claimBody(world, patient, 'ana', requirementId, 'r1'));
    world.pass(DAY_MS);
    world.refuses('agreements/certificate-expired', patient, registerBody('r3'));
    world.refuses('agreements/certificate-expired', patient, claimBody(world, patient, 'ana again', requirementId, 'r2'));
    deliver(world, claimId);
    const claimed = [...world.view.entries('claim/')].map(([key]) => key.slice(6)).find((id) => id !== claimId);
    world.send(patient, deliveryBody(world, claimed as typeof claimId));
    world.pass(8 * DAY_MS);
    world.send(patient, { type: 'redeem', amount: world.balance(patient), reference: bytes32('pay-out') });
  });
});

describe('permissions', () => {
  const anyBody: Record<BodyType, Body> = {
    mint: { type: 'mint', account: new World().fees.id, amount: 1, reference: bytes32('x') },
    redeem: { type: 'redeem', amount: 1, reference: bytes32('x') },
    'request-vouchers': { type: 'request-vouchers', vouchers: [{ keyId: bytes32('x'), blinded: new Uint8Array(384) }] },
    'issue-vouchers': { type: 'issue-vouchers', requestId: `vrq_${'0'.repeat(64)}`, signatures: [new Uint8Array(384)] },
    'spend-vouchers': { type: 'spend-vouchers', vouchers: [{ keyId: bytes32('x'), serial: bytes32('x'), signature: new Uint8Array(384) }] },
    vote: { type: 'vote', proposal: { action: { kind: 'set-rules', version: 2, height: 100 }, reference: bytes32('x').subarray(0, 16), voteUntilMs: START_MS + DAY_MS } },
    'update-issuers': { type: 'update-issuers', root: bytes32('x'), immediate: false },
    revoke: { type: 'revoke', accounts: [], serials: [] },
    'release-requirement': undefined as never,
    'close-requirement': { type: 'close-requirement', requirementId: `req_${'0'.repeat(64)}` },
    'register-record': registerBody('r'),
    'submit-claim': {
      type: 'submit-claim', requirementId: `req_${'0'.repeat(64)}`, record: bytes32('x'), policyHash: bytes32('x'), result: 1, claimNullifier: bytes32('x'),
      domainNullifiers: [], issuerRoot: bytes32('x'), proof: new Uint8Array(128),
    },
    'record-delivery': { type: 'record-delivery', claimId: `clm_${'0'.repeat(64)}`, parts: [{ part: 'other', transformed: new Uint8Array(1), proof: new Uint8Array(1) }] },
    'confirm-delivery': { type: 'confirm-delivery', claimId: `clm_${'0'.repeat(64)}` },
    'open-dispute': { type: 'open-dispute', claimId: `clm_${'0'.repeat(64)}`, evidenceHash: bytes32('x') },
    'rule-dispute': { type: 'rule-dispute', claimId: `clm_${'0'.repeat(64)}`, outcome: 'patient-at-fault' },
    'request-opening': { type: 'request-opening', account: `acc_${'0'.repeat(64)}`, reason: 'court-order', claimId: null, evidenceHash: bytes32('x') },
    'approve-opening': { type: 'approve-opening', openingId: `opn_${'0'.repeat(64)}` },
    'revoke-grant': { type: 'revoke-grant', claimId: `clm_${'0'.repeat(64)}` },
    'record-revocation-receipt': { type: 'record-revocation-receipt', claimId: `clm_${'0'.repeat(64)}`, statementHash: bytes32('x') },
    'record-deletion': { type: 'record-deletion', claimId: `clm_${'0'.repeat(64)}`, statementHash: bytes32('x') },
    'report-evidence': { type: 'report-evidence', evidence: bytes32('evidence') },
    'post-bond': { type: 'post-bond', replica: 'a', amount: 1 },
    'withdraw-bond': { type: 'withdraw-bond', replica: 'a' },
  };

  it('are refused to every role that a transaction is not for', () => {
    const world = new World();
    const actors = {
      patient: world.pseudonym('ana'), hospital: world.pseudonym('clinic', { role: 'hospital' }), institution: world.institute, proxy: world.proxy,
      auditor: world.auditors[0]!, treasury: world.treasury, pkg: world.pkg, consortium: world.voters[0]!,
    } as const;
    for (const [type, allowed] of Object.entries(PERMITTED) as [BodyType, readonly (keyof typeof actors)[]][]) {
      if (type === 'release-requirement') continue;
      for (const role of Object.keys(actors) as (keyof typeof actors)[]) {
        if (!allowed.includes(role)) world.refuses('agreements/not-permitted', actors[role], anyBody[type]);
      }
    }
  });
});

describe('revocation', () => {
  it('stops a pseudonym at once, whatever it sends', () => {
    const world = new World();
    const patient = world.pseudonym('ana');
    world.send(patient, registerBody('r1'));
    world.send(world.pkg, { type: 'revoke', accounts: [patient.id], serials: [] });
    world.refuses('agreements/revoked', patient, registerBody('r2'));
  });

  it('reaches a certificate that was never used', () => {
    const world = new World();
    const serial = bytes32('lost').subarray(0, 16);
    world.send(world.pkg, { type: 'revoke', accounts: [], serials: [serial] });
    world.refuses('agreements/revoked', world.pseudonym('ana', { serial }), registerBody('r1'));
  });

  it('by the PKG does not reach those whom the consortium pinned', () => {
    const world = new World();
    world.refuses('agreements/not-revocable', world.pkg, { type: 'revoke', accounts: [world.institute.id], serials: [] });
    world.refuses('agreements/unknown-account', world.pkg, { type: 'revoke', accounts: [world.pseudonym('nobody').id], serials: [] });
  });
});
