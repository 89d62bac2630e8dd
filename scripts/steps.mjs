/**
 * The steps before anything runs: install from the lock file, build, development proving keys.
 * Each is skipped when nothing changed. Needs node and npm, and no package, since it runs before the first install.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const MINIMUM_NODE = [20, 19];

/** @returns seconds it took */
export async function timed(label, step) {
  const startedAt = performance.now();
  const skipped = (await step()) === 'unchanged';
  const seconds = (performance.now() - startedAt) / 1000;
  console.log(`  ${label.padEnd(28)} ${skipped ? 'unchanged' : 'done'} in ${seconds.toFixed(1)} s`);
  return Number(seconds.toFixed(2));
}

/** Runs a command with its output shown; rejects where it fails. */
export function execute(command, args, { quiet = false, env = process.env } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: ROOT, env, stdio: quiet ? ['ignore', 'pipe', 'pipe'] : 'inherit' });
    let output = '';
    child.stdout?.on('data', (chunk) => { output += chunk; });
    child.stderr?.on('data', (chunk) => { output += chunk; });
    const forward = (signal) => child.kill(signal);
    process.on('SIGINT', forward).on('SIGTERM', forward);
    child.on('error', reject);
    child.on('close', (code, signal) => {
      process.off('SIGINT', forward).off('SIGTERM', forward);
      if (code === 0) resolve(output);
      else reject(Object.assign(new Error(`${command} ${args.join(' ')} ended with ${signal ?? code}\n${output}`), { exitCode: code ?? 1 }));
    });
  });
}

/** `npm ci` where node_modules does not come from this lock file. */
export async function install() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < MINIMUM_NODE[0] || (major === MINIMUM_NODE[0] && minor < MINIMUM_NODE[1])) {
    throw new Error(`Node ${MINIMUM_NODE.join('.')} or newer is needed; this is ${process.version}`);
  }
  const stamp = join(ROOT, 'node_modules', '.installed-from');
  const lock = createHash('sha256').update(readFileSync(join(ROOT, 'package-lock.json'))).digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return 'unchanged';
  console.log('  installing from package-lock.json (about half a minute) …');
  await execute('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { quiet: true });
  writeFileSync(stamp, lock);
  return 'done';
}

export async function build() {
  await execute(process.execPath, [join('node_modules', 'typescript', 'bin', 'tsc'), '-b']);
}

/** Compiled circuits and development proving keys, cached under .cache/circuits by the hash of what they are made from. */
export async function developmentKeys() {
  mkdirSync(join(ROOT, '.cache'), { recursive: true });
  await execute(process.execPath, [join('circuits', 'dist', 'cli.js'), 'build']);
}

/** @returns the folders of development keys of circuit instances, by instance */
export async function developmentCircuits(instances) {
  const printed = await execute(process.execPath, [join('circuits', 'dist', 'cli.js'), 'build', '--instance', ...instances], { quiet: true });
  return Object.fromEntries([...printed.matchAll(/^(\S+) (\/.+)\/[^/]+\.zkey$/gm)].map(([, name, folder]) => [name, folder]));
}
