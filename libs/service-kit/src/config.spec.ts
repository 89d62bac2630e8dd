import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { z } from 'zod';
import { commonSettings, ConfigError, defineConfig, describeConfig, loadConfig, type ProcessLike, printConfig, runMain, secret } from './index.js';

const definition = defineConfig({
  service: 'proxy-cloud',
  schema: z.strictObject({
    ...commonSettings,
    tokenSecret: secret(z.string().min(32)),
    peers: z.array(z.string()).default([]),
    store: z.discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('folder'), path: z.string() }),
      z.strictObject({ kind: z.literal('s3'), bucket: z.string(), port: z.int().default(443) }),
    ]),
  }),
});

const good = {
  MEDVEIL_PROXY_CLOUD_MODE: 'development',
  MEDVEIL_PROXY_CLOUD_TOKEN_SECRET: 'a-secret-of-more-than-32-characters!',
  MEDVEIL_PROXY_CLOUD_STORE_KIND: 'folder',
  MEDVEIL_PROXY_CLOUD_STORE_PATH: '/data',
};
const load = async (env: Record<string, string>, files: Record<string, string> = {}) =>
  loadConfig(definition, { env, readFile: async (path) => files[path] ?? Promise.reject(new Error('ENOENT')) });
const problemsOf = async (env: Record<string, string>, files: Record<string, string> = {}): Promise<readonly string[]> => {
  const error: unknown = await load(env, files).then(() => undefined, (reason: unknown) => reason);
  assert.ok(error instanceof ConfigError);
  return error.problems;
};

describe('configuration', () => {
  it('comes from variables over a file over defaults', async () => {
    const files = { '/etc/proxy.yaml': 'http: { port: 8080, host: 0.0.0.0 }\npeers: [a]\n' };
    const config = await load({ ...good, MEDVEIL_PROXY_CLOUD_CONFIG: '/etc/proxy.yaml', MEDVEIL_PROXY_CLOUD_HTTP_PORT: '9090', MEDVEIL_PROXY_CLOUD_PEERS: 'x, y', HOME: '/root' }, files);
    assert.deepEqual([config.http.port, config.http.host, config.http.docs, config.peers], [9090, '0.0.0.0', true, ['x', 'y']]);
    assert.deepEqual(config.store, { kind: 'folder', path: '/data' });
  });

  it('names the variable, what was given and what is allowed', async () => {
    assert.deepEqual(await problemsOf({ ...good, MEDVEIL_PROXY_CLOUD_HTTP_PORT: '99999', MEDVEIL_PROXY_CLOUD_MODE: 'test' }), [
      'MEDVEIL_PROXY_CLOUD_MODE: Invalid option: expected one of "development"|"production"; given "test"; allowed: one of "development", "production"',
      'MEDVEIL_PROXY_CLOUD_HTTP_PORT: Too big: expected number to be <=65535; given 99999; allowed: integer from 0 to 65535',
    ]);
    const [missing] = await problemsOf(Object.fromEntries(Object.entries(good).filter(([name]) => !name.endsWith('MODE'))));
    assert.match(missing ?? '', /^MEDVEIL_PROXY_CLOUD_MODE: .*; not set; allowed: one of "development", "production"$/);
  });

  it('refuses unknown settings, in the environment and in the file', async () => {
    assert.match((await problemsOf({ ...good, MEDVEIL_PROXY_CLOUD_HTPP_PORT: '1' })).join(), /MEDVEIL_PROXY_CLOUD_HTPP_PORT: no such setting/);
    const env = { ...good, MEDVEIL_PROXY_CLOUD_CONFIG: 'c' };
    assert.match((await problemsOf(env, { c: 'http: { prot: 1 }' })).join(), /http\.prot \(in the file\): no such setting/);
    assert.match((await problemsOf(env, { c: '[' })).join(), /not a readable YAML or JSON file/);
    assert.match((await problemsOf(env)).join(), /not a readable/);
    assert.match((await problemsOf({ ...good, MEDVEIL_PROXY_CLOUD_STORE_KIND: 's3' })).join('\n'), /STORE_BUCKET|no such setting/);
  });

  it('shows no secret, neither printed nor refused, and reads one from a file', async () => {
    const printed = printConfig(definition, await load(good));
    assert.doesNotMatch(printed, /a-secret-of/);
    assert.match(printed, /"tokenSecret": "\*\*\*"/);
    assert.doesNotMatch((await problemsOf({ ...good, MEDVEIL_PROXY_CLOUD_TOKEN_SECRET: 'hunter2' })).join(), /hunter2/);
    const { MEDVEIL_PROXY_CLOUD_TOKEN_SECRET: text, ...rest } = good;
    const config = await load({ ...rest, MEDVEIL_PROXY_CLOUD_TOKEN_SECRET_FILE: '/run/secret' }, { '/run/secret': `${text}\n` });
    assert.equal(config.tokenSecret, text);
  });

  it('reads any setting from a file of its own', async () => {
    const { MEDVEIL_PROXY_CLOUD_MODE: mode, ...rest } = good;
    assert.equal((await load({ ...rest, MEDVEIL_PROXY_CLOUD_MODE_FILE: '/run/mode' }, { '/run/mode': `${mode}\n` })).mode, 'development');
    assert.deepEqual((await problemsOf({ ...good, MEDVEIL_PROXY_CLOUD_MODE_FILE: '/run/none' })), ['MEDVEIL_PROXY_CLOUD_MODE_FILE: the file cannot be read; given "/run/none"']);
    assert.match((await problemsOf({ ...good, MEDVEIL_PROXY_CLOUD_MOOD_FILE: '/run/mode' })).join(), /MOOD_FILE: no such setting/);
  });

  it('lists every setting for --help', () => {
    const help = describeConfig(definition);
    assert.match(help, /MEDVEIL_PROXY_CLOUD_HTTP_BODY_LIMIT_BYTES {2}integer from 1024 to 67108864\n/);
    assert.match(help, /MEDVEIL_PROXY_CLOUD_STORE_KIND {2}"folder" or "s3"/);
    assert.match(help, /MEDVEIL_PROXY_CLOUD_MODE .*\(required\)/);
    assert.match(help, /MEDVEIL_PROXY_CLOUD_TOKEN_SECRET .*\(required; secret\)/);
  });

  it('refuses at definition two settings with one variable', () => {
    const schema = z.strictObject({ httpPort: z.int(), http: z.strictObject({ port: z.int() }) });
    assert.throws(() => defineConfig({ service: 'x', schema }), /MEDVEIL_X_HTTP_PORT/);
  });
});

