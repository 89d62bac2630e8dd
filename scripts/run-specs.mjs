/** Runs compiled specs with node's own test runner, two files at a time, and shows their outcome. */
import { run } from 'node:test';
import { spec } from 'node:test/reporters';

/** @param signal ends those that run and begins no other. @returns counts of the files and of their tests */
export async function runSpecs(files, { timeoutMs = 300_000, signal } = {}) {
  const counts = { files: files.length, passed: 0, failed: 0 };
  if (files.length === 0) return counts;
  process.execArgv.push('--enable-source-maps');
  const stream = run({ files, concurrency: 2, timeout: timeoutMs, signal });
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
  return counts;
}
