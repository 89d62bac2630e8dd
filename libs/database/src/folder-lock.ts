import { mkdir, open, readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { databaseError } from './errors.js';

/**
 * Keeps a second process, or a second instance in this one, off a data folder: PGlite itself would open it twice and ruin it.
 * The lock is a file beside the folder with the holder's process id; one left by a process that is gone is taken over.
 * @returns what gives the folder back
 * @throws CodedError `database/folder-in-use`
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const lockFile = `${folder}.lock`;
  if (heldHere.has(lockFile)) throw inUse(lockFile);
  heldHere.add(lockFile);
  try {
    await mkdir(dirname(lockFile), { recursive: true });
    await claim(lockFile);
  } catch (error) {
    heldHere.delete(lockFile);
    throw error;
  }
  return async () => {
    await rm(lockFile, { force: true });
    heldHere.delete(lockFile);
  };
}

/** A process id names this process also after it was given to it anew (in a container it is always the same). */
const heldHere = new Set<string>();

async function claim(lockFile: string): Promise<void> {
  for (let attempt = 0; attempt < 2; attempt += 1) {
    try {
      const handle = await open(lockFile, 'wx');
      await handle.writeFile(String(process.pid));
      await handle.close();
      return;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
      const holder = Number(await readFile(lockFile, 'utf8').catch(() => '0'));
      if (holder !== process.pid && isAlive(holder)) throw inUse(lockFile);
      await rm(lockFile, { force: true });
    }
  }
  throw inUse(lockFile);
}

function isAlive(processId: number): boolean {
  if (!Number.isSafeInteger(processId) || processId <= 0) return false;
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

const inUse = (lockFile: string) =>
  databaseError('database/folder-in-use', 'another process has the data folder open; if none does, remove the lock file', { lockFile });