type Commands = Readonly<Record<string, () => Promise<void>>>;
const run = async (options: string[], env: Record<string, string>, start: () => Promise<{ close(): Promise<void> }>, commands: Commands = {}) => {
  const out: string[] = [];
  const err: string[] = [];
  const host: ProcessLike = {
    argv: ['node', 'main.js', ...options], env, stdout: { write: (text) => out.push(text) }, stderr: { write: (text) => err.push(text) },
    once: () => undefined, off: () => undefined,
  };
  await runMain(host, definition, start, commands);
  return { out: out.join(''), err: err.join(''), exitCode: host.exitCode };
};
const never = async () => assert.fail('must not start');

describe('main', () => {
  it('answers --help and --print-config without starting', async () => {
    assert.match((await run(['--help'], {}, never)).out, /Settings of proxy-cloud/);
    assert.match((await run(['--print-config'], good, never)).out, /"mode": "development"/);
    assert.deepEqual(await run(['--helpp'], good, never), { out: '', err: 'unknown option --helpp; there are --help, --print-config\n', exitCode: 2 });
  });

  it('says what is missing with exit code 2, and what failed with exit code 1', async () => {
    const missing = await run([], {}, never);
    assert.equal(missing.exitCode, 2);
    for (const name of ['MODE', 'TOKEN_SECRET', 'STORE']) assert.match(missing.err, new RegExp(`MEDVEIL_PROXY_CLOUD_${name}`));
    const failed = await run([], good, async () => { throw new Error('port taken'); });
    assert.equal(failed.exitCode, 1);
    assert.match(failed.err, /port taken/);
  });

  it('carries out a command instead of starting', async () => {
    let done = 0;
    const prepare = async () => { done += 1; };
    assert.deepEqual(await run(['prepare'], good, never, { prepare }), { out: '', err: '', exitCode: undefined });
    assert.equal(done, 1);
    assert.equal((await run(['prepare'], {}, never, { prepare })).exitCode, 2);
    assert.match((await run(['repair'], good, never, { prepare })).err, /unknown option repair; there are prepare, --help/);
    const failed = await run(['prepare'], good, never, { prepare: async () => { throw new Error('disk full'); } });
    assert.equal(failed.exitCode, 1);
    assert.match(failed.err, /cannot prepare:\n.*disk full/);
    assert.equal(done, 1);
  });
});
