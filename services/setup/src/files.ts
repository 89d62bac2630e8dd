import { randomUUID } from 'node:crypto';
import { link, mkdir, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

const isThere = (error: NodeJS.ErrnoException): boolean => error.code === 'EEXIST' || error.code === 'ENOTEMPTY';

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** A file appears whole or not at all, and never in the place of another. @returns false where there is one already */
export async function writeNew(path: string, text: string, mode: number): Promise<boolean> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const next = join(dirname(path), `.${basename(path)}-${randomUUID()}`);
  const file = await open(next, 'wx', mode);
  try {
    await file.writeFile(text);
    await file.sync();
    await link(next, path);
    await syncFolder(dirname(path));
    return true;
  } catch (error) {
    if (isThere(error as NodeJS.ErrnoException)) return false;
    throw error;
  } finally {
    await file.close();
    await rm(next, { force: true });
  }
}

/** Gives a finished folder its name, unless something has it. The other one stays then, and this one goes. */
export async function placeFolder(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
    await syncFolder(dirname(to));
  } catch (error) {
    await rm(from, { recursive: true, force: true });
    if (!isThere(error as NodeJS.ErrnoException)) throw error;
  }
}
