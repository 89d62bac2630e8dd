/** Verifiability: every replica is convinced that a record meets the criteria, and is shown nothing of either (docs/security.md). */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import type { BodyOf } from '@medveil/agreements';
import { simulateProof } from '@medveil/agreements/testing';
import { makeRecord, type PatientRecord } from '@medveil/delivery/testing';
import { fieldToBytes, PART_TYPES } from '@medveil/eligibility';
import { encodeCanonical } from '@medveil/encoding';
import { CHAIN, LoneContract, random } from '../testing/lone-contract.js';

const RUN_BYTES = 8;

let ledger: LoneContract;
let requirement: ReturnType<LoneContract['release']>;
before(async () => {
  ledger = await LoneContract.open();
  requirement = ledger.release();
});

/** A claim on a record h, under a fresh pseudonym that has registered it; the proof is made by whoever knows the key's trapdoor, from the statement alone. */
function claimed(h = ledger.network.field()): { readonly account: ReturnType<LoneContract['network']['key']>; readonly body: BodyOf<'submit-claim'> } {
  const patient = ledger.network.patient();
  const drawn = ledger.network.record(patient, { 'vital-signs': random(32), laboratory: random(32) });
  const record = { ...drawn, body: { ...drawn.body, record: h } };
  ledger.accept(patient.account, record.body, patient.certificate);
  return { account: patient.account, body: ledger.network.claim(patient, 1, record, requirement.requirementId, requirement.policyHash).body };
}

describe('verifiability', () => {
  it('discloses nothing: what the replicas see of a claim can be made without any record, policy or secret', () => {
    // The simulator of the zero-knowledge property at work: it has the trapdoor and the public statement, and the replicas' verifier accepts.
    const { account, body } = claimed();
    assert.equal(ledger.send(account, body), 'accepted');
  });

  it('discloses nothing in the statement either: no run of bytes of a record, its leaves’ salts, or the policy', () => {
    const record: PatientRecord = makeRecord({ nowMs: ledger.nowMs, seed: 5 });
    const { body } = claimed(record.h);
    const shown = Buffer.from(encodeCanonical({ ...body })).toString('latin1');
    const { policy } = ledger.network.requirement();
    const fields = [record.tree.partsRoot, record.idSecret, record.r].map(fieldToBytes);
    const secrets = [policy, record.blinding, ...fields, ...PART_TYPES.map((part) => record.parts[part])];
    for (const secret of secrets) {
      for (let at = 0; at + RUN_BYTES <= secret.length; at += RUN_BYTES) {
        const run = Buffer.from(secret.subarray(at, at + RUN_BYTES)).toString('latin1');
        assert.ok(!shown.includes(run), `${secret.length} bytes, from ${at}`);
      }
    }
    assert.ok(shown.includes(Buffer.from(record.h.subarray(8, 16)).toString('latin1')), 'what is public would be found');
  });

  it('convinces of what is stated and of nothing else: no other record, result, policy, person, pseudonym, requirement or chain', () => {
    const { account, body } = claimed();
    const others: Partial<BodyOf<'submit-claim'>>[] = [
      { proof: new Uint8Array(128) }, { claimNullifier: ledger.network.field() }, { result: 0 }, { policyHash: ledger.network.field() },
      { proof: body.proof.map((byte, at) => (at === 40 ? byte ^ 1 : byte)) },
    ];
    for (const change of others) assert.match(ledger.send(account, { ...body, ...change }), /^agreements\/(bad-eligibility-proof|result-mismatch|policy-mismatch)$/);
    const statement = { h: body.record, ...body, domains: [], pseudonym: account.publicKey, chainId: CHAIN };
    for (const other of [
      { ...statement, chainId: 'another' }, { ...statement, pseudonym: random(32) }, { ...statement, h: ledger.network.field() }, { ...statement, result: 0 },
      { ...statement, requirementId: `req_${'0'.repeat(64)}` as const }, { ...statement, issuerRoot: ledger.network.field() },
    ]) {
      assert.equal(ledger.send(account, { ...body, proof: simulateProof(other) }), 'agreements/bad-eligibility-proof');
    }
    assert.equal(ledger.send(account, body), 'accepted');
  });
});
