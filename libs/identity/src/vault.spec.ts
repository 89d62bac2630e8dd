import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { encodeCanonical, utf8 } from '@medveil/encoding';
import { KeyVault, MAX_SECRET_BYTES, type SecretStore } from './vault.js';
import { keyFileWrapping, passphraseWrapping } from './vault-wrapping.js';
import { bytesOf, coded, flipped, seededRandom } from './spec-support.js';

class MemoryStore implements SecretStore {
  readonly entries = new Map<string, Uint8Array>();
  readonly history: Uint8Array[] = [];
  get(name: string) {
    return Promise.resolve(this.entries.get(name) ?? null);
  }
  put(name: string, bytes: Uint8Array) {
    this.entries.set(name, bytes);
    this.history.push(bytes);
    return Promise.resolve();
  }
  list() {
    return Promise.resolve([...this.entries.keys()]);
  }
}

const random = seededRandom('vault');
/** Cheap on purpose: what is tested is not scrypt. */
const COST = { N: 1024, r: 8, p: 1 };
const passphrase = passphraseWrapping('correct horse battery staple', random, COST);
const keyFile = keyFileWrapping(bytesOf('key file'), random);
const SEED = bytesOf('a patient’s seed');

describe('key vault', () => {
  let store: MemoryStore;
  let vault: KeyVault;
  beforeEach(async () => {
    store = new MemoryStore();
    vault = await KeyVault.create(store, passphrase, random);
    await vault.put('patients/pat_1/seed', SEED);
    await vault.put('pkg/master', utf8('the PKG’s master key'));
  });

  it('gives back what was put, also when opened again', async () => {
    const reopened = await KeyVault.open(store, passphrase, random);
    assert.deepEqual(await reopened.get('patients/pat_1/seed'), SEED);
    assert.deepEqual(await reopened.list(), ['patients/pat_1/seed', 'pkg/master']);
    assert.equal(await reopened.find('patients/pat_2/seed'), null);
    await assert.rejects(reopened.get('patients/pat_2/seed'), coded('identity/secret-not-found'));
    assert.deepEqual(await (await KeyVault.openOrCreate(store, passphrase, random)).get('patients/pat_1/seed'), SEED);
  });

  it('never writes a secret in the clear, in no encoding', async () => {
    await vault.rotate(keyFile);
    const written = [...store.history, await vault.export(keyFile)].map((bytes) => Buffer.from(bytes));
    for (const secret of [SEED, utf8('the PKG’s master key')].map((bytes) => Buffer.from(bytes))) {
      for (const encoding of ['hex', 'base64', 'base64url', 'latin1'] as const) {
        const needle = secret.toString(encoding);
        assert.ok(written.every((bytes) => !bytes.includes(needle, 0, 'latin1') && !bytes.includes(secret.subarray(0, 8))));
      }
    }
  });

  it('seals the same secret differently every time', async () => {
    const before = await store.get('pkg/master');
    await vault.put('pkg/master', utf8('the PKG’s master key'));
    assert.notDeepEqual(await store.get('pkg/master'), before);
  });

  it('stays shut for a wrong passphrase, key file or means', async () => {
    const wrong = passphraseWrapping('incorrect horse battery staple', random, COST);
    await assert.rejects(KeyVault.open(store, wrong, random), coded('identity/vault-locked'));
    await assert.rejects(KeyVault.open(store, keyFile, random), coded('identity/vault-locked'));
    await vault.rotate(keyFile);
    await assert.rejects(KeyVault.open(store, keyFileWrapping(bytesOf('other'), random), random), coded('identity/vault-locked'));
    assert.throws(() => passphraseWrapping('short', random), coded('identity/bad-key'));
    assert.throws(() => keyFileWrapping(new Uint8Array(31), random), coded('identity/bad-key'));
  });

  it('rotates its wrapping key without touching a secret', async () => {
    const sealed = await store.get('patients/pat_1/seed');
    await vault.rotate(keyFile);
    assert.deepEqual(await store.get('patients/pat_1/seed'), sealed);
    assert.deepEqual(await (await KeyVault.open(store, keyFile, random)).get('patients/pat_1/seed'), SEED);
    await assert.rejects(KeyVault.open(store, passphrase, random), coded('identity/vault-locked'));
  });

  it('notices altered, truncated and swapped secrets', async () => {
    const sealed = (await store.get('pkg/master')) ?? assert.fail();
    for (const bytes of [flipped(sealed, 0), flipped(sealed, 12), flipped(sealed, sealed.length - 1), sealed.slice(0, 20), new Uint8Array()]) {
      await store.put('pkg/master', bytes);
      await assert.rejects(vault.get('pkg/master'), coded('identity/vault-corrupt'));
    }
    await store.put('pkg/master', (await store.get('patients/pat_1/seed')) ?? assert.fail());
    await assert.rejects(vault.get('pkg/master'), coded('identity/vault-corrupt'));
    const other = await KeyVault.create(new MemoryStore(), passphrase, random);
    await other.put('pkg/master', utf8('x'));
    await store.put('vault', Uint8Array.of(1, 2, 3));
    await assert.rejects(KeyVault.open(store, passphrase, random), coded('identity/vault-corrupt'));
  });

  it('refuses a header that asks for an absurd or impossible amount of scrypt', async () => {
    for (const N of [2 ** 30, 1025, 1, 0]) {
      const wrapped = encodeCanonical({ ...COST, N, salt: new Uint8Array(16), sealed: new Uint8Array(60) });
      await assert.rejects(passphrase.unwrap(wrapped), coded('identity/vault-corrupt'));
    }
  });

  it('is restored from an export into an empty store', async () => {
    const exported = await vault.export(keyFile);
    const target = new MemoryStore();
    const fresh = passphraseWrapping('a new passphrase here', random, COST);
    await KeyVault.import(exported, keyFile, { store: target, wrapping: fresh }, random);
    const restored = await KeyVault.open(target, fresh, random);
    assert.deepEqual(await restored.get('patients/pat_1/seed'), SEED);
    assert.deepEqual(await restored.list(), await vault.list());
    assert.notDeepEqual(await target.get('pkg/master'), await store.get('pkg/master'));
    await target.put('vault', (await store.get('vault')) ?? assert.fail());
    await assert.rejects((await KeyVault.open(target, passphrase, random)).get('pkg/master'), coded('identity/vault-corrupt'));
    await assert.rejects(KeyVault.import(exported, keyFile, { store: target, wrapping: fresh }, random), coded('identity/bad-input'));
  });

  it('imports nothing from an export that was altered or is not its own', async () => {
    const exported = await vault.export(keyFile);
    for (let at = 0; at < exported.length; at += 11) {
      const target = new MemoryStore();
      await assert.rejects(KeyVault.import(flipped(exported, at), keyFile, { store: target, wrapping: keyFile }, random));
      assert.equal(target.entries.size, 0);
    }
    await assert.rejects(
      KeyVault.import(exported, passphrase, { store: new MemoryStore(), wrapping: keyFile }, random),
      coded('identity/vault-locked'),
    );
  });

  it('takes only names and sizes that every store can keep', async () => {
    for (const name of ['', 'vault', '../x', 'A', 'a//b', '/a', 'a/', 'a'.repeat(201), 'a b', 'é']) {
      await assert.rejects(vault.put(name, SEED), coded('identity/bad-input'));
    }
    await assert.rejects(vault.put('big', new Uint8Array(MAX_SECRET_BYTES + 1)), coded('identity/bad-input'));
    await assert.rejects(KeyVault.create(store, passphrase, random), coded('identity/bad-input'));
    await assert.rejects(KeyVault.open(new MemoryStore(), passphrase, random), coded('identity/secret-not-found'));
  });
});
