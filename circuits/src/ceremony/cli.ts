import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { isCodedError, type RandomBytes } from '@medveil/encoding';
import { type Contribution, type CeremonyTranscript } from '@medveil/eligibility';
import type { SigningKeyPair } from '@medveil/identity';
import { Command, InvalidArgumentError, Option } from 'commander';
import { instanceNamed, readInstances } from '../instances.js';
import { type CircuitFiles, withCompiled } from './circuit-files.js';
import { exportKeys } from './export.js';
import { readMembers, readSigningKey, signingKeyFromVault } from './member-keys.js';
import { progressLines } from './progress.js';
import { adopt, applyBeacon, contribute, newCeremony } from './steps.js';
import { verifyCeremony } from './verify.js';

const random: RandomBytes = (length) => new Uint8Array(randomBytes(length));
const onProgress = progressLines((line) => void process.stderr.write(`  ${line}\n`), () => performance.now());
const say = (line: string): void => void process.stdout.write(`${line}\n`);

const program = new Command('npm run ceremony --')
  .description('Groth16 keys that no single party could have made: a multi-party ceremony (docs/ceremony.md).\nA ceremony is a folder; every step adds a pair of files to it and overwrites nothing.')
  .showHelpAfterError('(--help says what is wanted)');

const circuitOption = () => new Option('--circuit <name>', 'instance of circuits/circuits.json').choices([...readInstances().keys()]).makeOptionMandatory();
const r1csOption = () => new Option('--r1cs <file>', 'its constraint system; default: compiled from the sources');
const powersOption = () => new Option('--ptau <file>', 'powers of tau in the format of snarkjs').makeOptionMandatory();
const checksumOption = () => new Option('--checksum <hex>', 'published BLAKE2b-512 of that file; needless for those of circuits/powers-of-tau.json');

interface SourceOptions {
  readonly circuit: string;
  readonly r1cs?: string;
  readonly ptau: string;
  readonly checksum?: string;
}

const powersOf = ({ ptau, checksum }: SourceOptions) => ({ powersOfTau: ptau, ...(checksum === undefined ? {} : { checksum }) });

const withConstraints = <T>({ circuit, r1cs }: SourceOptions, work: (r1cs: string) => Promise<T>): Promise<T> =>
  r1cs === undefined ? withCompiled(instanceNamed(circuit), onProgress, (files) => work(files.r1cs)) : work(r1cs);

program
  .command('new <folder>')
  .description('step 0, by the coordinator: the initial key, from a circuit and a powers-of-tau file whose checksum was published')
  .requiredOption('--name <name>', 'of the ceremony')
  .addOption(circuitOption())
  .addOption(r1csOption())
  .addOption(powersOption())
  .addOption(checksumOption())
  .requiredOption('--members <file>', 'JSON list of { "name", "publicKey" }: the Ed25519 keys of the consortium\'s members in hexadecimal')
  .requiredOption('--beacon <text>', 'which public random value will be applied last, in words')
  .option('--beacon-iterations <n>', 'its hash will be iterated 2^n times, n from 10 to 30', wholeNumber, 20)
  .action(async (folder: string, options: SourceOptions & { name: string; members: string; beacon: string; beaconIterations: number }) => {
    const members = await readMembers(options.members);
    const { constraints: _, ...instance } = instanceNamed(options.circuit);
    const { description } = await withConstraints(options, (r1cs) =>
      newCeremony({
        folder, r1cs, ...powersOf(options), onProgress,
        description: { name: options.name, instance, members, beacon: { source: options.beacon, iterationsExponent: options.beaconIterations } },
      }));
    say(`circuit hash ${description.circuitHash}`);
    say('pass the files 0000.zkey and 0000.json on to the first member');
  });

program
  .command('contribute <folder>')
  .description('a member\'s step: multiplies a secret into the key in the folder\'s last step, forgets it, and signs for it')
  .requiredOption('--name <name>', 'the member\'s, as the ceremony lists it')
  .option('--key <file>', 'the member\'s Ed25519 private key (PEM, or 32 bytes in hexadecimal)')
  .option('--vault <folder>', 'or: the vault of the member\'s replica, which holds it as operator-key')
  .option('--vault-key <file>', 'what unseals that vault')
  .option('--not-a-member', 'contribute without an attestation; services do not count it')
  .option('--entropy-file <file>', 'randomness of the contributor\'s own, mixed into the system\'s')
  .option('--made <file>', 'take a key that `snarkjs zkey contribute` made from the last step, instead of making one')
  .action(async (folder: string, options: ContributeOptions) => {
    const { name, made } = options;
    const key = await signingKey(options);
    const contribution = made === undefined
      ? await contribute({ folder, name, key, entropy: await entropyFrom(options.entropyFile), random, onProgress })
      : await adopt({ folder, name, key, made, onProgress });
    report(contribution);
    say('pass both files on to the next member, and publish the hash where the others see it');
  });

