import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { type Parameters, parametersSchema } from '@medveil/agreements';
import { type Clock, isCodedError, type RandomBytes, toBase64Url } from '@medveil/encoding';
import { type Role, ROLES } from '@medveil/identity';
import type { ProcessLike } from '@medveil/service-kit';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { type CircuitKey, readCircuitKeys } from './circuit-keys.js';
import { ensureConsortium, networkFileOf, openConsortium } from './consortium.js';
import { type ConsortiumSize, DEFAULT_SIZE, ensureParties, writeMembers } from './consortium-parties.js';
import { writeEnrolmentToken } from './enrol.js';
import { SetupError } from './errors.js';
import { DEFAULT_DENOMINATIONS } from './genesis.js';
import { writeNew } from './files.js';
import { fromCaller } from './invoked-from.js';
import { AUDIENCES, OPERATOR_SCOPES, signOperatorToken } from './operator-token.js';
import { PartyFolders, type Unsealing } from './party-folders.js';
import { requireAsWanted, summarise } from './summary.js';

const HOUR_MS = 3_600_000;
const LONGEST_TOKEN_HOURS = 365 * 24;

const clock: Clock = () => Date.now();
const random: RandomBytes = (length) => new Uint8Array(randomBytes(length));
const ports = { clock, random };

interface SealOptions {
  readonly passphraseFile?: string;
}

interface CreateOptions extends SealOptions {
  readonly replicas?: number;
  readonly auditors?: number;
  readonly circuits?: readonly string[];
  readonly development?: readonly string[] | true;
  readonly parameters?: string;
  readonly denominations?: readonly number[];
}

type Tell = (answer: object) => void;

/** The whole of `npm run setup`. Answers are JSON; exits with 1 where something stands in the way, with 2 where the command is not right. */
export async function setupCommand(host: ProcessLike): Promise<void> {
  const program = new Command('npm run setup --').exitOverride().configureOutput({
    writeOut: (text) => { host.stdout.write(text); },
    writeErr: (text) => { host.stderr.write(text); },
  });
  addCommands(program, (answer) => { host.stdout.write(`${JSON.stringify(answer, null, 2)}\n`); }, (line) => { host.stderr.write(`  ${line}\n`); });
  try {
    await program.parseAsync([...host.argv]);
  } catch (error) {
    if (error instanceof CommanderError) {
      host.exitCode = error.exitCode === 0 ? 0 : 2;
    } else {
      if (!isCodedError(error) && !(error instanceof Error && 'syscall' in error)) throw error;
      host.stderr.write(`${isCodedError(error) ? `${error.code}: ` : ''}${error.message}\n`);
      host.exitCode = 1;
    }
  }
}

const passphraseOption = () => new Option('--passphrase-file <file>', 'one passphrase opens the vaults, of at least 12 characters; default: a key file for each vault, beside it');
const replicasOption = () => new Option('--replicas <n>', `voting members, each with a replica; default: ${DEFAULT_SIZE.replicas}`).argParser(wholeNumber);
const auditorsOption = () => new Option('--auditors <n>', `who rule on disputes, by majority; default: ${DEFAULT_SIZE.auditors}`).argParser(wholeNumber);

