/**
 * Runs inside the build of the images (Dockerfile), after the compiler: leaves of the workspace what the services need to run,
 * with the same bytes and modes wherever it is built, and says in sbom.cdx.json what that is.
 * node scripts/images/production.mjs --cache FOLDER
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, lstatSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { billOfMaterials, presentPackages } from './bill-of-materials.mjs';
import { WORKSPACES } from './services.mjs';

const { values: { cache } } = parseArgs({ options: { cache: { type: 'string' } } });
const workspaces = WORKSPACES.flatMap((name) => ['--workspace', name]);
const npm = (...args) => execFileSync('npm', args, { encoding: 'utf8', maxBuffer: 64 << 20, stdio: ['ignore', 'pipe', 'inherit'] });

/** Asked for by others as a peer, and read by nothing that runs. */
const BUILD_TOOLS = ['typescript', '@typescript', '@types'];
/** Sources, declarations and tests; what is left is what runs. */
const UNNEEDED = /\.(d\.[cm]?ts|[cm]?ts|map)$|\.spec\.js$|^spec-.*\.js$|\.tsbuildinfo$|^tsconfig\.json$/;

/** Whether a file or a folder goes: a native part for another platform, or unneeded. */
function goes(path, parent) {
  const name = basename(path);
  return basename(parent) === 'prebuilds' ? name !== `${process.platform}-${process.arch}` : UNNEEDED.test(name);
}

/** Deletes what goes from a folder, and gives the rest the modes of any umask's checkout. @returns whether anything is left */
function trim(folder) {
  let left = 0;
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const stat = lstatSync(path);
    if (goes(path, folder) || (stat.isDirectory() && !trim(path))) rmSync(path, { recursive: true });
    else {
      left += 1;
      if (!stat.isSymbolicLink()) chmodSync(path, stat.isDirectory() || (stat.mode & 0o100) !== 0 ? 0o755 : 0o644);
    }
  }
  return left > 0;
}

const bill = npm('sbom', '--sbom-format', 'cyclonedx', '--package-lock-only', '--omit', 'dev', ...workspaces);
npm('ci', '--cache', cache, '--prefer-offline', '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', ...workspaces);
for (const name of BUILD_TOOLS) rmSync(join('node_modules', name), { recursive: true, force: true });
for (const folder of ['node_modules', 'libs', 'services', 'circuits']) trim(folder);
writeFileSync('sbom.cdx.json', billOfMaterials(JSON.parse(bill), presentPackages('node_modules')), { mode: 0o644 });
