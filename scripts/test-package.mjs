/**
 * Runs the compiled specs of the package in the current folder and leaves the counts in .test-summary.json, which nx caches and
 * restores together with the printed output. Usage: node scripts/test-package.mjs [pattern]
 */
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runSpecs } from './run-specs.mjs';

const pattern = process.argv[2] ?? '';
const files = readdirSync('dist', { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.spec.js') && !file.endsWith('.int.spec.js') && file.includes(pattern))
  .map((file) => join(process.cwd(), 'dist', file))
  .toSorted();

const counts = await runSpecs(files);
writeFileSync('.test-summary.json', `${JSON.stringify(counts)}\n`);
process.exitCode = counts.failed > 0 ? 1 : 0;
