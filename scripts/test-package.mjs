/**
 * Runs the compiled specs of the package in the current folder with node's own test runner and leaves
 * the counts in .test-summary.json, which nx caches and restores together with the printed output.
 * Usage: node scripts/test-package.mjs [pattern]
 */
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';

const pattern = process.argv[2] ?? '';
const files = readdirSync('dist', { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.spec.js') && !file.endsWith('.int.spec.js') && file.includes(pattern))
  .map((file) => join(process.cwd(), 'dist', file))
  .toSorted();

const counts = { files: files.length, passed: 0, failed: 0 };
if (files.length > 0) {
  process.execArgv.push('--enable-source-maps');
  const stream = run({ files, concurrency: 2, timeout: 300_000 });
  // A suite is not a test: only leaves count. A file that crashes before its first test counts as one failure.
  // A test that is skipped or left for later protects nothing: it counts as failed.
  stream.on('test:pass', (test) => {
    if (test.details.type === 'suite') return;
    if (test.skip === undefined && test.todo === undefined) counts.passed += 1;
    else counts.failed += 1;
  });
  stream.on('test:fail', (test) => { if (test.details.type !== 'suite') counts.failed += 1; });
  await new Promise((resolve) => {
    stream.compose(new spec()).on('end', resolve).pipe(process.stdout);
  });
}
writeFileSync('.test-summary.json', `${JSON.stringify(counts)}\n`);
process.exitCode = counts.failed > 0 ? 1 : 0;
