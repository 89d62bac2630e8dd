/** The proving keys that images are built with: for development those of the cache, else a folder of one's own. */
import { chmodSync, constants, copyFileSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { developmentCircuits, ROOT } from '../steps.mjs';

/** Those that the chart's values name. */
export const INSTANCES = ['everyday', 'extensive'];
/** What an agent reads (libs/host, circuit folders); the constraint system, as large as all of them, it does not. */
const FILES = ['circuit.wasm', 'proving-key.zkey', 'verification-key.json', 'ceremony.json'];

/** @returns a folder with one folder of development keys for each instance, made where the cache lacks them */
export async function developmentCircuitFolder() {
  const target = join(ROOT, '.cache', 'image-circuits');
  rmSync(target, { recursive: true, force: true });
  for (const [name, folder] of Object.entries(await developmentCircuits(INSTANCES))) {
    mkdirSync(join(target, name), { recursive: true });
    for (const file of FILES.filter((each) => existsSync(join(folder, each)))) {
      copyFileSync(join(folder, file), join(target, name, file), constants.COPYFILE_FICLONE);
      chmodSync(join(target, name, file), 0o644);
    }
  }
  return target;
}
