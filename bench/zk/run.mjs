/**
 * Eligibility proofs: npm run bench -- zk [--json FILE] [--rounds N]
 * A record of N observations, every one authenticated by the commitment that the proof is about, and a policy of eight
 * clauses over it (ranges, latest, counting, absence). The paper's figures for N inputs stand beside where it gives them.
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { machine, table } from '../measure.mjs';
import { usage } from '../../scripts/usage.mjs';

usage();

const { values } = parseArgs({ options: { json: { type: 'string' }, rounds: { type: 'string', default: '5' } } });
const CASES = [
  { observations: 8, instance: 'small' },
  { observations: 20, instance: 'small' },
  { observations: 100, instance: 'everyday' },
  { observations: 400, instance: 'everyday' },
  { observations: 500, instance: 'everyday' },
  { observations: 1000, instance: 'extensive' },
];
/** Huang et al. 2020, section 5: at 1000 inputs. */
const PAPER = { inputs: 1000, keygen_ms: 16_300, prove_ms: 52_000, verify_ms: 614, proving_key_bytes: 15_300_000, verification_key_bytes: 31_500, proof_bytes: 125_400 };

const measured = CASES.map((each, i) => {
  process.stderr.write(`${each.observations} observations, ${each.instance}\n`);
  const first = CASES.findIndex(({ instance }) => instance === each.instance) === i;
  const request = JSON.stringify({ ...each, rounds: Number(values.rounds), keygen: first });
  const output = execFileSync(process.execPath, [fileURLToPath(new URL('case.mjs', import.meta.url)), request], { stdio: ['ignore', 'pipe', 'inherit'], maxBuffer: 2 ** 24 });
  return JSON.parse(output.toString('utf8'));
});
// keys belong to an instance: cases that share one share its key generation
const withKeygen = new Map(measured.filter((each) => each.keygen_ms !== undefined).map((each) => [each.instance, each]));
const cases = measured.map((each) => {
  const { keygen_ms, cpu } = withKeygen.get(each.instance);
  return Object.assign(each, { keygen_ms, cpu: Object.assign(each.cpu, { keygen_ms: cpu.keygen_ms }) });
});

const seconds = (ms) => (ms / 1000).toFixed(2);
/** CPU time, which other work on the machine lengthens least. */
const row = (label, each, sizes = each) => ({
  record: label,
  constraints: sizes.constraints ?? '',
  'keygen s': seconds(each.keygen_ms),
  'witness ms': each.witness_ms?.toFixed(0) ?? '',
  'prove s': seconds(each.prove_one_thread_ms ?? each.prove_ms),
  'snarkjs s': each.prove_snarkjs_ms === undefined ? '' : seconds(each.prove_snarkjs_ms),
  'verify ms': each.verify_ms.toFixed(1),
  'snarkjs verifies ms': each.verify_snarkjs_ms?.toFixed(1) ?? '',
  'batch of 64, ms': each.verify_batch64_ms_per_proof?.toFixed(2) ?? '',
  'key MB': (sizes.proving_key_bytes / 1e6).toFixed(1),
  'vk bytes': sizes.verification_key_bytes,
  'proof bytes': sizes.proof_bytes,
  'peak MB': sizes.peak_rss_mb ?? '',
});
console.log('CPU time on one thread, medians; the paper gives elapsed time');
console.log(table([...cases.map((each) => row(`${each.inputs} observations`, each.cpu, each)), row('the paper, 1000 inputs', PAPER)]));

console.log(`elapsed, medians: a proof alone on ${cases[0].threads} threads, and beside it snarkjs`);
const elapsed = (each) => ({
  record: `${each.inputs} observations`,
  'prove s': seconds(each.prove_ms),
  'snarkjs, one thread s': seconds(each.prove_snarkjs_ms),
  'snarkjs, its own threads s': seconds(each.prove_snarkjs_threads_ms),
});
console.log(table(cases.map(elapsed)));

const everyday = cases.find(({ inputs }) => inputs === 500);
const result = {
  machine: machine(),
  cases: cases.filter(({ inputs }) => inputs !== 500),
  everyday: { clauses: everyday.clauses, observations: everyday.inputs, constraints: everyday.constraints, prove_ms: everyday.prove_ms, prove_cpu_ms: everyday.prove_cpu_ms, prove_snarkjs_ms: everyday.prove_snarkjs_ms },
  paper: PAPER,
};
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(result, null, 2)}\n`);