function addCommands(program: Command, tell: Tell, onProgress: (line: string) => void): void {
  program
    .description('Makes the network that services are then started with (docs/operations.md, section 6).\nNothing that is there is ever overwritten: every command may be repeated.')
    .showHelpAfterError('(--help says what is wanted)');
  program.command('create <folder>')
    .description('keys of every party of the consortium, authority and genesis: network.json, and a folder for each party below parties/')
    .addOption(replicasOption())
    .addOption(auditorsOption())
    .option('--circuits <folders...>', 'circuit folders whose keys genesis pins; a key that is not for development comes with its ceremony.json')
    .option('--development [instances...]', 'instead: development keys of these circuit instances, made where the cache lacks them; default: everyday')
    .option('--denominations <credits>', `what vouchers are worth, with commas between, or none; default: ${DEFAULT_DENOMINATIONS.join()}`, denominations)
    .option('--parameters <file>', 'JSON with parameters of the contract that differ from the defaults (docs/contract.md)')
    .addOption(passphraseOption())
    .action(async (folder: string, options: CreateOptions) => create(fromCaller(folder), options, tell, onProgress));

  program.command('keys <folder>')
    .description('only the keys, and members.json for a ceremony: before `create`, where a ceremony of these members is to come')
    .addOption(replicasOption())
    .addOption(auditorsOption())
    .addOption(passphraseOption())
    .action(async (folder: string, options: Partial<ConsortiumSize> & SealOptions) => {
      const parties = await ensureParties(await foldersIn(folder, options), sizeOf(options));
      tell({ members: await writeMembers(fromCaller(folder), parties), operatorPublicKey: toBase64Url(await parties.operator.publicKey('operator-key')) });
    });

  program.command('agent <folder> <names...>')
    .description('an empty vault for each agent of a hospital or an institution (patient-api, research-api); with an operator\'s key where there is none')
    .addOption(passphraseOption())
    .action(async (folder: string, names: readonly string[], options: SealOptions) => {
      const folders = await foldersIn(folder, options);
      for (const name of names) await folders.ensure(partyName(name), 'agent');
      tell({ agents: Object.fromEntries(names.map((name) => [name, folders.pathOf(name)])) });
    });

  program.command('show <folder>')
    .description('what network is there')
    .action(async (folder: string) => tell(summarise(await openConsortium(fromCaller(folder), { kind: 'key-files' }, random))));

  program.command('token <folder>')
    .description('a token under the operator\'s key, on standard output')
    .option('--scopes <scopes...>', 'what its bearer may do; default: everything that operators do', [...OPERATOR_SCOPES])
    .addOption(new Option('--audience <services...>', 'who takes it').choices(AUDIENCES).default([...AUDIENCES], 'all services'))
    .option('--hours <n>', 'how long it is good for', wholeNumber, 24)
    .option('--out <file>', 'write it into a file, readable by its owner only, instead')
    .addOption(passphraseOption())
    .action(async (folder: string, options: TokenOptions) => {
      const token = await signOperatorToken(await foldersIn(folder, options), { scopes: options.scopes, audience: options.audience, lifetimeMs: hours(options.hours) }, ports);
      if (options.out === undefined) return tell({ token });
      if (!(await writeNew(fromCaller(options.out), `${token}\n`, 0o600))) throw new SetupError('setup/exists', `${options.out} is there already`, { path: options.out });
      return tell({ file: fromCaller(options.out) });
    });

  program.command('enrol <folder>')
    .description('has a running PKG make a one-time enrolment token, under the operator\'s key of the folder; nothing is asked for where the file is there')
    .requiredOption('--pkg-url <url>', 'of the PKG')
    .requiredOption('--id <name>', 'enrolment id, for example hospital-0')
    .addOption(new Option('--role <role>').choices(ROLES.filter((role) => role !== 'pkg')).makeOptionMandatory())
    .requiredOption('--out <file>', 'where the token goes, readable by its owner only')
    .addOption(passphraseOption())
    .action(async (folder: string, { pkgUrl, id, role, out, ...seal }: SealOptions & { pkgUrl: string; id: string; role: Role; out: string }) => {
      const isNew = await writeEnrolmentToken(await foldersIn(folder, seal), { pkgUrl, enrolmentId: id, role, out: fromCaller(out) }, ports);
      tell({ file: fromCaller(out), isNew });
    });
}

interface TokenOptions extends SealOptions {
  readonly scopes: readonly string[];
  readonly audience: readonly string[];
  readonly hours: number;
  readonly out?: string;
}

