import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import { createContract } from '@medveil/agreements';
import { CodedError, fromBase64Url, isCodedError, toHex } from '@medveil/encoding';
import { loadNetwork, loadVerifiers } from '@medveil/host';
import { type CertifiedBlock, exportLedger, type Genesis, importLedger, Ledger, type LedgerStore, loadGenesis, readExport, type StateMachine, verifyChain } from '@medveil/ledger';
import { LevelStore } from '@medveil/ledger/level';
import type { ProcessLike } from '@medveil/service-kit';

export const LEDGER_COMMANDS = ['export', 'import', 'verify'] as const;
export type LedgerCommand = (typeof LEDGER_COMMANDS)[number];
export const isLedgerCommand = (name: string | undefined): name is LedgerCommand => LEDGER_COMMANDS.some((command) => command === name);

const USAGE = `usage, with the node stopped where it is about a data folder:
  export --network FILE --data FOLDER --file FILE    writes the chain into a file
  import --network FILE --data FOLDER --file FILE    executes a file's blocks on top of the folder's chain
  verify --network FILE (--data FOLDER | --file FILE) [--production]
                                                     executes a chain again from genesis; says at which height it first differs
`;
/** Blocks between two lines of progress. */
const PROGRESS_BLOCKS = 1_000;

interface CommandArguments {
  readonly network: string;
  readonly data: string | null;
  readonly file: string | null;
  readonly mode: 'development' | 'production';
}

/** Exit codes: 0 done, 1 the chain is not what it should be, 2 the command is not right. */
export async function runLedgerCommand(host: ProcessLike, command: LedgerCommand, given: readonly string[]): Promise<void> {
  const options = readArguments(command, given);
  if (typeof options === 'string') {
    host.stderr.write(`${options}\n${USAGE}`);
    host.exitCode = 2;
    return;
  }
  try {
    const network = await loadNetwork(options.network);
    const genesis = loadGenesis(fromBase64Url(network.genesis));
    const contract = createContract({ verifiers: await loadVerifiers(network, options.mode) });
    host.exitCode = (await COMMANDS[command](options, genesis, contract, host)) ? 0 : 1;
  } catch (error) {
    if (!isCodedError(error)) throw error;
    host.stderr.write(`${error.code}: ${error.message} ${JSON.stringify(error.details)}\n`);
    host.exitCode = 1;
  }
}

function readArguments(command: LedgerCommand, given: readonly string[]): CommandArguments | string {
  try {
    const { values } = parseArgs({
      args: [...given], options: { network: { type: 'string' }, data: { type: 'string' }, file: { type: 'string' }, production: { type: 'boolean', default: false } },
    });
    const { network, data = null, file = null, production } = values;
    if (network === undefined) return `${command}: --network is missing`;
    if (command !== 'verify' && (data === null || file === null)) return `${command}: --data and --file are both needed`;
    if (command === 'verify' && (data === null) === (file === null)) return 'verify: either --data or --file is needed';
    return { network, data, file, mode: production ? 'production' : 'development' };
  } catch (error) {
    return `${command}: ${(error as Error).message}`;
  }
}

type Run = (options: CommandArguments, genesis: Genesis, contract: StateMachine, host: ProcessLike) => Promise<boolean>;

const COMMANDS: { readonly [Command in LedgerCommand]: Run } = {
  export: async ({ data, file }, genesis, contract, host) =>
    withStore(data, async (store) => {
      const ledger = await Ledger.open({ genesis, store, stateMachine: contract });
      await pipeline(exportLedger(ledger), createWriteStream(file ?? '', { flags: 'wx' }));
      host.stdout.write(`${JSON.stringify({ exported: ledger.head.header.height, head: toHex(ledger.head.hash) })}\n`);
      return true;
    }),

  import: async ({ data, file }, genesis, contract, host) =>
    withStore(data, async (store) => {
      const ledger = await Ledger.open({ genesis, store, stateMachine: contract });
      const before = ledger.head.header.height;
      const height = await importLedger(createReadStream(file ?? ''), ledger);
      host.stdout.write(`${JSON.stringify({ imported: height - before, height, head: toHex(ledger.head.hash), stateRoot: toHex(ledger.head.stateRoot) })}\n`);
      return true;
    }),

  verify: async ({ data, file }, genesis, contract, host) => {
    const verdictOf = async (blocks: AsyncIterable<CertifiedBlock>) => verifyChain(withProgress(blocks, host), genesis, contract);
    const verdict = file === null ? await withStore(data, async (store) => verdictOf(blocksOf(store))) : await verdictOf(await exportedBlocks(file, genesis));
    const told = verdict.ok ? { ok: true, height: verdict.height, stateRoot: toHex(verdict.stateRoot) } : verdict;
    host.stdout.write(`${JSON.stringify(told)}\n`);
    return verdict.ok;
  },
};

/** @param data a node's data folder */
async function withStore<T>(data: string | null, work: (store: LevelStore) => Promise<T>): Promise<T> {
  const folder = join(data ?? '', 'ledger');
  await mkdir(folder, { recursive: true });
  const store = await LevelStore.open(folder).catch((cause: unknown) => {
    throw new CodedError('consensus-node/folder-in-use', 'the ledger cannot be opened: its node must be stopped', { folder }, { cause });
  });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

async function exportedBlocks(file: string, genesis: Genesis): Promise<AsyncIterable<CertifiedBlock>> {
  const exported = await readExport(createReadStream(file));
  if (Buffer.compare(exported.genesis, genesis.bytes) !== 0) throw new CodedError('ledger/wrong-genesis', 'the export is of another chain', { file });
  return exported.blocks;
}

async function* blocksOf(store: LedgerStore): AsyncGenerator<CertifiedBlock> {
  const last = (await store.height()) ?? 0;
  for (let height = 1; height <= last; height += 1) {
    const stored = await store.block(height);
    if (stored?.certificate == null) throw new CodedError('ledger/corrupt-store', 'a block or its certificate is missing', { height });
    yield { block: stored.block, certificate: stored.certificate };
  }
}

async function* withProgress(blocks: AsyncIterable<CertifiedBlock>, host: ProcessLike): AsyncGenerator<CertifiedBlock> {
  for await (const certified of blocks) {
    yield certified;
    const { height } = certified.block.header;
    if (height % PROGRESS_BLOCKS === 0) host.stderr.write(`${height} blocks executed\n`);
  }
}
