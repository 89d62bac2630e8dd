import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { AUDIENCES, fromCaller, OPERATOR_SCOPES, PartyFolders, signOperatorToken } from '@medveil/setup';
import { Command, InvalidArgumentError } from 'commander';
import type { SystemUrls } from '../system.js';

export interface ExchangeOptions {
  readonly urls: SystemUrls;
  readonly token: string;
  /** begins exchanges for so long; 0: one of each worker */
  readonly forMs: number;
  readonly parallel: number;
}

const TOKEN_LIFETIME_MS = 6 * 3_600_000;
const LONGEST_SECONDS = 3 * 3_600;
const MOST_PARALLEL = 32;

interface Given {
  readonly pkgUrl: string;
  readonly contractUrl: string;
  readonly patientUrl: string;
  readonly researchUrl: string;
  readonly nodeUrls: readonly string[];
  readonly tokenFile?: string;
  readonly for: number;
  readonly parallel: number;
}

const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length));

/** @throws Error where neither a setup folder nor a token is given */
export async function readExchangeOptions(argv: readonly string[]): Promise<ExchangeOptions> {
  const program = new Command('exchange')
    .description('Real exchanges on a running network, from outside: an institution enrols and asks, synthetic patients meet it, sell, and are paid; what was delivered is checked.')
    .argument('[folder]', 'of a set-up, whose operator\'s key signs the token')
    .option('--token-file <file>', 'instead: a token that pkg, contract, patient-api, research-api and the nodes take')
    .requiredOption('--pkg-url <url>', 'of the PKG')
    .requiredOption('--contract-url <url>', 'of the contract')
    .requiredOption('--patient-url <url>', 'of the hospital\'s agent')
    .requiredOption('--research-url <url>', 'of the institution\'s agent')
    .option('--node-urls <urls...>', 'of consensus nodes that must agree at the end', [])
    .option('--for <seconds>', 'begin exchanges, one after the other, for so long', number(0, LONGEST_SECONDS), 0)
    .option('--parallel <n>', 'so many at a time', number(1, MOST_PARALLEL), 1)
    .parse([...argv], { from: 'user' });
  const { pkgUrl, contractUrl, patientUrl, researchUrl, nodeUrls, tokenFile, parallel, for: seconds } = program.opts<Given>();
  return {
    // The scenario takes ciphertext to the proxy by way of the agents alone.
    urls: { pkg: pkgUrl, contract: contractUrl, 'proxy-cloud': '', 'patient-api': patientUrl, 'research-api': researchUrl, replicas: nodeUrls, auditors: [] },
    token: await tokenOf(program.args[0], tokenFile),
    forMs: 1_000 * seconds,
    parallel,
  };
}

async function tokenOf(folder: string | undefined, file: string | undefined): Promise<string> {
  if (file !== undefined) return (await readFile(fromCaller(file), 'utf8')).trim();
  if (folder === undefined) throw new Error('give the folder of a set-up, or --token-file');
  const token = { scopes: OPERATOR_SCOPES, audience: AUDIENCES, lifetimeMs: TOKEN_LIFETIME_MS };
  return signOperatorToken(new PartyFolders(fromCaller(folder), { kind: 'key-files' }, random), token, { clock: () => Date.now(), random });
}

const number = (from: number, to: number) => (text: string): number => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < from || value > to) throw new InvalidArgumentError(`a whole number from ${from} to ${to}`);
  return value;
};
