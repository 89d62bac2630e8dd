/** Shared by all benchmarks: sampling that a busy machine disturbs least, and a description of the machine. */
import { arch, cpus, platform, release, totalmem } from 'node:os';
import { availableParallelism } from 'node:os';

/**
 * Samples operations in turn, round after round, so that a slow moment of the machine falls on all of them.
 * @param ops {name, run, prepare?, every?}: `prepare` runs untimed before each sample and its result is passed to `run`;
 *   an op with `every: n` is sampled in one round of n
 * @returns Map of op to its samples in milliseconds, sorted
 */
export async function sample(ops, rounds, onRound = () => {}) {
  const samples = new Map(ops.map((op) => [op, []]));
  for (const op of ops) for (let warmUp = 0; warmUp < 2; warmUp += 1) await op.run(await op.prepare?.());
  for (let round = 0; round < rounds; round += 1) {
    for (const op of ops) {
      if (round % (op.every ?? 1) !== 0) continue;
      const prepared = await op.prepare?.();
      const startedAt = process.hrtime.bigint();
      await op.run(prepared);
      samples.get(op).push(Number(process.hrtime.bigint() - startedAt) / 1e6);
    }
    onRound(round + 1);
  }
  for (const list of samples.values()) list.sort((x, y) => x - y);
  return samples;
}

/** @param sorted ascending. @param fraction 0.5 is the median */
export const quantile = (sorted, fraction) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * fraction))];

export const rounded = (value, digits = 3) => Number(value.toFixed(digits));

export const machine = () => ({
  cpu: cpus()[0]?.model ?? 'unknown',
  threads: availableParallelism(),
  memory_gb: rounded(totalmem() / 2 ** 30, 1),
  os: `${platform()} ${arch()} ${release().split('.').slice(0, 2).join('.')}`,
  node: process.version,
});

/** Columns padded for a terminal; numbers to the right. */
export function table(rows) {
  const columns = Object.keys(rows[0] ?? {});
  const text = [columns, ...rows.map((row) => columns.map((column) => String(row[column] ?? '')))];
  const widths = columns.map((_, index) => Math.max(...text.map((cells) => cells[index].length)));
  const isNumber = columns.map((column) => rows.every((row) => typeof row[column] === 'number' || row[column] === undefined));
  return text.map((cells) => cells.map((cell, index) => (isNumber[index] ? cell.padStart(widths[index]) : cell.padEnd(widths[index]))).join('  ').trimEnd()).join('\n');
}
