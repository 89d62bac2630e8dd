import { Command, InvalidArgumentError } from 'commander';
import { closeOnSignal } from '@medveil/service-kit';
import { isCodedError } from '@medveil/encoding';
import { fromCaller } from '@medveil/setup';
import { startSystem } from './system.js';

const DEFAULT_PORT = 7300;

const program = new Command('start')
  .description('The whole system on embedded parts: six services, four replicas and three auditors in one process, serving until stopped.')
  .option('--data <folder>', 'where ledger, keys and records are kept', fromCaller('.medveil'))
  .option('--port <n>', 'first of fourteen consecutive ports; 0: free ones', port, DEFAULT_PORT)
  .option('--log <level>', 'trace, debug, info, warn, error or silent', 'info')
  .parse();
const options = program.opts<{ data: string; port: number; log: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent' }>();

try {
  const dataFolder = fromCaller(options.data);
  const starting = startSystem({
    dataFolder,
    circuits: ['everyday', 'extensive'],
    basePort: options.port,
    logLevel: options.log,
    onProgress: (line) => process.stderr.write(`  ${line}\n`),
  });
  // A signal during the start is heard, and answered once there is something to close.
  closeOnSignal(process, { close: async () => (await starting).close() });
  const system = await starting;
  const { replicas, auditors, ...services } = system.urls;
  const lines = [
    '',
    'medveil is running, in development mode, on embedded parts:',
    ...Object.entries(services).map(([name, url]) => `  ${name.padEnd(14)} ${url}  (OpenAPI: ${url}/docs)`),
    ...replicas.map((url, index) => `  ${`replica-${index}`.padEnd(14)} ${url}`),
    ...auditors.map((url, index) => `  ${`auditor-${index}`.padEnd(14)} ${url}`),
    `  data           ${dataFolder}`,
    `  genesis        ${system.consortium.genesisHash}`,
    '  operator token (30 days, all services):',
    `  ${system.operatorToken}`,
    'Stop with Ctrl-C; the next start goes on where this one stopped.',
    '',
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
} catch (error) {
  process.stderr.write(`medveil does not start: ${isCodedError(error) ? `${error.code}: ${error.message}` : error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
}

function port(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > 65_000) throw new InvalidArgumentError('a port number, or 0');
  return value;
}
