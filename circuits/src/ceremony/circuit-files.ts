import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileCircuit } from '../compile.js';
import { DEFAULT_CACHE_DIR, sourceHash } from '../ensure.js';
import type { Instance } from '../instances.js';
import type { OnProgress } from './curve.js';

export interface CircuitFiles {
  readonly r1cs: string;
  readonly wasm: string;
}

/**
 * Hands an instance's compiled files to `work`: from the cache, else compiled from the sources. Whoever compiles the same
 * sources gets the same bytes, which is how members check what they contribute to.
 */
export async function withCompiled<T>(instance: Instance, onProgress: OnProgress, work: (files: CircuitFiles) => Promise<T>): Promise<T> {
  const cached = join(DEFAULT_CACHE_DIR, `${instance.name}-${await sourceHash(instance)}`);
  if (existsSync(cached)) return work({ r1cs: join(cached, 'circuit.r1cs'), wasm: join(cached, 'circuit.wasm') });
  onProgress(`compiling ${instance.name}`);
  const folders = [await mkdtemp(join(tmpdir(), 'medveil-compile-')), await mkdtemp(join(tmpdir(), 'medveil-circuit-'))] as const;
  try {
    const [sources, folder] = folders;
    const files = { r1cs: join(folder, 'circuit.r1cs'), wasm: join(folder, 'circuit.wasm') };
    const { r1cs, wasm } = await compileCircuit(instance, sources);
    await writeFile(files.r1cs, r1cs);
    await writeFile(files.wasm, wasm);
    return await work(files);
  } finally {
    await Promise.all(folders.map((path) => rm(path, { recursive: true, force: true })));
  }
}
