/**
 * Runs the consensus simulator on (docs/consensus.md): as many schedules as asked for, or as time allows.
 *
 *   npm run simulate -- --seeds 2000 [--from 1] [--minutes 5] [--replicas 4|7] [--in-flight N] [--json FILE]
 *   npm run simulate -- --replay SEED [--replicas 4|7] [--in-flight N]      the trace of one schedule
 *
 * Exits 1 where an invariant was violated, with the command that replays it.
 */
import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { simulate } from '../libs/pbft/dist/simulator/index.js';
import { usage } from './usage.mjs';

usage();

const TRACE_LINES = 200;
const MAX_REPORTED = 20;

if (isMainThread) await main();
else work(workerData);

/** Every `stride`-th seed from `first` on, until the seeds or the time are used up. */
function work({ first, stride, last, untilMs, replicas, maxInFlight }) {
  const sum = { seeds: 0, steps: 0, blocks: 0, violations: [], faults: {} };
  for (let seed = first; seed <= last && Date.now() < untilMs; seed += stride) {
    const { steps, blocks, violation, faults } = simulate({ seed, replicas, maxInFlight });
    sum.seeds += 1;
    sum.steps += steps;
    sum.blocks += blocks;
    for (const [name, count] of Object.entries(faults)) if (name !== 'tolerated') sum.faults[name] = (sum.faults[name] ?? 0) + count;
    if (violation !== null && sum.violations.length < MAX_REPORTED) sum.violations.push({ seed, ...violation });
  }
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker's port has no origin
  parentPort.postMessage(sum);
}

async function main() {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string' },
      from: { type: 'string', default: '1' },
      minutes: { type: 'string' },
      replicas: { type: 'string', default: '4' },
      'in-flight': { type: 'string' },
      json: { type: 'string' },
      replay: { type: 'string' },
    },
  });
  const replicas = wholeNumber('replicas', values.replicas);
  const maxInFlight = values['in-flight'] === undefined ? undefined : wholeNumber('in-flight', values['in-flight']);
  if (values.replay !== undefined) return replay(wholeNumber('replay', values.replay), replicas, maxInFlight);
  const first = wholeNumber('from', values.from);
  const seeds = values.seeds === undefined ? (values.minutes === undefined ? 1_000 : Number.MAX_SAFE_INTEGER - first) : wholeNumber('seeds', values.seeds);
  const minutes = values.minutes === undefined ? 24 * 60 : Number(values.minutes);
  const startedMs = Date.now();
  const sums = await inWorkers({ first, last: first + seeds - 1, untilMs: startedMs + minutes * 60_000, replicas, maxInFlight });
  report(sums, { replicas, maxInFlight }, Date.now() - startedMs, values.json);
}

function wholeNumber(name, text) {
  if (!/^\d+$/.test(text)) throw new RangeError(`--${name}: a whole number is wanted, ${text} was given`);
  return Number(text);
}

function inWorkers({ first, last, untilMs, replicas, maxInFlight }) {
  const stride = Math.max(1, Math.min(availableParallelism(), last - first + 1));
  return Promise.all(
    Array.from({ length: stride }, (_, index) =>
      new Promise((resolve, reject) => {
        const worker = new Worker(new URL(import.meta.url), { workerData: { first: first + index, stride, last, untilMs, replicas, maxInFlight } });
        worker.once('message', resolve);
        worker.once('error', reject);
      }),
    ),
  );
}

function report(sums, { replicas, maxInFlight }, tookMs, file) {
  const faults = {};
  for (const sum of sums) for (const [name, count] of Object.entries(sum.faults)) faults[name] = (faults[name] ?? 0) + count;
  const total = (name) => sums.reduce((all, sum) => all + sum[name], 0);
  const violations = sums.flatMap((sum) => sum.violations);
  const result = {
    replicas,
    seeds: total('seeds'),
    schedules_per_min: Math.round((total('seeds') * 60_000) / tookMs),
    steps: total('steps'),
    blocks: total('blocks'),
    violations,
    faults,
  };
  console.log(JSON.stringify(result, null, 2));
  const inFlight = maxInFlight === undefined ? '' : ` --in-flight ${maxInFlight}`;
  for (const { seed, invariant, text } of violations) {
    console.error(`${invariant}: ${text}\n  replay: npm run simulate -- --replay ${seed} --replicas ${replicas}${inFlight}`);
  }
  if (file !== undefined) writeFileSync(file, `${JSON.stringify(result)}\n`);
  process.exitCode = violations.length > 0 ? 1 : 0;
}

function replay(seed, replicas, maxInFlight) {
  const { violation, trace } = simulate({ seed, replicas, maxInFlight, trace: true });
  console.log(trace.slice(-TRACE_LINES).join('\n'));
  console.log(violation === null ? `seed ${seed}: every invariant held` : `seed ${seed}: ${violation.invariant}, replica ${violation.replica}: ${violation.text}`);
  process.exitCode = violation === null ? 0 : 1;
}
