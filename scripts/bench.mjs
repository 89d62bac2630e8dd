/** Runs a benchmark of bench/. Usage: npm run bench -- NAME [its options], after a build; NAME --help tells them. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const BENCH = join(dirname(fileURLToPath(import.meta.url)), '..', 'bench');
const names = readdirSync(BENCH).filter((name) => existsSync(join(BENCH, name, 'run.mjs')));
const [name, ...options] = process.argv.slice(2);
if (name === undefined || !names.includes(name)) {
  console.error(`usage: npm run bench -- NAME [options]; NAME is one of ${names.join(', ')}`);
  process.exitCode = 2;
} else {
  const { status, error } = spawnSync(process.execPath, [join(BENCH, name, 'run.mjs'), ...options], { stdio: 'inherit' });
  if (error !== undefined) throw error;
  process.exitCode = status ?? 1;
}
