/** up | down | run COMMAND…: see index.mjs */
import { spawn } from 'node:child_process';
import { down, inNetwork, KUBECONFIG, up } from './index.mjs';
import { BIN } from './layout.mjs';

const [command, ...rest] = process.argv.slice(2);

const commands = {
  up: async () => {
    await up();
    console.log(`export KUBECONFIG=${KUBECONFIG} PATH=${BIN}:$PATH`);
  },
  down,
  run: async () => new Promise((resolve, reject) => {
    const [program, ...args] = inNetwork(rest);
    spawn(program, args, { stdio: 'inherit' }).on('error', reject).on('exit', (code) => {
      process.exitCode = code ?? 1;
      resolve();
    });
  }),
};

await commands[command]().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