async function create(folder: string, options: CreateOptions, tell: Tell, onProgress: (line: string) => void): Promise<void> {
  const parameters = options.parameters === undefined ? undefined : await readParameters(fromCaller(options.parameters));
  const asked = await circuitsOf(options, onProgress);
  const seal = await unsealing(options);
  const consortium = existsSync(networkFileOf(folder))
    ? { ...(await openConsortium(folder, seal, random)), isNew: false }
    : await ensureConsortium({
        folder, size: sizeOf(options), unsealing: seal, circuits: asked ?? (await developmentKeys(['everyday'], onProgress)), parameters: parameters ?? {},
        denominations: options.denominations ?? DEFAULT_DENOMINATIONS, ...ports,
      });
  if (!consortium.isNew) requireAsWanted(consortium, { replicas: options.replicas, auditors: options.auditors, circuits: asked, parameters });
  tell({ isNew: consortium.isNew, ...summarise(consortium) });
}

/** @returns undefined where no circuits were asked for */
async function circuitsOf({ circuits, development }: CreateOptions, onProgress: (line: string) => void): Promise<CircuitKey[] | undefined> {
  if (circuits !== undefined && development !== undefined) throw new SetupError('setup/bad-circuits', 'give either --circuits or --development');
  if (circuits !== undefined) return readCircuitKeys(circuits.map(fromCaller));
  return development === undefined ? undefined : developmentKeys(development === true ? ['everyday'] : development, onProgress);
}

async function developmentKeys(instances: readonly string[], onProgress: (line: string) => void): Promise<CircuitKey[]> {
  // The compiler and its libraries are not there where a network is made from finished circuit folders.
  const { ensureCircuits } = await import('@medveil/circuits');
  const artefacts = await ensureCircuits({ instances, onProgress });
  return [...artefacts.values()].map(({ verificationKey }) => ({ key: verificationKey, transcript: null }));
}

async function readParameters(path: string): Promise<Partial<Parameters>> {
  const bad = (what: string, cause?: unknown) => new SetupError('setup/bad-parameters', `${path}: ${what}`, { path }, { cause });
  const value: unknown = await readFile(path, 'utf8').then((text) => JSON.parse(text) as unknown).catch((cause: unknown) => { throw bad('not a readable JSON file', cause); });
  const parsed = parametersSchema.partial().safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw bad(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'malformed'}`);
}

async function unsealing({ passphraseFile }: SealOptions): Promise<Unsealing> {
  if (passphraseFile === undefined) return { kind: 'key-files' };
  const path = fromCaller(passphraseFile);
  const text = await readFile(path, 'utf8').catch((cause: unknown) => { throw new SetupError('setup/bad-passphrase-file', `${path} cannot be read`, { path }, { cause }); });
  return { kind: 'passphrase', passphrase: text.trimEnd() };
}

const foldersIn = async (folder: string, options: SealOptions): Promise<PartyFolders> => new PartyFolders(fromCaller(folder), await unsealing(options), random);
const sizeOf = ({ replicas = DEFAULT_SIZE.replicas, auditors = DEFAULT_SIZE.auditors }: Partial<ConsortiumSize>): ConsortiumSize => ({ replicas, auditors });

function wholeNumber(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError('a whole number is wanted');
  return Number(text);
}

function denominations(text: string): number[] {
  return text === 'none' ? [] : text.split(',').map(wholeNumber);
}

function hours(count: number): number {
  if (count < 1 || count > LONGEST_TOKEN_HOURS) throw new SetupError('setup/bad-number', `hours: from 1 to ${LONGEST_TOKEN_HOURS}; given ${count}`, { given: count, most: LONGEST_TOKEN_HOURS });
  return count * HOUR_MS;
}

/** A name becomes a folder's. */
function partyName(name: string): string {
  if (!/^[a-z][a-z0-9-]{0,40}$/.test(name)) throw new SetupError('setup/bad-name', `${name} is no name of an agent: lower-case letters, digits, dashes`, { name });
  return name;
}
