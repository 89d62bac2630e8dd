/** npm start [-- --data DIR --port N]: the whole system on embedded parts, serving until stopped. */
import { join } from 'node:path';
import { build, developmentKeys, execute, install, timed } from './steps.mjs';
import { usage } from './usage.mjs';

usage();

try {
  await timed('install', install);
  await timed('build', build);
  await timed('development proving keys', developmentKeys);
  await execute(process.execPath, ['--enable-source-maps', join('services', 'all-in-one', 'dist', 'main.js'), ...process.argv.slice(2)]);
} catch (error) {
  console.error(error.message);
  process.exitCode = error.exitCode ?? 1;
}
