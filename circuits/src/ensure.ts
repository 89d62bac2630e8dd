import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { parseVerificationKey, type ProvingCircuit, type VerificationKey } from '@medveil/eligibility';
import { compileCircuit, mainComponent } from './compile.js';
import { type Instance, instanceNamed, PACKAGE_DIR } from './instances.js';
import { generateDevelopmentKeys } from './keygen.js';
import { withLock } from './lock.js';
import { parseR1cs } from './r1cs.js';

/** Files of one compiled instance with its development keys. */
export interface CircuitArtefacts {
  readonly instance: Instance;
  readonly wasmPath: string;
  readonly r1csPath: string;
  readonly zkeyPath: string;
  readonly verificationKeyPath: string;
  readonly verificationKey: VerificationKey;
}

export interface EnsureOptions {
  /** Default: .cache/circuits of the workspace, which git ignores. */
  readonly cacheDir?: string;
  readonly instances: readonly string[];
  readonly threads?: number;
  readonly onProgress?: (line: string) => void;
}

export const DEFAULT_CACHE_DIR = resolve(PACKAGE_DIR, '..', '.cache', 'circuits');

const require = createRequire(import.meta.url);

/**
 * Compiles instances and makes development keys for them where the cache has none. The cache is keyed by the sources,
 * the instance and the tools; a folder appears in it whole or not at all, and processes that need the same one wait.
 */
export async function ensureCircuits(options: EnsureOptions): Promise<Map<string, CircuitArtefacts>> {
  const cacheDir = resolve(options.cacheDir ?? DEFAULT_CACHE_DIR);
  const found = new Map<string, CircuitArtefacts>();
  for (const name of options.instances) {
    const instance = instanceNamed(name);
    const folder = join(cacheDir, `${name}-${await sourceHash(instance)}`);
    if (!existsSync(folder)) await mkdir(cacheDir, { recursive: true });
    if (!existsSync(folder)) await withLock(`${folder}.lock`, async () => existsSync(folder) || build(instance, cacheDir, folder, options));
    found.set(name, await artefactsIn(folder, instance));
  }
  return found;
}

async function artefactsIn(folder: string, instance: Instance): Promise<CircuitArtefacts> {
  const verificationKeyPath = join(folder, 'verification-key.json');
  return {
    instance,
    wasmPath: join(folder, 'circuit.wasm'),
    r1csPath: join(folder, 'circuit.r1cs'),
    zkeyPath: join(folder, 'proving-key.zkey'),
    verificationKeyPath,
    verificationKey: parseVerificationKey(JSON.parse(await readFile(verificationKeyPath, 'utf8'))),
  };
}

async function build(instance: Instance, cacheDir: string, folder: string, options: EnsureOptions): Promise<boolean> {
  const say = (line: string) => options.onProgress?.(`${instance.name}: ${line}`);
  const work = await mkdtemp(join(cacheDir, '.building-'));
  try {
    say('compiling the circuit');
    const { r1cs: r1csFile, wasm } = await compileCircuit(instance, work);
    const r1cs = parseR1cs(r1csFile);
    if (r1cs.constraints !== instance.constraints) {
      throw new Error(`${instance.name} has ${r1cs.constraints} constraints; circuits.json says ${instance.constraints}`);
    }
    say(`making development keys for ${r1cs.constraints} constraints`);
    const keys = await generateDevelopmentKeys(r1cs, {
      instance,
      random: (length) => randomBytes(length),
      ...(options.threads === undefined ? {} : { threads: options.threads }),
      onProgress: tenths((step, percent) => say(`${step} ${percent} %`)),
    });
    const done = join(work, 'done');
    await mkdir(done);
    await writeFile(join(done, 'circuit.wasm'), wasm);
    await writeFile(join(done, 'circuit.r1cs'), r1csFile);
    await writeFile(join(done, 'proving-key.zkey'), keys.zkey);
    await writeFile(join(done, 'verification-key.json'), `${JSON.stringify(keys.verificationKey, null, 2)}\n`);
    await rename(done, folder);
    say('ready');
    return true;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Reads an instance's witness generator and proving key into memory that proving threads share. */
export async function loadProvingCircuit(artefacts: Pick<CircuitArtefacts, 'instance' | 'wasmPath' | 'zkeyPath'>): Promise<ProvingCircuit> {
  const [wasm, zkey] = await Promise.all([shared(artefacts.wasmPath), shared(artefacts.zkeyPath)]);
  return { instance: artefacts.instance, wasm, zkey, zkeyFile: artefacts.zkeyPath };
}

async function shared(path: string): Promise<Uint8Array> {
  const bytes = await readFile(path);
  const out = new Uint8Array(new SharedArrayBuffer(bytes.length));
  out.set(bytes);
  return out;
}

/** Reports at most every tenth of a step. */
function tenths(report: (step: string, percent: number) => void): (step: string, done: number) => void {
  let last = '';
  return (step, done) => {
    const percent = Math.floor(done * 10) * 10;
    const line = `${step} ${percent}`;
    if (line !== last) report(step, percent);
    last = line;
  };
}

/** Changes whenever the artefacts would: circom sources, main component, versions of the tools, format of the cache. */
export async function sourceHash(instance: Instance): Promise<string> {
  const hash = createHash('sha256').update(`format 1\n${mainComponent(instance)}`);
  const sources = join(PACKAGE_DIR, 'circom');
  for (const file of (await readdir(sources)).toSorted()) hash.update(`${file}\n`).update(await readFile(join(sources, file)));
  for (const tool of ['circom2', 'circomlib']) hash.update(await readFile(require.resolve(`${tool}/package.json`)));
  return hash.digest('hex').slice(0, 16);
}
