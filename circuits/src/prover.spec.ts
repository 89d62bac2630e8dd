import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { groth16, zKey } from 'snarkjs';
import {
  buildWitness,
  createNativeProver,
  createSnarkjsProver,
  createWasmProver,
  isEligibilityError,
  loadVerifier,
  prepareVerificationKey,
  type PreparedKey,
  proveEligibility,
  type Prover,
  type ProvingCircuit,
  publicInputsOf,
  publicSignals,
  sampleRequirementId,
  statementOf,
  verifyEligibility,
  verifyStatement,
  WitnessCalculator,
} from '@medveil/eligibility';
import { nativeProgram, type NativeProgramOptions } from '@medveil/host';
import { decodeProof, exampleInputs } from '@medveil/eligibility/testing';
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

const random = (length: number) => new Uint8Array(randomBytes(length));

const commandProver = fileURLToPath(new URL('command-prover.js', import.meta.url));

/** A script that stands for a native prover; see there for the modes. */
const native = (mode: string, maxQueue = 10, options: NativeProgramOptions = {}) =>
  createNativeProver({ threads: 1, maxQueue, program: nativeProgram([process.execPath, commandProver, mode], options) });

/** Every adapter of the port, by name with its number of threads. */
const adapters: Readonly<Record<string, { threads: number; create: (maxQueue?: number) => Prover }>> = {
  'the WebAssembly prover on one thread': { threads: 1, create: (maxQueue = 10) => createWasmProver({ threads: 1, maxQueue, random }) },
  'the WebAssembly prover on three threads': { threads: 3, create: (maxQueue = 10) => createWasmProver({ threads: 3, maxQueue, random }) },
  'the native prover': { threads: 1, create: (maxQueue = 10) => native('prove', maxQueue) },
  'the snarkjs prover': { threads: 1, create: (maxQueue = 10) => createSnarkjsProver({ threads: 1, maxQueue }) },
};

let circuits: ProvingCircuit[];
let small: ProvingCircuit;
let key: PreparedKey;
let snarkjsKey: Awaited<ReturnType<typeof zKey.exportVerificationKey>>;

before(async () => {
  const artefacts = await ensureCircuits({ instances: ['everyday', 'small'] });
  circuits = await Promise.all([...artefacts.values()].map(loadProvingCircuit));
  small = circuits.find(({ instance }) => instance.name === 'small') ?? assert.fail();
  await loadVerifier();
  key = prepareVerificationKey(artefacts.get('small')?.verificationKey ?? assert.fail());
  snarkjsKey = await zKey.exportVerificationKey(small.zkey.slice());
});

/** snarkjs keeps its curve, threads and all, in a global. */
after(async () => {
  await (globalThis as { curve_bn128?: { terminate(): Promise<void> } }).curve_bn128?.terminate();
});

