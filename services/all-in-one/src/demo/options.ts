import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { logLevelSchema, type LogLevel } from '@medveil/service-kit';
import { Command, InvalidArgumentError, Option } from 'commander';
import { z } from 'zod';
import { fromCaller } from '@medveil/setup';

const preparedSchema = z.object({ install: z.number(), build: z.number(), keys: z.number() });

export interface DemoOptions {
  /** folder of FHIR R4 bundles; null: synthetic patients */
  readonly fhir: string | null;
  readonly patients: number;
  readonly dataFolder: string;
  /** the folder was made for this run and goes with it */
  readonly temporary: boolean;
  readonly json: boolean;
  /** of the services, whose lines stand among the demo's own */
  readonly logLevel: LogLevel;
  /** seconds that the steps before took */
  readonly prepared: z.infer<typeof preparedSchema>;
}

const MAX_PATIENTS = 100;
const DEFAULT_PATIENTS = 5;

export async function readOptions(argv: readonly string[]): Promise<DemoOptions> {
  const program = new Command('demo')
    .description('Runs the whole exchange on embedded parts and checks everything it claims.')
    .option('--fhir <folder>', 'FHIR R4 bundles (*.json) to run on; without it synthetic patients are made')
    .option('--patients <n>', `how many patients take part, at most ${MAX_PATIENTS} (default: ${DEFAULT_PATIENTS}, or every bundle of the folder)`, count)
    .option('--data <folder>', 'where ledger, keys and records are kept (default: a temporary folder, removed at the end)')
    .option('--json', 'print a JSON object as the last line')
    .addOption(new Option('--log <level>', 'what the services log').choices(logLevelSchema.options).default('error'))
    .option('--prepared <json>', 'seconds of the preparing steps, given by npm run demo')
    .parse([...argv], { from: 'user' });
  const given = program.opts<{ fhir?: string; patients?: number; data?: string; json?: true; log: LogLevel; prepared?: string }>();
  const fhir = given.fhir === undefined ? null : fromCaller(given.fhir);
  return {
    fhir,
    patients: given.patients ?? (fhir === null ? DEFAULT_PATIENTS : MAX_PATIENTS),
    dataFolder: given.data === undefined ? await mkdtemp(join(tmpdir(), 'medveil-demo-')) : fromCaller(given.data),
    temporary: given.data === undefined,
    json: given.json === true,
    logLevel: given.log,
    prepared: preparedSchema.parse(given.prepared === undefined ? { install: 0, build: 0, keys: 0 } : JSON.parse(given.prepared)),
  };
}

function count(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > MAX_PATIENTS) throw new InvalidArgumentError(`a whole number from 1 to ${MAX_PATIENTS}`);
  return value;
}
