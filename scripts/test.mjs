/** npm test: install, build, lint, all unit, property and embedded end-to-end tests. Last line: "N passed, N failed". */
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build, developmentKeys, execute, install, ROOT, timed } from './steps.mjs';
import { usage } from './usage.mjs';

usage();

const packages = ['libs', 'services']
  .flatMap((folder) => readdirSync(join(ROOT, folder)).map((name) => join(ROOT, folder, name)))
  .concat(join(ROOT, 'circuits'), join(ROOT, 'helm'))
  .filter((folder) => existsSync(join(folder, 'package.json')));
const summaryOf = (folder) => join(folder, '.test-summary.json');

let failed = 0;
let passed = 0;
try {
  await timed('install', install);
  await timed('build', build);
  await timed('lint', () => execute(process.execPath, [join('node_modules', 'oxlint', 'bin', 'oxlint'), '--type-aware', '--deny-warnings']));
  await timed('development proving keys', developmentKeys);
  for (const folder of packages) rmSync(summaryOf(folder), { force: true });
  await timed('tests', () =>
    execute(process.execPath, [join('node_modules', 'nx', 'dist', 'bin', 'nx.js'), 'run-many', '-t', 'test', '--parallel=2', '--outputStyle=static'], {
      env: { ...process.env, NX_DAEMON: 'false', NX_TUI: 'false', NX_NO_CLOUD: 'true' },
    }));
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
for (const folder of packages) {
  if (!existsSync(summaryOf(folder))) {
    console.error(`${folder.slice(ROOT.length + 1)}: its tests did not run to their end`);
    failed += 1;
    continue;
  }
  const counts = JSON.parse(readFileSync(summaryOf(folder), 'utf8'));
  passed += counts.passed;
  failed += counts.failed;
}
if (failed > 0) process.exitCode = 1;
console.log(`${passed} passed, ${failed} failed`);