for (const [name, { threads, create }] of Object.entries(adapters)) {
  describe(name, () => {
    let prover: Prover;
    before(() => {
      prover = create();
    });
    after(() => prover.close());

    it('picks the smallest circuit that fits and makes proofs that snarkjs accepts, never the same twice', async () => {
      const claim = exampleInputs();
      // as an institution proves its own sample: under an id that is no claim's
      const inputs = { ...claim, requirementId: sampleRequirementId(claim.requirementId), domains: [] };
      const [one, other] = await Promise.all([proveEligibility(prover, circuits, inputs), proveEligibility(prover, circuits, inputs)]);
      assert.equal(one.instance, 'small');
      assert.notDeepEqual(one.proof, other.proof);
      for (const { proof, publicInputs, statement } of [one, other]) {
        assert.equal(await groth16.verify(snarkjsKey, publicSignals(publicInputs).map(String), decodeProof(proof)), true);
        assert.equal(verifyEligibility(key, publicInputs, proof), true);
        assert.equal(verifyStatement(key, { ...statement, requirementId: claim.requirementId }, proof), false);
        assert.equal(verifyStatement(key, { ...statement, domains: ['x', 'x'] }, proof), false);
      }
    });

    it('makes nothing of forged inputs, and tells nothing about them', async () => {
      const forged = new Forgery(exampleInputs()).set(0n, 'holds', 0).toSignals();
      await assert.rejects(prover.prove(small, forged), (error) => {
        assert.ok(isEligibilityError(error, 'eligibility/prover-failed'));
        assert.deepEqual(error.details, { stage: 'witness', instance: 'small' });
        assert.equal(error.cause, undefined);
        return true;
      });
    });

    it('makes nothing of a key that is none', async () => {
      const { signals } = buildWitness(exampleInputs(), small.instance);
      const broken = { ...small, zkey: small.zkey.slice(0, 100_000), zkeyFile: fileURLToPath(import.meta.url) };
      assert.equal(await code(prover.prove(broken, signals)), 'eligibility/prover-failed');
    });

    it('cancels what runs and what waits, refuses what does not fit in the queue, and closes with proofs under way', async () => {
      const busy = create(2);
      const { signals } = buildWitness(exampleInputs(), small.instance);
      const [first, second] = [new AbortController(), new AbortController()];
      const running = Array.from({ length: threads }, () => code(busy.prove(small, signals, { signal: first.signal })));
      const [waiting, next] = [code(busy.prove(small, signals, { signal: second.signal })), code(busy.prove(small, signals))];
      assert.equal(await code(busy.prove(small, signals)), 'eligibility/prover-busy');
      second.abort();
      assert.equal(await waiting, 'eligibility/prover-cancelled');
      first.abort();
      assert.deepEqual(new Set(await Promise.all(running)), new Set(['eligibility/prover-cancelled']));
      await busy.close();
      assert.equal(await next, 'eligibility/prover-closed');
      assert.equal(await code(busy.prove(small, signals)), 'eligibility/prover-closed');
      assert.equal(await code(prover.prove(small, signals, { signal: AbortSignal.abort() })), 'eligibility/prover-cancelled');
    });
  });
}

/** How a proof by a prover, closed afterwards, ends. */
const outcome = async (prover: Prover) => {
  const { signals } = buildWitness(exampleInputs(), small.instance);
  const found = await code(prover.prove(small, signals));
  await prover.close();
  return found;
};

describe('a native prover', () => {
  it('that fails, is not there, answers nonsense or does not end makes no proof', async () => {
    const missing = createNativeProver({ threads: 1, program: nativeProgram(['/nonexistent/prover']) });
    for (const prover of [native('fail'), native('garbage'), native('hang', 1, { timeoutMs: 500 }), missing]) {
      assert.equal(await outcome(prover), 'eligibility/prover-failed');
    }
  });

  it('is ended with the proof that it was started for, and leaves nothing behind', async () => {
    const prover = native('hang');
    const { signals } = buildWitness(exampleInputs(), small.instance);
    const abort = new AbortController();
    const running = code(prover.prove(small, signals, { signal: abort.signal }));
    setTimeout(() => abort.abort(), 1_000);
    assert.equal(await running, 'eligibility/prover-cancelled');
    const last = code(prover.prove(small, signals));
    setTimeout(() => void prover.close(), 1_000);
    assert.equal(await last, 'eligibility/prover-closed');
  });

  it('is not made where the witness would reach a disk', () => {
    for (const memoryFolder of ['/proc', '/nonexistent']) assert.throws(() => nativeProgram(['prover'], { memoryFolder }), /must not reach a disk/);
  });
});

describe('the witness generator', () => {
  it('is not upset by a refusal, and wants every input', () => {
    const { signals } = buildWitness(exampleInputs(), small.instance);
    const calculator = new WitnessCalculator(small.wasm.slice());
    const first = calculator.calculate(signals);
    assert.throws(() => calculator.calculate(new Forgery(exampleInputs()).set(0n, 'holds', 0).toSignals()), /refused its inputs/);
    assert.deepEqual(calculator.calculate(signals), first);
    const { nonce: _, ...missing } = signals;
    assert.throws(() => calculator.calculate(missing), /inputs/);
    assert.deepEqual(first.slice(1, 17), publicSignals(publicInputsOf(statementOf(exampleInputs()))));
  });
});
