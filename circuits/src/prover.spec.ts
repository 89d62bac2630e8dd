import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import {
  buildWitness,
  createSnarkjsProver,
  isEligibilityError,
  loadVerifier,
  prepareVerificationKey,
  type PreparedKey,
  proveEligibility,
  type ProvingCircuit,
  publicInputsOf,
  publicSignals,
  sampleRequirementId,
  statementOf,
  verifyEligibility,
  verifyStatement,
  WitnessCalculator,
} from '@medveil/eligibility';
import { exampleInputs } from '@medveil/eligibility/testing';
import { ensureCircuits, loadProvingCircuit } from './ensure.js';
import { Forgery } from './forgery.js';

/** What a promise fails with. */
async function code(proof: Promise<unknown>): Promise<unknown> {
  const error: unknown = await proof.then(
    () => 'no error',
    (reason: unknown) => reason,
  );
  return isEligibilityError(error) ? error.code : error;
}

describe('the snarkjs prover', () => {
  let circuits: ProvingCircuit[];
  let small: ProvingCircuit;
  let key: PreparedKey;

  before(async () => {
    const artefacts = await ensureCircuits({ instances: ['everyday', 'small'] });
    circuits = await Promise.all([...artefacts.values()].map(loadProvingCircuit));
    small = circuits.find(({ instance }) => instance.name === 'small') ?? assert.fail();
    await loadVerifier();
    key = prepareVerificationKey(artefacts.get('small')?.verificationKey ?? assert.fail());
  });

  it('picks the smallest circuit that fits; a sample’s proof is no claim’s', async () => {
    const prover = createSnarkjsProver({ threads: 1 });
    const inputs = exampleInputs();
    const requirementId = sampleRequirementId(inputs.requirementId);
    const { proof, publicInputs, statement, instance } = await proveEligibility(prover, circuits, { ...inputs, requirementId, domains: [] });
    await prover.close();
    assert.equal(instance, 'small');
    assert.equal(verifyEligibility(key, publicInputs, proof), true);
    assert.equal(verifyStatement(key, statement, proof), true);
    assert.equal(verifyStatement(key, { ...statement, requirementId: inputs.requirementId }, proof), false);
    assert.equal(verifyStatement(key, { ...statement, domains: ['x', 'x'] }, proof), false);
  });

  it('makes nothing of forged inputs, and tells nothing about them', async () => {
    const prover = createSnarkjsProver({ threads: 1 });
    const forged = new Forgery(exampleInputs()).set(0n, 'holds', 0).toSignals();
    await assert.rejects(prover.prove(small, forged), (error) => {
      assert.ok(isEligibilityError(error, 'eligibility/prover-failed'));
      assert.deepEqual(error.details, { stage: 'witness', instance: 'small' });
      assert.equal(error.cause, undefined);
      return true;
    });
    await prover.close();
  });

  it('has a witness generator that a refusal does not upset, and that wants every input', () => {
    const { signals } = buildWitness(exampleInputs(), small.instance);
    const calculator = new WitnessCalculator(small.wasm.slice());
    const first = calculator.calculate(signals);
    assert.throws(() => calculator.calculate(new Forgery(exampleInputs()).set(0n, 'holds', 0).toSignals()), /refused its inputs/);
    assert.deepEqual(calculator.calculate(signals), first);
    const { nonce: _, ...missing } = signals;
    assert.throws(() => calculator.calculate(missing), /inputs/);
    assert.deepEqual(first.slice(1, 17), publicSignals(publicInputsOf(statementOf(exampleInputs()))));
  });

  it('cancels, refuses what does not fit in the queue, and closes with proofs under way', async () => {
    const prover = createSnarkjsProver({ threads: 1, maxQueue: 1 });
    const { signals } = buildWitness(exampleInputs(), small.instance);
    const abort = new AbortController();
    const running = prover.prove(small, signals, { signal: abort.signal });
    const waiting = prover.prove(small, signals);
    const outcomes = Promise.all([code(running), code(waiting), code(prover.prove(small, signals))]);
    abort.abort();
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    await prover.close();
    assert.deepEqual(await outcomes, ['eligibility/prover-cancelled', 'eligibility/prover-closed', 'eligibility/prover-busy']);
    assert.equal(await code(prover.prove(small, signals)), 'eligibility/prover-closed');
  });
});
