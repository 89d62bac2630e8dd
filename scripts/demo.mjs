/** npm run demo [-- --fhir DIR --patients N --data DIR --json]: from a fresh clone to settled exchanges. */
import { join } from 'node:path';
import { build, developmentKeys, execute, install, timed } from './steps.mjs';
import { usage } from './usage.mjs';

usage();

const startedAt = performance.now();
try {
  console.log('medveil demo: preparing');
  const seconds = {
    install: await timed('install', install),
    build: await timed('build', build),
    keys: await timed('development proving keys', developmentKeys),
  };
  console.log('');
  await execute(process.execPath, [
    '--enable-source-maps',
    join('services', 'all-in-one', 'dist', 'demo', 'main.js'),
    ...process.argv.slice(2),
    `--prepared=${JSON.stringify(seconds)}`,
  ]);
} catch (error) {
  console.error(`\nmedveil demo failed after ${((performance.now() - startedAt) / 1000).toFixed(0)} s: ${error.message}`);
  process.exitCode = error.exitCode ?? 1;
}
