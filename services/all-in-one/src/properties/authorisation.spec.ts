/** Authorisation: nothing is handed over but by the patient, to whom the patient chose, with the agreement on the ledger (docs/security.md). */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import type { BodyOf } from '@medveil/agreements';
import { utf8 } from '@medveil/encoding';
import { signTCert } from '@medveil/identity';
import { encodeLabel } from '@medveil/pre';
import { DAY_MS, type Claimed, LoneContract, random } from '../testing/lone-contract.js';

let ledger: LoneContract;
let requirement: ReturnType<LoneContract['release']>;
let claimed: Claimed;
before(async () => {
  ledger = await LoneContract.open();
  requirement = ledger.release();
  claimed = ledger.claim(requirement);
});

const deliveryOf = ({ patient, record, claimId }: Claimed): BodyOf<'record-delivery'> => ledger.network.delivery(patient, record, claimId);

describe('authorisation', () => {
  it('is the patient’s: a delivery without the re-encryption key that the patient made is refused, whoever sends it', () => {
    const { proxy } = ledger.network;
    // The proxy with a key that a user or the institution itself made; with the key of another claim; with another claim's delivery.
    const stranger = ledger.network.patient();
    assert.equal(ledger.send(proxy, deliveryOf({ ...claimed, patient: { ...stranger, account: claimed.patient.account } })), 'agreements/bad-reencryption-proof');
    const other = ledger.claim(requirement);
    assert.equal(ledger.send(proxy, { ...deliveryOf(other), claimId: claimed.claimId }), 'agreements/bad-reencryption-proof');
    assert.equal(ledger.send(proxy, deliveryOf({ ...claimed, record: other.record, patient: other.patient })), 'agreements/bad-reencryption-proof');
  });

  it('is not the institution’s: it records no delivery to itself, nor does another patient', () => {
    assert.equal(ledger.send(ledger.network.institution.account, deliveryOf(claimed)), 'agreements/not-permitted');
    const stranger = ledger.claim(requirement);
    assert.equal(ledger.send(stranger.patient.account, deliveryOf(claimed)), 'agreements/not-permitted');
  });

  it('comes with an agreement that both signed, on the ledger: without an accepted claim nothing is delivered', () => {
    const { network } = ledger;
    const patient = network.patient();
    const record = network.record(patient, { 'vital-signs': random(32), laboratory: random(32) });
    const unknown = `clm_${'0'.repeat(64)}` as const;
    assert.notEqual(ledger.send(network.proxy, network.delivery(patient, record, unknown)), 'accepted');
    ledger.accept(patient.account, record.body, patient.certificate);
    const { claimId } = network.claim(patient, 1, record, requirement.requirementId, requirement.policyHash);
    assert.notEqual(ledger.send(network.proxy, network.delivery(patient, record, claimId)), 'accepted', 'the record stands there, the claim does not');
  });

  it('is taken back by the patient alone, and then no delivery counts', () => {
    const withdrawn = ledger.claim(requirement);
    const other = ledger.claim(requirement);
    const revocation = { type: 'revoke-grant', claimId: withdrawn.claimId } as const;
    for (const account of [ledger.network.institution.account, ledger.network.proxy, ledger.network.pkgAccount, other.patient.account]) {
      assert.equal(ledger.send(account, revocation), 'agreements/not-permitted');
    }
    ledger.accept(withdrawn.patient.account, revocation);
    assert.equal(ledger.send(ledger.network.proxy, deliveryOf(withdrawn)), 'agreements/wrong-claim-state');
  });

  it('cannot be turned to a false institution by the PKG: only the consortium pins institutions and their keys', () => {
    const { network } = ledger;
    const account = network.key();
    const delegatee = network.pre.delegateeKeyFromSeed(random(32));
    const certificate = signTCert({
      version: 1, chainId: network.options.chainId, serial: random(16), role: 'institution', accountKey: account.publicKey, preKey: delegatee.publicKey,
      notBeforeMs: ledger.nowMs - DAY_MS, notAfterMs: ledger.nowMs + DAY_MS, opening: random(32),
    }, network.pkgCertificates);
    const { body } = network.requirement({ keywords: ['false'] });
    assert.equal(ledger.execute(network.sign(account, 0, body, certificate)), 'agreements/role-must-be-pinned');
    const proposal = { action: { kind: 'unpin-member' as const, account: network.institution.id }, reference: random(16), voteUntilMs: ledger.nowMs + DAY_MS };
    assert.equal(ledger.send(network.pkgAccount, { type: 'vote', proposal }), 'agreements/not-permitted');
    // Even a patient who was made to believe in the false key, and the proxy with them, deliver nothing to it on a claim of the true institution.
    const { patient: { owner }, record: { body: { record, parts } }, claimId } = claimed;
    const turned = parts.map(({ part, version, capsule }) => {
      const label = encodeLabel({ chainId: network.options.chainId, record, part, version });
      const reKey = network.pre.reKeyGen(owner, label, delegatee.publicKey);
      const transformed = network.pre.reEncrypt(capsule, reKey);
      const statement = { capsule, transformed, ownerPublicKey: owner.publicKey, delegateePublicKey: delegatee.publicKey, label, claimId: utf8(claimId) };
      return { part, transformed, proof: network.pre.proveReEncryption({ ...statement, reKey }, random) };
    });
    assert.equal(ledger.send(network.proxy, { type: 'record-delivery', claimId, parts: turned }), 'agreements/bad-reencryption-proof');
  });

  it('given, is enough: the delivery of the patient’s own key is recorded', () => {
    assert.equal(ledger.send(ledger.network.proxy, deliveryOf(claimed)), 'accepted');
  });
});
