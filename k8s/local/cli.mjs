/**
 * npm run cluster -- up                  a Kubernetes of one node (docs/kubernetes.md, section 2); prints what to put into the environment
 * npm run cluster -- run COMMAND …       a command in the cluster's network
 * npm run cluster -- down                ends it and deletes all that it wrote
 */
import { spawn } from 'node:child_process';
import { down, inNetwork, KUBECONFIG, up } from './index.mjs';
import { BIN } from './layout.mjs';
import { runCommand } from '../../scripts/commands.mjs';
import { usage } from '../../scripts/usage.mjs';

usage(process.argv.slice(2, 3));

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

await runCommand('cluster', commands, command);
