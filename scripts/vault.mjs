/** npm run vault -- COMMAND: rotation, backup and restoration of a service's secrets (docs/operations.md). */
import { join } from 'node:path';
import { build, execute, install } from './steps.mjs';

try {
  await install();
  await build();
  await execute(process.execPath, ['--enable-source-maps', join('libs', 'host', 'dist', 'vault-main.js'), ...process.argv.slice(2)]);
} catch (error) {
  // The command has said why itself.
  process.exitCode = error.exitCode ?? 1;
}
