/**
 * Benchmark of proxy re-encryption. Usage: npm run bench -- pre [--json FILE] [--rounds N]
 * Figures of docs/benchmarks.md are made by this.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { machine, quantile, rounded, sample, table } from '../measure.mjs';
import { measureBody, measureMemory } from './body.mjs';
import { medveilOps } from './ops.mjs';
import { installPeers, recryptOps, umbralOps } from './peers.mjs';
import { usage } from '../../scripts/usage.mjs';

usage();

const { values } = parseArgs({ options: { json: { type: 'string' }, rounds: { type: 'string', default: '60' } } });
const rounds = Number(values.rounds);
if (!Number.isInteger(rounds) || rounds < 4) throw new Error('--rounds takes a whole number from 4');

installPeers();
const [ours, ...peers] = [await medveilOps(), await recryptOps(), await umbralOps()];
const all = [...ours.ops, ...peers.flatMap(({ ops }) => ops)];
const samples = await sample(all, rounds, (round) => {
  if (process.stderr.isTTY) process.stderr.write(`\rround ${round} of ${rounds} `);
});
if (process.stderr.isTTY) process.stderr.write('\r                    \r');

const row = ({ scheme, engine, op, per = 1 }, { wall, cpu }) => {
  const median = quantile(wall, 0.5) / per;
  return {
    scheme,
    engine,
    op,
    cpu_ms: rounded(quantile(cpu, 0.5) / per),
    median_ms: rounded(median),
    p95_ms: rounded(quantile(wall, 0.95) / per),
    ops_per_s: rounded(1000 / median, 0),
  };
};
const rowsOf = (ops) => ops.map((op) => row(op, samples.get(op)));
const report = {
  machine: machine(),
  runs: rounds,
  ops: rowsOf(ours.ops),
  peers: rowsOf(peers.flatMap(({ ops }) => ops)),
  sizes: [...ours.sizes, ...peers.flatMap(({ sizes }) => sizes)],
  body: { ...(await measureBody(31)), ...measureMemory() },
};

console.log(`${report.machine.cpu}, ${report.machine.threads} threads, ${report.machine.os}, Node ${report.machine.node}; medians of ${rounds} rounds\n`);
console.log(`${table([...report.ops, ...report.peers])}\n\n${table(report.sizes)}\n`);
console.log(table(Object.entries(report.body).map(([body, value]) => ({ body, value }))));
console.log(`\n${table(expectations(report))}`);
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(report, null, 1)}\n`);

/** What is expected of the fast engine, beside what was measured, in CPU time. */
function expectations({ ops, peers: others, body }) {
  const time = (scheme, op, engine) => [...ops, ...others].find((entry) => entry.scheme === scheme && entry.op === op && (engine === undefined || entry.engine === engine))?.cpu_ms;
  const against = (peer, op, theirs = op) => ({
    expectation: `${op}: faster than ${peer}`,
    measured: `${time('afgh06', op, 'mcl')} against ${time(peer, theirs)} ms`,
    met: time('afgh06', op, 'mcl') < time(peer, theirs),
  });
  const pairing = time('engine', 'pairing', 'mcl');
  const ratio = (op) => rounded(time('afgh06', op, 'mcl') / pairing, 2);
  return [
    ...['key generation', 'encrypt', 'decrypt, owner', 're-key', 're-encrypt', 'decrypt, delegatee'].map((op) => against('recrypt', op)),
    ...['encrypt', 're-key'].map((op) => against('umbral', op)),
    // umbral's figures are over keys decoded beforehand: these are the counterparts.
    against('umbral', 'encrypt, owner prepared', 'encrypt'),
    against('umbral', 're-key, keys prepared', 're-key'),
    { expectation: 're-encrypt, key prepared: at most 1.15 pairings', measured: String(ratio('re-encrypt, key prepared')), met: ratio('re-encrypt, key prepared') <= 1.15 },
    { expectation: 'body encryption: at least 0.9 of plain AES-256-GCM', measured: String(body.encrypt_ratio), met: body.encrypt_ratio >= 0.9 },
    { expectation: 'body decryption: at least 0.9 of plain AES-256-GCM', measured: String(body.decrypt_ratio), met: body.decrypt_ratio >= 0.9 },
    { expectation: 'a 2 GB stream: less than 64 MB of memory', measured: `${body.rss_growth_mb} MB`, met: body.rss_growth_mb < 64 },
  ];
}
