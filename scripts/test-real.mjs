/**
 * npm run test:real [-- PATTERN]: every `*.int.spec.ts`, on real servers or with processes that take their time. A server that MEDVEIL_TEST_KAFKA (host:port), _S3,
 * _POSTGRES or _REDIS (URLs with credentials) names is used; the others are installed where missing, started on free ports and
 * stopped again. Last line: "N passed, N failed".
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { runSpecs } from './run-specs.mjs';
import { installServer, missingServers, provideServers } from './servers/index.mjs';
import { build, install, ROOT, timed } from './steps.mjs';
import { usage } from './usage.mjs';

usage();

const pattern = process.argv[2] ?? '';
let stopServers = async () => undefined;

/** Every spec that needs a server, of all packages. */
const specs = () => ['libs', 'services']
  .flatMap((folder) => readdirSync(join(ROOT, folder)).map((name) => join(ROOT, folder, name, 'dist')))
  .concat(join(ROOT, 'circuits', 'dist'))
  .filter((folder) => existsSync(folder))
  .flatMap((folder) => readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.int.spec.js'))
    .map((file) => join(folder, file)))
  .filter((file) => file.includes(pattern))
  .toSorted((a, b) => a.localeCompare(b));

async function startServers() {
  const missing = missingServers();
  await timed('servers installed', () => Promise.all(missing.map(installServer)));
  await timed(`started ${missing.join(', ') || 'none: all are given'}`, async () => { stopServers = await provideServers(); });
}

const stopped = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    stopped.abort();
    void stopServers().finally(() => { process.exit(1); });
  });
}

let counts = { passed: 0, failed: 0 };
try {
  await timed('install', install);
  await timed('build', build);
  await startServers();
  await timed('specs on real servers', async () => { counts = await runSpecs(specs(), { timeoutMs: 1_200_000, signal: stopped.signal }); });
} catch (error) {
  console.error(error.message);
  counts.failed += 1;
} finally {
  await stopServers();
}
if (counts.failed > 0 || counts.passed === 0) process.exitCode = 1;
console.log(`${counts.passed} passed, ${counts.failed} failed`);
