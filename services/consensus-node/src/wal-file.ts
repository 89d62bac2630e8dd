import { type FileHandle, open, readFile, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { concatBytes } from '@medveil/encoding';
import { frameWalEntry, readWal, type WalEntry } from '@medveil/pbft';

/**
 * The replica's write-ahead log: framed entries in one file, fdatasync before anything is said that rests on them.
 * A torn last record is cut off at start; the log is replaced by a compacted one through a rename.
 */
export class WalFile {
  #file: FileHandle;
  readonly #path: string;
  /** Times that the disk was waited for. */
  syncs = 0;

  private constructor(path: string, file: FileHandle) {
    this.#path = path;
    this.#file = file;
  }

  /** @throws CodedError `pbft/bad-log` where more than the last record is damaged */
  static async open(folder: string): Promise<{ wal: WalFile; entries: readonly WalEntry[] }> {
    const path = join(folder, 'wal');
    const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null;
      throw error;
    });
    const { entries, validBytes } = readWal(bytes ?? new Uint8Array());
    const file = await open(path, 'a');
    try {
      if (bytes !== null && validBytes < bytes.length) await file.truncate(validBytes);
      await file.sync();
      await syncFolder(folder);
    } catch (error) {
      await file.close();
      throw error;
    }
    return { wal: new WalFile(path, file), entries };
  }

  async append(entries: readonly WalEntry[]): Promise<void> {
    await this.#file.appendFile(concatBytes(...entries.map(frameWalEntry)));
    await this.#file.datasync();
    this.syncs += 1;
  }

  /** Replaces the whole log, atomically. */
  async compact(entries: readonly WalEntry[]): Promise<void> {
    const next = `${this.#path}.next`;
    const file = await open(next, 'w');
    try {
      await file.appendFile(concatBytes(...entries.map(frameWalEntry)));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(next, this.#path);
    await syncFolder(dirname(this.#path));
    this.syncs += 2;
    await this.#file.close();
    this.#file = await open(this.#path, 'a');
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
