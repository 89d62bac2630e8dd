/** Shared by all benchmarks: sampling that a busy machine disturbs least, and a description of the machine. */
import { arch, availableParallelism, cpus, platform, release, totalmem } from 'node:os';

/**
 * Samples operations in turn, round after round, so that a slow moment of the machine falls on all of them.
 * @param ops {name, run, prepare?, every?}: `prepare` runs untimed before each sample and its result is passed to `run`;
 *   an op with `every: n` is sampled in one round of n
 * @returns Map of op to {wall, cpu}: its samples in milliseconds, sorted. CPU time (user and system, of all threads of the process) is
 *   what a run on a machine of its own would take: other work does not count in it
 */
export async function sample(ops, rounds, onRound = () => {}) {
  const samples = new Map(ops.map((op) => [op, { wall: [], cpu: [] }]));
  for (const op of ops) for (let warmUp = 0; warmUp < 2; warmUp += 1) await op.run(await op.prepare?.());
  for (let round = 0; round < rounds; round += 1) {
    for (const op of ops) {
      if (round % (op.every ?? 1) !== 0) continue;
      const prepared = await op.prepare?.();
      const cpuBefore = process.cpuUsage();
      const startedAt = performance.now();
      await op.run(prepared);
      const elapsed = performance.now() - startedAt;
      const { user, system } = process.cpuUsage(cpuBefore);
      samples.get(op).wall.push(elapsed);
      samples.get(op).cpu.push((user + system) / 1000);
    }
    onRound(round + 1);
  }
  for (const { wall, cpu } of samples.values()) for (const list of [wall, cpu]) list.sort((x, y) => x - y);
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
