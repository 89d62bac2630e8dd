import { readFile } from 'node:fs/promises';
import { isCodedError } from '@medveil/encoding';
import type { z } from 'zod';
import { type ConfigDefinition, ConfigError, describeConfig, loadConfig, printConfig } from './config.js';

/** The parts of `process` that a service's main file lends. */
export interface ProcessLike {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
  exitCode?: number | string | null | undefined;
  once(signal: 'SIGTERM' | 'SIGINT', listener: () => void): unknown;
  off(signal: 'SIGTERM' | 'SIGINT', listener: () => void): unknown;
}

/**
 * The whole of a service's `main.ts`: `await runMain(process, config, async (settings) => startPkg(settings))`.
 * Answers `--help` and `--print-config`; exits with 2 and one line a problem where the configuration is not right, with 1 where
 * the service does not start; closes it on the first SIGTERM or SIGINT and lets the process end by itself.
 * @param commands what may be done instead of starting, by name: `main.js NAME`
 */
export async function runMain<S extends z.ZodObject>(
  host: ProcessLike,
  definition: ConfigDefinition<S>,
  start: (config: z.infer<S>) => Promise<{ close(): Promise<void> }>,
  commands: Readonly<Record<string, (config: z.infer<S>) => Promise<void>>> = {},
): Promise<void> {
  const [first = '', ...rest] = host.argv.slice(2);
  const command = Object.hasOwn(commands, first) ? commands[first] : undefined;
  const options = command === undefined ? host.argv.slice(2) : rest;
  const unknown = options.filter((option) => option !== '--help' && option !== '--print-config');
  if (unknown.length > 0) {
    host.stderr.write(`unknown option ${unknown.join(' ')}; there are ${[...Object.keys(commands), '--help', '--print-config'].join(', ')}\n`);
    host.exitCode = 2;
    return;
  }
  if (options.includes('--help')) {
    host.stdout.write(`${describeConfig(definition)}\n`);
    return;
  }
  try {
    const config = await loadConfig(definition, { env: host.env, readFile: async (path) => readFile(path, 'utf8') });
    if (options.includes('--print-config')) {
      host.stdout.write(`${printConfig(definition, config)}\n`);
      return;
    }
    if (command === undefined) closeOnSignal(host, await start(config));
    else await command(config);
  } catch (error) {
    host.stderr.write(`${definition.service} ${command === undefined ? 'does not start' : `cannot ${first}`}:\n${describeFailure(error)}\n`);
    host.exitCode = error instanceof ConfigError ? 2 : 1;
  }
}

function describeFailure(error: unknown): string {
  if (error instanceof ConfigError) return error.problems.map((problem) => `  ${problem}`).join('\n');
  if (isCodedError(error)) return `  ${error.code}: ${error.message}`;
  return error instanceof Error ? (error.stack ?? error.name) : String(error);
}

const ignoreSignal = (): void => undefined;

/** Signals after the first change nothing: closing has its own deadline. */
export function closeOnSignal(host: ProcessLike, service: { close(): Promise<void> }): void {
  const onSignal = (): void => {
    host.off('SIGTERM', onSignal);
    host.off('SIGINT', onSignal);
    host.once('SIGTERM', ignoreSignal);
    service.close().catch(() => { host.exitCode = 1; });
  };
  host.once('SIGTERM', onSignal);
  host.once('SIGINT', onSignal);
}
