import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 250;
/** A holder writes its process id at once after making the folder; a folder without one for so long was abandoned. */
const ANONYMOUS_MS = 10_000;

/**
 * Runs `work` while no other process of this machine runs it under the same path: others wait. A lock whose holder is
 * no longer alive is taken over.
 */
export async function withLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  while (!(await acquire(path))) await delay(POLL_MS);
  try {
    return await work();
  } finally {
    await rm(path, { recursive: true, force: true });
  }
}

const firstSeen = new Map<string, number>();

async function acquire(path: string): Promise<boolean> {
  try {
    await mkdir(path);
    await writeFile(join(path, 'pid'), String(process.pid));
    return true;
  } catch {
    if (await abandoned(path)) await rm(path, { recursive: true, force: true });
    return false;
  }
}

async function abandoned(path: string): Promise<boolean> {
  let pid: number;
  try {
    pid = Number.parseInt(await readFile(join(path, 'pid'), 'utf8'), 10);
  } catch {
    pid = Number.NaN;
  }
  if (Number.isSafeInteger(pid)) return !isAlive(pid);
  const since = firstSeen.get(path) ?? Date.now();
  firstSeen.set(path, since);
  return Date.now() - since > ANONYMOUS_MS;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
