import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { isCodedError } from '@medveil/encoding';
import { signingKeyFromSeed } from '@medveil/identity';
import { type ProcessLike, commonSettings } from '@medveil/service-kit';
import { z } from 'zod';
import {
  ensureKeyFile, loadNetwork, messageKeyOf, type Network, openVault, OPERATOR, partyTokens, partyTokenSource, runAlone, SecretFolder, senderDirectory, signPartyToken, vaultSettings,
} from './index.js';

const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length));
const withCode = (code: string) => (error: unknown) => {
  assert.ok(isCodedError(error), String(error));
  assert.equal(error.code, code);
  return true;
};

describe('tokens of parties', () => {
  let nowMs = Date.UTC(2026, 5, 1);
  const ports = { clock: () => nowMs, random };
  const [operator, pkg] = [signingKeyFromSeed(random(32)), signingKeyFromSeed(random(32))];
  const verifier = partyTokens({
    parties: { [OPERATOR]: { publicKey: operator.publicKey, scopes: null }, pkg: { publicKey: pkg.publicKey, scopes: ['ledger:read'] } }, audience: 'contract', clock: ports.clock,
  });
  const tokenOf = (issuer: string, key: typeof pkg, audience = 'contract') => signPartyToken(issuer, key, { scopes: ['ledger:read', 'treasury:mint'], audience, lifetimeMs: 60_000 }, ports);

  it('give the scopes that they state, but no more than their party may have', async () => {
    assert.deepEqual([...(await verifier.verify(await tokenOf(OPERATOR, operator))).scopes], ['ledger:read', 'treasury:mint']);
    assert.deepEqual([...(await verifier.verify(await tokenOf('pkg', pkg))).scopes], ['ledger:read']);
  });

  it('are refused for another audience, by another key, under another name, and when their time is over', async () => {
    await assert.rejects(async () => verifier.verify(await tokenOf(OPERATOR, operator, 'pkg')), withCode('http/unauthenticated'));
    await assert.rejects(async () => verifier.verify(await tokenOf(OPERATOR, pkg)), withCode('http/unauthenticated'));
    await assert.rejects(async () => verifier.verify(await tokenOf('stranger', pkg)), withCode('http/unauthenticated'));
    await assert.rejects(async () => verifier.verify('nonsense'), withCode('http/unauthenticated'));
    const token = await tokenOf(OPERATOR, operator);
    nowMs += 10 * 60_000;
    await assert.rejects(async () => verifier.verify(token), withCode('http/unauthenticated'));
  });

  it('are kept for half of their life, and made anew when that is asked for', async () => {
    const source = partyTokenSource(OPERATOR, operator, { scopes: [], audience: 'contract' }, ports);
    const first = await source({ renew: false });
    assert.equal(await source({ renew: false }), first);
    assert.notEqual(await source({ renew: true }), first);
    const second = await source({ renew: false });
    nowMs += 6 * 60_000;
    assert.notEqual(await source({ renew: false }), second);
  });
});

