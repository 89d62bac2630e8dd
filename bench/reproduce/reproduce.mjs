/**
 * The paper's tables and figures beside what is measured here: npm run reproduce [-- --out FOLDER] [--from FILE], after a build.
 * Runs the benchmarks of proofs, consensus and re-encryption (some minutes, each says where it is), or takes an earlier run's
 * results.json, and writes README.md, the figures and results.json into FOLDER (default docs/reproduction).
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { installLocked } from '../install.mjs';
import { report } from './report.mjs';
import { usage } from '../../scripts/usage.mjs';

usage();

const FOLDER = dirname(fileURLToPath(import.meta.url));
const ROOT = join(FOLDER, '..', '..');
const BENCHMARKS = ['zk', 'pbft', 'pre'];

const { values } = parseArgs({ options: { out: { type: 'string', default: join(ROOT, 'docs', 'reproduction') }, from: { type: 'string' } } });
const results = values.from === undefined ? measure() : JSON.parse(readFileSync(values.from, 'utf8'));

installLocked(FOLDER);
const { blockFigure, proofFigures, reEncryptionFigure } = await import('./figures.mjs');
const figures = { ...proofFigures(results.zk), 'blocks.svg': blockFigure(results.pbft), 're-encryption.svg': reEncryptionFigure(results.pre) };
const out = resolve(values.out);
mkdirSync(out, { recursive: true });
for (const [name, svg] of Object.entries(figures)) writeFileSync(join(out, name), `${await svg}\n`);
writeFileSync(join(out, 'results.json'), `${JSON.stringify(results, null, 1)}\n`);
writeFileSync(join(out, 'README.md'), report(results));
console.log(`${join(out, 'README.md')} and ${Object.keys(figures).length} figures`);

function measure() {
  const folder = mkdtempSync(join(tmpdir(), 'medveil-reproduce-'));
  try {
    return Object.fromEntries(
      BENCHMARKS.map((name, i) => {
        console.error(`benchmark ${i + 1} of ${BENCHMARKS.length}: ${name}`);
        const file = join(folder, `${name}.json`);
        execFileSync(process.execPath, [join(FOLDER, '..', name, 'run.mjs'), '--json', file], { cwd: ROOT, stdio: 'inherit' });
        return [name, JSON.parse(readFileSync(file, 'utf8'))];
      }),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
