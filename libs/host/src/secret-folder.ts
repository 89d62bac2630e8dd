import { mkdir, open, readdir, readFile, rename } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import type { SecretStore } from '@medveil/identity';

const SUFFIX = '.sealed';

/** Sealed secrets as files of one folder, readable by their owner only, written whole. */
export class SecretFolder implements SecretStore {
  constructor(private readonly folder: string) {}

  async get(name: string): Promise<Uint8Array | null> {
    return readFile(this.#path(name)).then((bytes) => new Uint8Array(bytes), (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null;
      throw error;
    });
  }

  async put(name: string, bytes: Uint8Array): Promise<void> {
    const path = this.#path(name);
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const file = await open(`${path}.next`, 'w', 0o600);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(`${path}.next`, path);
    const folder = await open(dirname(path), 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  }

  async list(): Promise<readonly string[]> {
    const entries = await readdir(this.folder, { recursive: true, withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    });
    return entries
      .filter((entry) => entry.isFile() && entry.name.endsWith(SUFFIX))
      .map((entry) => relative(this.folder, join(entry.parentPath, entry.name)).split(sep).join('/').slice(0, -SUFFIX.length));
  }

  /** Names are checked by the vault: lower-case segments without dots at their start, so none can leave the folder. */
  #path(name: string): string {
    return join(this.folder, ...name.split('/')) + SUFFIX;
  }
}
