/**
 * One case of the benchmark in a process of its own, so that its peak memory is its own.
 * Usage: node case.mjs '{"observations": 500, "instance": "everyday", "rounds": 5}'; prints a JSON object.
 */
import { randomBytes } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { groth16, zKey } from 'snarkjs';
import {
  accreditationLeaf,
  attest,
  buildRecord,
  buildWitness,
  compilePolicy,
  createSnarkjsProver,
  createWasmProver,
  encodeWitness,
  issuerKeyFromSeed,
  IssuerTree,
  loadVerifier,
  LOINC,
  parsePolicy,
  prepareVerificationKey,
  publicInputsOf,
  publicSignals,
  subjectOf,
  toQuantity,
  verifyBatch,
  verifyEligibility,
  WitnessCalculator,
} from '../../libs/eligibility/dist/index.js';
import { daysAgo, exampleInputs, HBA1C, NOW_MS, seededRandom } from '../../libs/eligibility/dist/testing.js';
import { ensureCircuits, generateDevelopmentKeys, loadProvingCircuit, parseR1cs } from '../../circuits/dist/index.js';
import { rounded, sample, quantile } from '../measure.mjs';

const { observations, instance: name, rounds, keygen } = JSON.parse(process.argv[2]);
const BATCH = 64;

/** Eight clauses over a record whose laboratory part holds `observations` values, absence and counting among them. */
function inputs() {
  const example = exampleInputs();
  const code = `code: {system: '${LOINC}', code: 4548-4}`;
  const policy = compilePolicy(
    parsePolicy(`{version: 1, all: [
      {age: {atLeast: 18, atMost: 65}}, {has: {${code}, value: {atLeast: 5, atMost: 9, unit: '%'}}}, {latest: {${code}}},
      {count: {${code}, times: 3}}, {lacks: {${code}, within: {from: 2026-06-16}}}, {lacks: {part: conditions, code: {system: s, code: c}}}]}`),
    { releasedAtMs: NOW_MS, random: seededRandom('bench') },
  );
  const laboratory = Array.from({ length: observations - 1 }, (_, i) => ({
    part: 'laboratory',
    code: HBA1C,
    timeMs: daysAgo(1 + i),
    value: toQuantity(HBA1C, (55 + (i % 20)) / 10, '%'),
  }));
  const { parts } = example.record;
  const record = buildRecord({
    recordSecret: new Uint8Array(32),
    parts: {
      demographics: { observations: parts.demographics.leaves.slice(1).map((leaf) => leaf.observation), digest: parts.demographics.digest },
      laboratory: { observations: laboratory, digest: parts.laboratory.digest },
    },
  });
  const subject = subjectOf(example.idSecret);
  const issuer = attestingIssuer();
  const attestation = attest(issuer.key, { partsRoot: record.partsRoot, timeDay: example.attestation.timeDay, subject });
  return { ...example, record, attestation, issuers: issuer.tree, policy };
}

function attestingIssuer() {
  const key = issuerKeyFromSeed(new Uint8Array(32).fill(1));
  return { key, tree: IssuerTree.of([accreditationLeaf(key.publicKey)]) };
}

const artefacts = (await ensureCircuits({ instances: [name], onProgress: (line) => process.stderr.write(`${line}\n`) })).get(name);
const circuit = await loadProvingCircuit(artefacts);
const r1cs = parseR1cs(await readFile(artefacts.r1csPath));
await loadVerifier();
const key = prepareVerificationKey(artefacts.verificationKey);
const random = (length) => new Uint8Array(randomBytes(length));
const threads = availableParallelism();
const provers = { all: createWasmProver({ threads, random }), one: createWasmProver({ threads: 1, random }), snarkjs: createSnarkjsProver({ threads: 1 }) };

const all = inputs();
const { signals, statement } = buildWitness(all, artefacts.instance);
const publicInputs = publicInputsOf(statement);
const proof = await provers.one.prove(circuit, signals);
const calculator = new WitnessCalculator(circuit.wasm.slice());
const witness = encodeWitness(calculator.calculateWords(signals));
const snarkjsKey = await zKey.exportVerificationKey(new Uint8Array(circuit.zkey));
const snarkjsProof = await groth16.prove(new Uint8Array(circuit.zkey), witness);
const batch = Array.from({ length: BATCH }, () => ({ publicInputs, proof }));
const check = (valid) => {
  if (!valid) throw new Error('a proof of the benchmark is not valid');
};

const ops = {
  witness_ms: { run: () => calculator.calculateWords(signals) },
  prove_ms: { run: () => provers.all.prove(circuit, signals) },
  prove_one_thread_ms: { run: () => provers.one.prove(circuit, signals) },
  prove_snarkjs_ms: { run: () => provers.snarkjs.prove(circuit, signals) },
  prove_snarkjs_threads_ms: { run: () => groth16.prove(new Uint8Array(circuit.zkey), witness) },
  verify_snarkjs_ms: { run: async () => check(await groth16.verify(snarkjsKey, publicSignals(publicInputs).map(String), snarkjsProof.proof)) },
  verify_ms: { run: () => check(verifyEligibility(key, publicInputs, proof)) },
  verify_batch64_ms_per_proof: { run: () => check(verifyBatch(key, batch, random).every(Boolean)) },
};
const samples = await sample(Object.values(ops), rounds);
for (const prover of Object.values(provers)) await prover.close();

/** Medians by metric; of a batch, for one proof of it. */
const mediansOf = (clock) =>
  Object.fromEntries(
    Object.entries(ops).map(([metric, op]) => [metric, rounded(quantile(samples.get(op)[clock], 0.5) / (metric.includes('batch64') ? BATCH : 1), 2)]),
  );
const times = mediansOf('wall');
const cpu = mediansOf('cpu');
if (keygen) {
  const before = process.cpuUsage();
  const startedAt = performance.now();
  await generateDevelopmentKeys(r1cs, { instance: artefacts.instance, random });
  times.keygen_ms = rounded(performance.now() - startedAt, 0);
  const { user, system } = process.cpuUsage(before);
  cpu.keygen_ms = rounded((user + system) / 1000, 0);
}

const bytes = async (path) => (await stat(path)).size;
process.stdout.write(
  JSON.stringify({
    inputs: observations,
    instance: name,
    constraints: r1cs.constraints,
    clauses: artefacts.instance.slots,
    threads,
    ...times,
    prove_cpu_ms: cpu.prove_one_thread_ms,
    cpu,
    proving_key_bytes: await bytes(artefacts.zkeyPath),
    verification_key_bytes: JSON.stringify(artefacts.verificationKey).length,
    proof_bytes: proof.length,
    peak_rss_mb: rounded(process.resourceUsage().maxRSS / 1024, 0),
  }),
);
process.exit();
