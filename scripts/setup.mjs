/** npm run setup -- COMMAND: makes a network and what its services are started with (docs/operations.md, section 6). */
import { join } from 'node:path';
import { build, execute, install } from './steps.mjs';

try {
  await install();
  await build();
  await execute(process.execPath, ['--enable-source-maps', join('services', 'setup', 'dist', 'main.js'), ...process.argv.slice(2)]);
} catch (error) {
  // The command has said why itself.
  process.exitCode = error.exitCode ?? 1;
}
