import { spawn } from 'node:child_process';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { type Instance, PACKAGE_DIR } from './instances.js';

const require = createRequire(import.meta.url);

/** Order in which a proof's public inputs stand; libs/eligibility/src/public-inputs.ts says the same. */
const PUBLIC = ['h', 'policyHash', 'result', 'requirementId', 'claimNullifier', 'domains', 'domainNullifiers', 'issuerRoot', 'pseudonym', 'chainId'];

export const mainComponent = ({ slots, depth, tops, issuerDepth }: Instance): string =>
  `pragma circom 2.1.6;\ninclude "eligibility.circom";\ncomponent main {public [${PUBLIC.join(', ')}]} = Eligibility(${slots}, ${depth}, ${tops}, ${issuerDepth});\n`;

export interface Compiled {
  readonly r1cs: Uint8Array;
  readonly wasm: Uint8Array;
}

export interface CompileOptions {
  /** O2 takes out all linear constraints; O0 keeps every signal as a wire. Default O2. */
  readonly optimisation?: 'O0' | 'O2';
  /** May change the sources in the folder before they are compiled. */
  readonly prepare?: (folder: string) => Promise<void>;
}

/**
 * Compiles an instance with circom (its WebAssembly build, in a process of its own: it takes a few hundred megabytes).
 * @param folder an empty folder to work in
 */
export async function compileCircuit(instance: Instance, folder: string, options: CompileOptions = {}): Promise<Compiled> {
  // circom's WebAssembly build sees the folder it starts in, so the sources go there
  await cp(join(PACKAGE_DIR, 'circom'), folder, { recursive: true });
  await cp(join(dirname(require.resolve('circomlib/package.json')), 'circuits'), join(folder, 'circomlib', 'circuits'), { recursive: true });
  await writeFile(join(folder, 'circuit.circom'), mainComponent(instance));
  await options.prepare?.(folder);
  await runCircom(['circuit.circom', '--r1cs', '--wasm', `--${options.optimisation ?? 'O2'}`, '-o', '.', '-l', '.'], folder);
  return {
    r1cs: await readFile(join(folder, 'circuit.r1cs')),
    wasm: await readFile(join(folder, 'circuit_js', 'circuit.wasm')),
  };
}

const MAX_OUTPUT = 10_000;

function runCircom(args: readonly string[], cwd: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [require.resolve('circom2/cli.js'), ...args], { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const keep = (chunk: Buffer) => {
      output = (output + chunk.toString('utf8')).slice(-MAX_OUTPUT);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`circom ended with ${code}:\n${output}`));
    });
  });
}
