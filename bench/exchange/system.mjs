/**
 * The whole system on embedded parts in a process of its own, so that its memory and CPU time are its own.
 * Usage: node system.mjs '{"circuits": ["small"], "partDepth": 2, "prover": "wasm"}'; prints its addresses and a token as one JSON line, and
 * serves until it is told to stop, or whoever started it is gone.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSystem } from '../../services/all-in-one/dist/index.js';

const { circuits, partDepth, prover } = JSON.parse(process.argv[2]);
const dataFolder = await mkdtemp(join(tmpdir(), 'medveil-bench-'));
const system = await startSystem({
  dataFolder, circuits, research: { partDepth }, patients: { prover }, basePort: 0, logLevel: 'error',
  onProgress: (line) => process.stderr.write(`  ${line}\n`),
});
let stopping;
const stop = () => { stopping ??= system.close().then(() => rm(dataFolder, { recursive: true, force: true })).then(() => process.stdin.destroy()); };
process.once('SIGTERM', stop);
process.stdin.resume().once('end', stop);
process.stdout.write(`${JSON.stringify({ urls: system.urls, token: system.operatorToken, processes: { 'all-in-one': process.pid } })}\n`);
