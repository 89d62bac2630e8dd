import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { sha256, utf8 } from '@medveil/encoding';
import { describeObjectStoreContract, readAll } from './contract.js';
import { FolderObjectStore, objectKey } from './index.js';

const random = (length: number) => new Uint8Array(randomBytes(length));
const pathOf = (folder: string, key: string) => {
  const [namespace = '', hex = ''] = key.split('/');
  return join(folder, namespace, hex.slice(0, 2), hex);
};

describeObjectStoreContract('folder', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'medveil-objects-'));
  const store = await FolderObjectStore.open({ folder, maxObjectBytes: 1_000_000, random });
  return {
    store,
    maxObjectBytes: 1_000_000,
    corrupt: async (key, change) => writeFile(pathOf(folder, key), change(new Uint8Array(await readFile(pathOf(folder, key))))),
    dispose: async () => rm(folder, { recursive: true, force: true }),
  };
});

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

describe('folder object store', () => {
  const folders: string[] = [];
  after(async () => { await Promise.all(folders.map(async (folder) => rm(folder, { recursive: true }))); });
  const openFresh = async () => {
    const folder = await mkdtemp(join(tmpdir(), 'medveil-objects-'));
    folders.push(folder);
    return { folder, store: await FolderObjectStore.open({ folder, maxObjectBytes: 1_000_000, random }) };
  };
  const bytes = utf8('content');
  const expected = { sha256: sha256(bytes), sizeBytes: bytes.length };
  const key = objectKey('bodies', expected.sha256);

  it('clears what an interrupted write left, keeps what was whole, and leaves no temporary file itself', async () => {
    const { folder, store } = await openFresh();
    await store.put(key, once(bytes), expected);
    await assert.rejects(store.put(objectKey('bodies', sha256(utf8('x'))), once(bytes), { sha256: sha256(utf8('x')), sizeBytes: 7 }));
    assert.deepEqual(await readdir(join(folder, '.temporary')), []);
    await writeFile(join(folder, '.temporary', 'left-behind'), 'half');
    const again = await FolderObjectStore.open({ folder, maxObjectBytes: 1_000_000, random });
    assert.deepEqual(await readdir(join(folder, '.temporary')), []);
    assert.deepEqual(await readAll((await again.get(key)).body), bytes);
    const keys: string[] = [];
    for await (const each of again.keys('bodies')) keys.push(each);
    assert.deepEqual(keys, [key]);
  });

  it('replaces a truncated file when the object is put again', async () => {
    const { folder, store } = await openFresh();
    await store.put(key, once(bytes), expected);
    await writeFile(pathOf(folder, key), 'cont');
    assert.equal(await store.put(key, once(bytes), expected), 'created');
    assert.deepEqual(await readAll((await store.get(key)).body), bytes);
  });

  it('does not follow a link out of the folder', async () => {
    const { folder, store } = await openFresh();
    const outside = join(folder, 'outside');
    await writeFile(outside, bytes);
    await mkdir(join(pathOf(folder, key), '..'), { recursive: true });
    await symlink(outside, pathOf(folder, key));
    await assert.rejects(store.get(key), { code: 'object-store/not-found' });
  });

  it('says that the disk does not serve, by code and without its path', async () => {
    const { folder, store } = await openFresh();
    await rm(folder, { recursive: true });
    await assert.rejects(store.put(key, once(bytes), expected), (error: Error & { code: string; details: object }) => {
      assert.deepEqual([error.code, error.details], ['object-store/unavailable', { system: 'ENOENT' }]);
      return !error.message.includes(folder);
    });
    await mkdir(folder);
  });
});