describe('secrets and descriptions on disk', () => {
  let folder = '';
  before(async () => { folder = await mkdtemp(join(tmpdir(), 'medveil-host-')); });
  after(async () => rm(folder, { recursive: true, force: true }));

  it('secrets are whole files for their owner only, replaced in one step', async () => {
    const store = new SecretFolder(join(folder, 'secrets'));
    assert.equal(await store.get('a/key'), null);
    assert.deepEqual(await store.list(), []);
    await store.put('a/key', Uint8Array.of(1));
    await store.put('a/key', Uint8Array.of(2, 3));
    assert.deepEqual(await store.get('a/key'), Uint8Array.of(2, 3));
    assert.deepEqual(await store.list(), ['a/key']);
    assert.deepEqual(await readdir(join(folder, 'secrets', 'a')), ['key.sealed']);
    assert.equal((await stat(join(folder, 'secrets', 'a', 'key.sealed'))).mode & 0o777, 0o600);
  });

  it('a vault opens with its own key file alone, which is made once', async () => {
    const keyFile = join(folder, 'key');
    await ensureKeyFile(keyFile, random);
    const made = await readFile(keyFile, 'utf8');
    await ensureKeyFile(keyFile, random);
    assert.equal(await readFile(keyFile, 'utf8'), made);
    const settings = { folder: join(folder, 'vault'), keyFile };
    await (await openVault(settings, random)).put('seed', Uint8Array.of(7));
    assert.deepEqual(await (await openVault(settings, random)).get('seed'), Uint8Array.of(7));
    await ensureKeyFile(join(folder, 'other'), random);
    await assert.rejects(openVault({ ...settings, keyFile: join(folder, 'other') }, random), (error: unknown) => isCodedError(error));
    await assert.rejects(openVault({ ...settings, keyFile: join(folder, 'none') }, random), withCode('host/bad-key-file'));
    await writeFile(join(folder, 'bad'), 'not hexadecimal');
    await assert.rejects(openVault({ ...settings, keyFile: join(folder, 'bad') }, random), withCode('host/bad-key-file'));
  });

  it('a network description that is absent, no JSON, or of another form is refused by its place', async () => {
    const path = join(folder, 'network.json');
    await assert.rejects(loadNetwork(path), withCode('host/bad-network'));
    for (const text of ['{', '{}', '{"version":2}']) {
      await writeFile(path, text);
      await assert.rejects(loadNetwork(path), withCode('host/bad-network'));
    }
  });

  it('who may send which message follows from the name of the sender', async () => {
    const key = 'A'.repeat(43);
    const network = { messageKeys: { pkg: key, contract: key, 'replica-3': key, 'proxy-cloud': key } } as unknown as Network;
    const directory = senderDirectory(network);
    assert.deepEqual([...((await directory.lookup('contract'))?.allowedTypes ?? [])], ['transaction-submitted']);
    assert.ok((await directory.lookup('replica-3'))?.allowedTypes.has('consensus-message'));
    assert.equal((await directory.lookup('proxy-cloud'))?.allowedTypes.size, 0);
    assert.equal(await directory.lookup('replica-9'), undefined);
    assert.throws(() => messageKeyOf(network, 'nobody'), withCode('host/bad-network'));
  });
});

const run = async (argv: readonly string[], env: Record<string, string>) => {
  const out: string[] = [];
  const err: string[] = [];
  const host: ProcessLike = {
    argv: ['node', 'main.js', ...argv], env, stdout: { write: (text) => out.push(text) }, stderr: { write: (text) => err.push(text) }, once: () => undefined, off: () => undefined,
  };
  const settings = z.strictObject({ ...commonSettings, vault: vaultSettings });
  await runAlone('demo', settings, async () => { throw new Error('it must not start'); }, null, host);
  return { out: out.join(''), err: err.join(''), exitCode: host.exitCode };
};

describe('a service alone', () => {
  it('says of each setting that is missing which variable it is', async () => {
    const { err, exitCode } = await run([], {});
    assert.equal(exitCode, 2);
    for (const name of ['MODE', 'VAULT_FOLDER', 'INFRASTRUCTURE_DATA_FOLDER']) assert.match(err, new RegExp(`^  MEDVEIL_DEMO_${name}: `, 'm'));
    assert.match((await run([], { MEDVEIL_DEMO_MODE: 'development', MEDVEIL_DEMO_VAULT_FOLDER: '/v', MEDVEIL_DEMO_INFRASTRUCTURE_DATA_FOLDER: '/d' })).err, /VAULT.*give either keyFile or passphrase/);
  });

  it('lists its settings, and hides the passphrase', async () => {
    const { out } = await run(['--help'], {});
    assert.match(out, /MEDVEIL_DEMO_VAULT_PASSPHRASE .*secret/);
    assert.match(out, /MEDVEIL_DEMO_INFRASTRUCTURE_DATA_FOLDER .*required/);
    const printed = await run(['--print-config'], {
      MEDVEIL_DEMO_MODE: 'development', MEDVEIL_DEMO_VAULT_FOLDER: '/v', MEDVEIL_DEMO_INFRASTRUCTURE_DATA_FOLDER: '/d', MEDVEIL_DEMO_VAULT_PASSPHRASE: 'correct horse battery',
    });
    assert.match(printed.out, /"passphrase": "\*\*\*"/);
    assert.doesNotMatch(printed.out, /horse/);
    const refused = await run([], { MEDVEIL_DEMO_VAULT_PASSPHRASE: 'short' });
    assert.doesNotMatch(refused.err, /short/);
  });
});
