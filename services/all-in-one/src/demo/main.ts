import { rm } from 'node:fs/promises';
import { isCodedError } from '@medveil/encoding';
import { startSystem } from '../system.js';
import { readBundles, syntheticBundles } from './bundles.js';
import { Narrator } from './narrator.js';
import { type DemoOptions, readOptions } from './options.js';
import { type DemoResult, runDemo } from './run.js';
import { plan } from './studies.js';

const options = await readOptions(process.argv.slice(2));
const out = new Narrator();
let result: DemoResult | null = null;
try {
  result = await demo(options, out);
} catch (error) {
  out.check(isCodedError(error) ? `${error.code}: ${error.message}` : error instanceof Error ? (error.stack ?? error.message) : String(error), false);
} finally {
  if (options.temporary) await rm(options.dataFolder, { recursive: true, force: true });
}

const seconds = { ...options.prepared, run: Number(out.seconds().toFixed(2)) };
const ok = result !== null && out.failed.length === 0;
process.stdout.write(`\n${ok ? `All ${out.checks} checks hold` : `${out.failed.length} of ${out.checks} checks do not hold:\n  ${out.failed.join('\n  ')}`}. It took ${seconds.run} s.\n`);
if (options.json) process.stdout.write(`${JSON.stringify({ ok, ...result, seconds })}\n`);
process.exitCode = ok ? 0 : 1;

async function demo({ fhir, patients, dataFolder, logLevel }: DemoOptions, narrator: Narrator): Promise<DemoResult> {
  const referenceTimeMs = Date.now();
  narrator.chapter(fhir === null ? `${patients} synthetic patients` : `FHIR bundles of ${fhir}`);
  const { bundles, refused } = fhir === null ? { bundles: syntheticBundles(patients, referenceTimeMs), refused: [] } : await readBundles(fhir, patients, referenceTimeMs);
  for (const { name, code, reason } of refused) narrator.say(`${name}: left out, ${code}: ${reason}`);
  const { requirements, note, circuits, partDepth } = plan(bundles, fhir !== null, referenceTimeMs);
  if (note !== null) narrator.say(`a study derived from these patients: ${note}`);

  narrator.chapter('Setup: a consortium of four replicas, the PKG, the contract’s front, a proxy, two agents (phase 1)');
  const system = await startSystem({
    dataFolder,
    circuits,
    research: { partDepth },
    basePort: 0,
    logLevel,
    // In-process delivery as a broker may do it: some messages twice, late, out of order across keys.
    busFaults: { seed: 1, duplicateRate: 0.05, maxDelayMs: 5, reorder: true },
    onProgress: (line) => narrator.progress(line),
  });
  try {
    narrator.say(`ledger ${system.consortium.network.chainId}, genesis ${system.consortium.genesisHash.slice(0, 16)}…`);
    return await runDemo(system.urls, system.operatorToken, bundles, requirements, narrator);
  } finally {
    narrator.chapter('Stopping');
    await system.close();
  }
}
