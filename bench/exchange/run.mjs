/**
 * Whole exchanges, from FHIR bundle to settled: npm run bench -- exchange [--json FILE] [--study twenty|everyday] [--prover wasm|snarkjs]
 *   [--exchanges N] [--in-flight 1,8,32] [--records N] [--real | --system FILE]
 * The whole system runs on embedded parts in one process beside this one; with --real as nine processes on real servers: memory and CPU
 * time are those of the nine. FILE describes a running one:
 * {"urls": {"pkg", "contract", "proxy-cloud", "patient-api", "research-api"}, "token", "processes": {name: pid}}.
 * --records: so many records of other patients are imported first. Patients are enrolled beforehand: what is measured begins with the bundle.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { machine, quantile, rounded, table } from '../measure.mjs';
import { connect, measureExchange, openRequirement, PHASES } from './client.mjs';
import { cpuSeconds, rssMb } from './processes.mjs';
import { bundleOf, STUDIES } from './studies.mjs';
import { usage } from '../../scripts/usage.mjs';

usage();

const { values } = parseArgs({
  options: {
    json: { type: 'string' }, study: { type: 'string', default: 'twenty' }, prover: { type: 'string', default: 'wasm' }, exchanges: { type: 'string', default: '32' },
    'in-flight': { type: 'string', default: '1,8,32' }, records: { type: 'string', default: '0' }, system: { type: 'string' }, real: { type: 'boolean', default: false },
  },
});
const study = STUDIES[values.study];
if (study === undefined) throw new RangeError(`--study takes ${Object.keys(STUDIES).join(' or ')}`);
const exchanges = wholeNumber('--exchanges', values.exchanges, 1);
const records = wholeNumber('--records', values.records, 0);
const loads = values['in-flight'].split(',').map((text) => wholeNumber('--in-flight', text, 1));
const RECORDS_OF_A_PATIENT = 20;
const progress = (text) => process.stderr.write(`${text}\n`);

if (values.real && values.system !== undefined) throw new RangeError('either --real or --system');
const mode = values.system !== undefined ? 'processes' : values.real ? 'real' : 'embedded';
const { description, stop } = await systemOf(mode);
const runs = [];
try {
  const clients = connect(description);
  const requirementId = await openRequirement(clients, study, loads.length * exchanges + 1);
  await preload(clients, records);
  let number = 1;
  progress('one exchange to warm up');
  const [patientId] = await enrol(clients, 1);
  await measureExchange(clients, { patientId, requirementId, study, number: number++ });
  for (const inFlight of loads) {
    runs.push(await measure(clients, requirementId, inFlight, number));
    number += exchanges;
  }
} finally {
  await stop();
}

const report = {
  machine: machine(), mode, study: study.title, observations: study.observations,
  prover: mode === 'processes' ? undefined : values.prover, records, runs,
};
console.log(`${report.mode}, ${study.title}, milliseconds`);
const columns = ['in_flight', 'exchanges', 'exchanges_per_min', 'p50_ms', 'p95_ms', 'p99_ms', 'cpu_s_per_exchange', 'cpu_share'];
const memoryAfter = ({ rss_mb }) => Object.values(rss_mb).reduce((sum, { after }) => sum + after, 0);
console.log(table(runs.map((run) => Object.fromEntries([...columns.map((name) => [name, run[name]]), ['rss_mb', memoryAfter(run)]]))));
console.log('medians of the phases');
console.log(table(runs.map((run) => Object.fromEntries([['in_flight', run.in_flight], ...Object.entries(run.phases_ms)]))));
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`);

/** So many exchanges, so many of them under way at any time. */
async function measure(clients, requirementId, inFlight, firstNumber) {
  progress(`${exchanges} patients enrolled`);
  const patients = await enrol(clients, exchanges);
  progress(`${exchanges} exchanges, ${inFlight} in flight`);
  const before = { rss: memory(), cpu: cpu() };
  const startedAt = performance.now();
  const results = [];
  let next = 0;
  let said = startedAt;
  const worker = async () => {
    while (next < exchanges) {
      const index = next++;
      results.push(await measureExchange(clients, { patientId: patients[index], requirementId, study, number: firstNumber + index }));
      if (performance.now() - said > 10_000) {
        said = performance.now();
        progress(`  ${results.length} of ${exchanges}`);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(inFlight, exchanges) }, worker));
  const seconds = (performance.now() - startedAt) / 1000;
  const totals = results.map(({ totalMs }) => totalMs).toSorted((a, b) => a - b);
  const median = (phase) => quantile(results.map(({ phases }) => phases[phase] ?? 0).toSorted((a, b) => a - b), 0.5);
  const after = memory();
  return {
    in_flight: inFlight, exchanges, exchanges_per_min: rounded((exchanges / seconds) * 60, 1),
    p50_ms: quantile(totals, 0.5), p95_ms: quantile(totals, 0.95), p99_ms: quantile(totals, 0.99),
    cpu_s_per_exchange: rounded((cpu() - before.cpu) / exchanges, 2),
    cpu_share: rounded((cpu() - before.cpu) / seconds / machine().threads, 2),
    phases_ms: Object.fromEntries(['imported', ...PHASES].map((phase) => [phase, median(phase)])),
    rss_mb: Object.fromEntries(Object.keys(after).map((name) => [name, { before: before.rss[name], after: after[name] }])),
  };
}

function memory() {
  return Object.fromEntries(Object.entries(description.processes).map(([name, pid]) => [name, rssMb(pid)]));
}

function cpu() {
  return Object.values(description.processes).reduce((sum, pid) => sum + cpuSeconds(pid), 0);
}

async function enrol({ patient }, count) {
  const patients = [];
  while (patients.length < count) patients.push((await patient.createPatient('who takes part')).patientId);
  return patients;
}

async function preload(clients, count) {
  const patients = await enrol(clients, Math.ceil(count / RECORDS_OF_A_PATIENT));
  for (let i = 0; i < count; i += 1) {
    await clients.patient.importRecord(patients[Math.floor(i / RECORDS_OF_A_PATIENT)], bundleOf(study.observations, i, Date.now()));
    if (i % 100 === 99) progress(`  ${i + 1} of ${count} records`);
  }
}

/** @returns a description of the system, and how to stop it */
async function systemOf(kind) {
  if (kind === 'processes') return { description: JSON.parse(readFileSync(values.system, 'utf8')), stop: async () => undefined };
  const program = fileURLToPath(new URL(kind === 'real' ? 'real.mjs' : 'system.mjs', import.meta.url));
  const options = { circuits: [study.instance], partDepth: study.partDepth, prover: values.prover };
  const child = spawn(process.execPath, [program, JSON.stringify(options)], { stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const lines = createInterface({ input: child.stdout });
  const first = await Promise.race([once(lines, 'line').then(([line]) => line), exited.then(([code]) => { throw new Error(`the system ended with ${code}`); })]);
  return {
    description: JSON.parse(first),
    stop: async () => {
      child.kill('SIGTERM');
      await exited;
    },
  };
}

function wholeNumber(name, text, least) {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least) throw new RangeError(`${name} takes whole numbers from ${least}`);
  return value;
}
