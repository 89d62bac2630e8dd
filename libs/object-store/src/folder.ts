import { constants } from 'node:fs';
import { type FileHandle, link, mkdir, open, readdir, rename, rm, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { CodedError, fromHex, type RandomBytes, toHex } from '@medveil/encoding';
import { assertExpected, assertRange } from './arguments.js';
import { drain, verified, verifiedAsStored } from './digesting.js';
import { storeError } from './errors.js';
import { type ByteRange, type ExpectedContent, type ObjectStore, parseObjectKey, type StoredObject } from './port.js';

export interface FolderStoreOptions {
  /** Created if absent. One process at a time writes to it. */
  readonly folder: string;
  readonly maxObjectBytes: number;
  readonly random: RandomBytes;
}

const CHUNK_BYTES = 64 * 1024;

/**
 * Objects as files `<namespace>/<two hex digits>/<digest>` of one folder. A write goes to a temporary file, is checked and
 * flushed to the disk, and gets its name by a hard link, which fails where the name is taken: whole or absent, written once. What an
 * interrupted write left behind is removed at the next start.
 */
export class FolderObjectStore implements ObjectStore {
  readonly #folder: string;
  readonly #temporary: string;
  readonly #maxObjectBytes: number;
  readonly #random: RandomBytes;
  #isClosed = false;

  private constructor({ folder, maxObjectBytes, random }: FolderStoreOptions) {
    this.#folder = folder;
    this.#temporary = join(folder, '.temporary');
    this.#maxObjectBytes = maxObjectBytes;
    this.#random = random;
  }

  static async open(options: FolderStoreOptions): Promise<FolderObjectStore> {
    const store = new FolderObjectStore(options);
    await guarded(async () => {
      await rm(store.#temporary, { recursive: true, force: true });
      await mkdir(store.#temporary, { recursive: true });
    });
    return store;
  }

  async put(key: string, body: AsyncIterable<Uint8Array>, expected: ExpectedContent): Promise<'created' | 'exists'> {
    this.#assertOpen();
    const { sha256Hex } = parseObjectKey(key);
    assertExpected(sha256Hex, expected, this.#maxObjectBytes);
    const isThere = (await this.head(key))?.sizeBytes === expected.sizeBytes;
    if (isThere) {
      await drain(verified(body, expected));
      return 'exists';
    }
    const temporary = join(this.#temporary, toHex(this.#random(16)));
    try {
      await this.#write(temporary, verified(body, expected));
      return await guarded(async () => this.#publish(temporary, key, expected.sizeBytes));
    } finally {
      await rm(temporary, { force: true });
    }
  }

  async get(key: string, range?: ByteRange): Promise<StoredObject> {
    this.#assertOpen();
    const { sha256Hex } = parseObjectKey(key);
    const handle = await this.#openForReading(key);
    try {
      const { size: sizeBytes } = await guarded(async () => handle.stat());
      if (range === undefined) {
        return { sizeBytes, body: verifiedAsStored(readFile(handle, 0, sizeBytes), { sha256: fromHex(sha256Hex), sizeBytes }) };
      }
      assertRange(range, sizeBytes);
      return { sizeBytes, body: readFile(handle, range.startByte, range.endByte) };
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  async head(key: string): Promise<{ readonly sizeBytes: number } | undefined> {
    this.#assertOpen();
    const path = this.#path(key);
    return guarded(async () => {
      const found = await stat(path).catch(absent);
      return found === undefined ? undefined : { sizeBytes: found.size };
    });
  }

  async delete(key: string): Promise<boolean> {
    this.#assertOpen();
    const path = this.#path(key);
    return guarded(async () => {
      const wasThere = (await unlink(path).then(() => true).catch(absent)) === true;
      if (wasThere) await flushFolder(join(path, '..'));
      return wasThere;
    });
  }

  async check(): Promise<void> {
    this.#assertOpen();
    await guarded(async () => {
      const probe = join(this.#temporary, `check-${toHex(this.#random(8))}`);
      await (await open(probe, 'wx')).close();
      await unlink(probe);
    });
  }

  /** Keys of a namespace, for an operator's audit; in no order. */
  async *keys(namespace: string): AsyncGenerator<string> {
    this.#assertOpen();
    for (const shelf of await readdir(join(this.#folder, namespace)).catch(() => [])) {
      for (const name of await readdir(join(this.#folder, namespace, shelf))) yield `${namespace}/${name}`;
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
  }

  async #write(path: string, body: AsyncIterable<Uint8Array>): Promise<void> {
    const handle = await guarded(async () => open(path, 'wx'));
    try {
      for await (const chunk of body) await guarded(async () => writeFully(handle, chunk));
      await guarded(async () => handle.sync());
    } finally {
      await handle.close();
    }
  }

  /** Gives the checked file its name. A file of the wrong size under that name is a damaged one and is replaced. */
  async #publish(temporary: string, key: string, sizeBytes: number): Promise<'created' | 'exists'> {
    const path = this.#path(key);
    const shelf = join(path, '..');
    if ((await mkdir(shelf, { recursive: true })) !== undefined) {
      await flushFolder(join(shelf, '..'));
      await flushFolder(this.#folder);
    }
    const existing = await stat(path).catch(absent);
    if (existing !== undefined && existing.size !== sizeBytes) {
      await rename(temporary, path);
      await flushFolder(shelf);
      return 'created';
    }
    const isMine = await link(temporary, path).then(() => true).catch(taken);
    if (isMine) await flushFolder(shelf);
    return isMine ? 'created' : 'exists';
  }

  async #openForReading(key: string): Promise<FileHandle> {
    const path = this.#path(key);
    const handle = await guarded(async () => open(path, constants.O_RDONLY | constants.O_NOFOLLOW).catch(absent));
    if (handle === undefined) throw storeError('object-store/not-found', 'no such object', { key });
    return handle;
  }

  #path(key: string): string {
    const { namespace, sha256Hex } = parseObjectKey(key);
    return join(this.#folder, namespace, sha256Hex.slice(0, 2), sha256Hex);
  }

  #assertOpen(): void {
    if (this.#isClosed) throw storeError('object-store/closed', 'the object store is closed');
  }
}

async function* readFile(handle: FileHandle, startByte: number, endByte: number): AsyncGenerator<Uint8Array> {
  try {
    let position = startByte;
    while (position < endByte) {
      const length = Math.min(CHUNK_BYTES, endByte - position);
      const from = position;
      const { bytesRead, buffer } = await guarded(async () => handle.read(new Uint8Array(length), 0, length, from));
      if (bytesRead === 0) throw storeError('object-store/corrupt', 'the object ends before its end');
      position += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await handle.close();
  }
}

async function writeFully(handle: FileHandle, chunk: Uint8Array): Promise<void> {
  let written = 0;
  while (written < chunk.length) written += (await handle.write(chunk, written)).bytesWritten;
}

/** A name is on the disk only when its folder is. */
async function flushFolder(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

const systemCode = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;

const absent = (error: unknown): undefined => {
  if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ELOOP') return undefined;
  throw error;
};

const taken = (error: unknown): false => {
  if (systemCode(error) === 'EEXIST') return false;
  throw error;
};

/** Errors of the disk under a code of the port; their paths stay here. */
async function guarded<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof CodedError) throw error;
    throw storeError('object-store/unavailable', 'the folder cannot be read or written', { system: systemCode(error) ?? 'unknown' });
  }
}