interface ContributeOptions {
  readonly name: string;
  readonly key?: string;
  readonly vault?: string;
  readonly vaultKey?: string;
  readonly notAMember?: true;
  readonly entropyFile?: string;
  readonly made?: string;
}

program
  .command('beacon <folder>')
  .description('the last step: applies the public random value that was announced in the beginning')
  .requiredOption('--value <hex>', '16 to 128 bytes in lower-case hexadecimal')
  .action(async (folder: string, options: { value: string }) => report(await applyBeacon({ folder, value: options.value, onProgress })));

program
  .command('verify <folder>')
  .description('checks everything, for anybody: from circuit and powers of tau to the last key; says which step fails first, and whose it is')
  .addOption(circuitOption())
  .addOption(r1csOption())
  .addOption(powersOption())
  .addOption(checksumOption())
  .option('--members <file>', 'whose attestations count; default: those that the ceremony lists')
  .action(async (folder: string, options: SourceOptions & { members?: string }) => {
    const memberKeys = options.members === undefined ? undefined : (await readMembers(options.members)).map(({ publicKey }) => publicKey);
    const { transcript } = await withConstraints(options, (r1cs) => verifyCeremony({ folder, r1cs, ...powersOf(options), ...(memberKeys === undefined ? {} : { memberKeys }), onProgress }));
    summarise(transcript);
  });

program
  .command('export <folder>')
  .description('verifies, and then writes a circuit folder for the services: proving key, verification key, witness generator, transcript')
  .addOption(circuitOption())
  .addOption(r1csOption())
  .addOption(powersOption())
  .addOption(checksumOption())
  .option('--wasm <file>', 'the circuit\'s witness generator; default: compiled from the sources')
  .requiredOption('--out <folder>', 'must not exist')
  .action(async (folder: string, options: SourceOptions & { wasm?: string; out: string }) => {
    const run = ({ r1cs, wasm }: CircuitFiles) => exportKeys({ folder, r1cs, wasm, ...powersOf(options), out: options.out, onProgress });
    const { circuit, r1cs, wasm } = options;
    const { contributions } = r1cs !== undefined && wasm !== undefined
      ? await run({ r1cs, wasm })
      : await withCompiled(instanceNamed(circuit), onProgress, (files) => run({ r1cs: r1cs ?? files.r1cs, wasm: wasm ?? files.wasm }));
    say(`${options.out}: keys of ${contributions.length} steps`);
  });

async function signingKey({ key, vault, vaultKey, notAMember }: ContributeOptions): Promise<SigningKeyPair | null> {
  if (notAMember === true) return null;
  if (key !== undefined) return readSigningKey(key);
  if (vault !== undefined && vaultKey !== undefined) return signingKeyFromVault(vault, vaultKey, random);
  return program.error('error: give --key, or --vault and --vault-key, or --not-a-member');
}

const entropyFrom = async (path: string | undefined): Promise<Uint8Array> => (path === undefined ? new Uint8Array() : readFile(path));

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('a whole number is wanted');
  return Number(text);
}

function report({ index, name, hash, attestation }: Contribution): void {
  say(`step ${index} by ${name}${attestation === null ? '' : ', attested'}: ${hash}`);
}

function summarise({ description, contributions }: CeremonyTranscript): void {
  for (const contribution of contributions) report(contribution);
  say(`the ceremony "${description.name}" for ${description.instance.name} is sound; ${contributions.at(-1)?.beacon == null ? 'its beacon is still to come' : 'it is complete'}`);
}

/** @param args of the command line, behind the script's name */
export async function ceremonyCommand(args: readonly string[]): Promise<void> {
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    if (!isCodedError(error) && !(error instanceof Error && 'syscall' in error)) throw error;
    process.stderr.write(`${isCodedError(error) ? `${error.code}: ` : ''}${error.message}\n`);
    process.exitCode = 1;
  }
}
