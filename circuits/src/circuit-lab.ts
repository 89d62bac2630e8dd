import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Signals, WitnessCalculator } from '@medveil/eligibility';
import { compileCircuit, type CompileOptions } from './compile.js';
import { ConstraintSystem } from './constraint-system.js';
import { DEFAULT_CACHE_DIR, sourceHash } from './ensure.js';
import { type Instance } from './instances.js';
import { withLock } from './lock.js';
import { parseR1cs } from './r1cs.js';

/** A circuit with every group of constraints that an instance may have, of a path of its own and of shared nodes: see `CircuitLab`. */
export const LAB_INSTANCE: Instance = { name: 'lab', slots: 8, depth: 1, tops: 2, issuerDepth: 5, constraints: 1 };

/**
 * For specs: the circuit not optimised, so that every signal is a wire, and a witness generator from the same sources
 * with all constraints taken out. The generator follows a dishonest prover's inputs without complaint and computes
 * everything else consistently; whether the result passes is then up to the constraints alone.
 */
export class CircuitLab {
  private constructor(
    readonly system: ConstraintSystem,
    private readonly lenient: WitnessCalculator,
  ) {}

  static async open(): Promise<CircuitLab> {
    const instance = LAB_INSTANCE;
    const folder = join(DEFAULT_CACHE_DIR, `${instance.name}-${await sourceHash(instance)}`);
    await mkdir(DEFAULT_CACHE_DIR, { recursive: true });
    if (!existsSync(folder)) await withLock(`${folder}.lock`, async () => existsSync(folder) || build(instance, folder));
    const system = new ConstraintSystem(parseR1cs(await readFile(join(folder, 'strict.r1cs'))));
    return new CircuitLab(system, new WitnessCalculator(await readFile(join(folder, 'lenient.wasm'))));
  }

  witness(signals: Signals): bigint[] {
    return this.lenient.calculate(signals);
  }

  /** The first constraint that a witness made from these inputs fails, if one does. */
  failures(signals: Signals): number[] {
    return this.system.failures(this.witness(signals), 1);
  }
}

async function build(instance: Instance, folder: string): Promise<boolean> {
  const work = await mkdtemp(join(DEFAULT_CACHE_DIR, '.building-'));
  try {
    const compiled = async (name: string, options: CompileOptions) => {
      const place = join(work, name);
      await mkdir(place);
      return compileCircuit(instance, place, { optimisation: 'O0', ...options });
    };
    const done = join(work, 'done');
    await mkdir(done);
    await writeFile(join(done, 'strict.r1cs'), (await compiled('strict', {})).r1cs);
    await writeFile(join(done, 'lenient.wasm'), (await compiled('lenient', { prepare: dropConstraints })).wasm);
    await rename(done, folder);
    return true;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Takes every line with `===` out of the sources; assignments stay. */
async function dropConstraints(folder: string): Promise<void> {
  for (const file of await readdir(folder, { recursive: true })) {
    if (!file.endsWith('.circom')) continue;
    const path = join(folder, file);
    const lines = (await readFile(path, 'utf8')).split('\n');
    await writeFile(path, lines.filter((line) => !line.includes('===')).join('\n'));
  }
}
