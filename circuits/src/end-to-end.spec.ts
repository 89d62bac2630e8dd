import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  createSnarkjsProver,
  fieldToBytes,
  isEligibilityError,
  loadVerifier,
  type PreparedKey,
  prepareVerificationKey,
  proveEligibility,
  type Prover,
  type ProvingCircuit,
  publicInputsOf,
  verifyEligibility,
} from '@medveil/eligibility';
import { ensureCircuits, loadProvingCircuit } from './ensure.js';
import { exampleInputs, NOT_DETECTED } from '@medveil/eligibility/testing';

describe('record -> policy -> proof -> verification', () => {
  let prover: Prover;
  let circuits: ProvingCircuit[];
  let key: PreparedKey;

  before(async () => {
    const artefacts = await ensureCircuits({ instances: ['everyday'] });
    circuits = await Promise.all([...artefacts.values()].map(loadProvingCircuit));
    await loadVerifier();
    key = prepareVerificationKey([...artefacts.values()].map((a) => a.verificationKey)[0] ?? assert.fail());
    prover = createSnarkjsProver({ threads: 1 });
  });

  after(() => prover.close());

  it('accepts an honest proof for its own statement and for no other', async () => {
    const inputs = exampleInputs();
    const { proof, statement, publicInputs, instance } = await proveEligibility(prover, circuits, inputs);
    assert.equal(instance, 'everyday');
    assert.equal(proof.length, 128);
    assert.equal(verifyEligibility(key, publicInputs, proof), true);
    const others = {
      pseudonym: { ...statement, pseudonym: new Uint8Array(32) },
      chain: { ...statement, chainId: 'another' },
      requirement: { ...statement, requirementId: 'req_ffffffffffffffffffffffffffffffff' },
      result: { ...statement, result: 0 },
      record: { ...statement, h: fieldToBytes(5n) },
      policy: { ...statement, policyHash: fieldToBytes(5n) },
      nullifier: { ...statement, claimNullifier: fieldToBytes(5n) },
      domain: { ...statement, domains: ['measurements', 'treatments'] },
      'fewer domains': { ...statement, domains: ['measurements'], domainNullifiers: statement.domainNullifiers.slice(0, 1) },
      'domain nullifier': { ...statement, domainNullifiers: [fieldToBytes(5n), fieldToBytes(6n)] },
      issuers: { ...statement, issuerRoot: fieldToBytes(5n) },
    };
    for (const [name, other] of Object.entries(others)) {
      assert.equal(verifyEligibility(key, publicInputsOf(other), proof), false, `another ${name}`);
    }
  });

  it('makes no proof for a record that does not match, and says so before any work', async () => {
    const policy = `{version: 1, all: [{has: {code: {system: 'http://loinc.org', code: 94500-6}, value: {oneOf: [{system: '${NOT_DETECTED.system}', code: '${NOT_DETECTED.code}'}]}}}]}`;
    await assert.rejects(proveEligibility(prover, circuits, exampleInputs({ policy })), (error) => isEligibilityError(error, 'eligibility/not-eligible'));
  });
});
