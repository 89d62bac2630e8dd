/**
 * Benchmark of consensus. Usage: npm run bench -- pbft [--json FILE] [--seconds N] [--loads 300,1000,2000,max] [--transports direct,bus]
 * Four replicas as processes on this machine, over TLS streams of their own and over a Kafka broker that is installed where it is missing
 * (scripts/servers); CometBFT's local net in the same run where a `cometbft` binary is on PATH. Figures of docs/benchmarks.md are made by this. The
 * client is one more process on the same processors.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { machine, table } from '../measure.mjs';
import { cometbftVersion, measureCometbft } from './cometbft.mjs';
import { measureCatchUp, measureLoad, measureSingle, measureViewChange, openCluster } from './replicas.mjs';
import { measureScaling } from './scaling.mjs';
import { measureVerification } from './verification.mjs';
import { usage } from '../../scripts/usage.mjs';

usage();

const { values } = parseArgs({
  options: { json: { type: 'string' }, seconds: { type: 'string', default: '20' }, loads: { type: 'string', default: '300,1000,2000,max' }, transports: { type: 'string', default: 'direct,bus' } },
});
const seconds = Number(values.seconds);
if (!(seconds >= 2)) throw new RangeError('--seconds takes a number from 2');
const loads = values.loads.split(',').map((text) => (text === 'max' ? Infinity : Number(text)));
if (loads.some((load) => !(load > 0))) throw new RangeError('--loads takes transactions a second, or max, separated by commas');
const transports = values.transports.split(',');
if (transports.some((transport) => !['direct', 'bus'].includes(transport))) throw new RangeError('--transports takes direct, bus, or both separated by a comma');
/** What is signed beforehand for the load without a limit. */
const CAPACITY_TPS = 4_000;
const progress = (text) => process.stderr.write(`${text}\n`);

const [measured, ...further] = await inTurn(transports, measureReplicas);
measured.loads.push(...further.flatMap(({ loads: rows }) => rows));
progress('scaling, in virtual time');
const scaling = [4, 7, 10, 16].map((count) => measureScaling(count));
progress('first transactions and claims');
const verification = await measureVerification();
const version = cometbftVersion();
if (version !== null) progress(`cometbft ${version}`);
const peers = version === null ? [] : [{ name: 'cometbft', version, loads: await measureCometbft(loads, seconds) }];
const report = { machine: machine(), ...measured, ...verification, scaling, peers };
print(report);
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`);

async function inTurn(names, measure) {
  const results = [];
  for (const name of names) results.push(await measure(name));
  return results;
}

async function measureReplicas(transport) {
  progress(transport === 'direct' ? 'four replicas, over TLS streams' : 'four replicas, over a broker');
  const network = await openCluster(transport);
  try {
    progress('warming up');
    // Until the programs are compiled: what is measured first is as warm as what is measured last.
    await measureLoad(network, { offeredTps: 600, seconds: 10 });
    // What is not a load is measured over the first transport alone.
    const isFirst = transport === transports[0];
    const single_tx_commit_ms = isFirst ? await measureSingle(network, 30) : undefined;
    const results = [];
    for (const offeredTps of loads) {
      progress(`${offeredTps === Infinity ? 'as many as are taken' : `${offeredTps} a second`}, ${seconds} s`);
      results.push(await measureLoad(network, { offeredTps, seconds, capacity: CAPACITY_TPS }));
    }
    if (!isFirst) return { loads: results };
    progress('the leader dies, and comes back');
    const { killed, view_change_ms } = await measureViewChange(network);
    const catchUp = await measureCatchUp(network, killed, { transactions: 2_000 });
    const busiest = results.at(-1);
    return {
      replicas: 4, loads: results, single_tx_commit_ms, view_change_ms, ...catchUp,
      fsyncs_per_tx: busiest.fsyncs_per_tx, bytes_per_tx: busiest.bytes_per_tx, transaction_bytes: busiest.transaction_bytes,
    };
  } finally {
    await network.close();
  }
}

function print({ loads: rows, scaling: sizes, peers: others, ...rest }) {
  const compared = [...rows.map((row) => ({ of: 'medveil', ...row })), ...others.flatMap(({ name, loads: theirs }) => theirs.map((row) => ({ of: name, transport: '', ...row })))];
  const columns = ['of', 'transport', 'offered_tps', 'committed_tps', 'latency_p50_ms', 'latency_p99_ms', 'block_interval_ms', 'not_committed', 'cpu_ms_per_tx_and_replica'];
  console.log(table(compared.map((row) => Object.fromEntries(columns.map((name) => [name, name === 'offered_tps' ? (row[name] ?? 'max') : row[name]])))));
  console.log(table(sizes));
  const { single_tx_commit_ms, view_change_ms, catch_up_blocks_per_s, catch_up_transactions_per_s, fsyncs_per_tx, bytes_per_tx, first_use_t_cert_tps, claim_proofs_alone_per_s, claim_proofs_batched_per_s } = rest;
  console.log(table([{ single_tx_commit_ms, view_change_ms, catch_up_blocks_per_s, catch_up_transactions_per_s, fsyncs_per_tx, bytes_per_tx }]));
  console.log(table([{ first_use_t_cert_tps, claim_proofs_alone_per_s, claim_proofs_batched_per_s }]));
}
