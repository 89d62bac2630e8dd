import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Clock } from '@medveil/encoding';
import { PgliteEngine } from './pglite.js';

/** A fresh data folder is made once per version of PGlite and kept here: making one takes seconds, cloning it a fraction. */
const TEMPLATE = new URL('../../../node_modules/.cache/medveil/pglite-0.5.16.tar', import.meta.url);

/** An empty engine for one test file, in memory or in `dataDir` (which must not exist yet). Close it. */
export async function openTestEngine(options: { readonly clock?: Clock; readonly dataDir?: string } = {}): Promise<PgliteEngine> {
  const { clock = () => Date.now(), dataDir } = options;
  return PgliteEngine.start({ clock, loadDataDir: await template(), ...(dataDir === undefined ? {} : { dataDir }) });
}

async function template(): Promise<Blob> {
  const kept = await readFile(TEMPLATE).catch(() => undefined);
  if (kept !== undefined) return new Blob([new Uint8Array(kept)]);
  const engine = await PgliteEngine.start({ clock: () => Date.now() });
  const dump = await engine.dump();
  await engine.close();
  await mkdir(new URL('.', TEMPLATE), { recursive: true });
  // Several test files may do this at once: each writes a file of its own and moves it into place whole.
  const mine = `${fileURLToPath(TEMPLATE)}.${process.pid}`;
  await writeFile(mine, new Uint8Array(await dump.arrayBuffer()));
  await rename(mine, TEMPLATE);
  return dump;
}
