import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { asAdmin, makeDatabase } from '@medveil/database/postgres-testing';
import { sha256, toBase64Url, toHex } from '@medveil/encoding';
import { removeBucket, s3Url } from '@medveil/object-store/s3-testing';
import type { RunningService } from '@medveil/service-kit';
import { testEndpoint } from '../../../scripts/servers/index.mjs';
import { World } from './spec-world.js';

const MAIN = fileURLToPath(new URL('main.js', import.meta.url));
const PREFIX = 'MEDVEIL_PROXY_CLOUD';
const exec = promisify(execFile);

/** The service's main file as a process of its own. */
class Alone {
  private constructor(readonly process: ChildProcess, readonly url: string) {}

  static async start(env: Readonly<Record<string, string>>): Promise<Alone> {
    const child = spawn(process.execPath, ['--enable-source-maps', MAIN], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let errors = '';
    child.stderr.on('data', (chunk: Buffer) => { errors += chunk.toString(); });
    for await (const line of createInterface({ input: child.stdout })) {
      const url = /"url":"([^"]+)"/.exec(line)?.[1];
      if (url === undefined) continue;
      child.stdout.resume();
      return new Alone(child, url);
    }
    throw new Error(errors);
  }

  async end(signal: NodeJS.Signals): Promise<number | null> {
    const ended = once(this.process, 'exit');
    this.process.kill(signal);
    const [status] = await ended as [number | null];
    return status;
  }
}

describe('a proxy that starts alone on Kafka, S3, PostgreSQL and Redis', () => {
  const role = `proxy_${randomBytes(6).toString('hex')}`;
  const bucket = `proxy-${randomBytes(6).toString('hex')}`;
  let world: World;
  let database: Awaited<ReturnType<typeof makeDatabase>>;
  let env: Record<string, string>;
  before(async () => {
    world = await World.open();
    await world.service.close();
    database = await makeDatabase();
    await asAdmin(database.url, `create role ${role} login password 'service-secret'`);
    const url = new URL(database.url);
    url.username = role;
    url.password = 'service-secret';
    const s3 = s3Url();
    const secrets = { 'database-url': url.href, 'owner-url': database.url, 'redis-url': testEndpoint('redis'), 's3-secret': s3.password };
    for (const [name, text] of Object.entries(secrets)) await writeFile(join(world.folder, name), `${text}\n`);
    const settings = {
      MODE: 'development', NETWORK_FILE: world.networkFile, VAULT_FOLDER: world.vault.folder, VAULT_KEY_FILE: world.vault.keyFile,
      OPERATOR_PUBLIC_KEY: toBase64Url(world.operator.publicKey), CONTRACT_URL: world.front.url,
      INFRASTRUCTURE_TRANSPORT_KIND: 'kafka', INFRASTRUCTURE_TRANSPORT_BROKERS: testEndpoint('kafka'),
      INFRASTRUCTURE_DATABASE_KIND: 'postgres', INFRASTRUCTURE_DATABASE_URL_FILE: join(world.folder, 'database-url'), INFRASTRUCTURE_DATABASE_OWNER_URL_FILE: join(world.folder, 'owner-url'),
      INFRASTRUCTURE_CACHE_KIND: 'redis', INFRASTRUCTURE_CACHE_URL_FILE: join(world.folder, 'redis-url'), INFRASTRUCTURE_CACHE_PREFIX: `${role}:`,
      INFRASTRUCTURE_OBJECTS_KIND: 's3', INFRASTRUCTURE_OBJECTS_BUCKET: bucket, INFRASTRUCTURE_OBJECTS_CREATE_BUCKET: 'true', INFRASTRUCTURE_OBJECTS_ENDPOINT: s3.origin,
      INFRASTRUCTURE_OBJECTS_ACCESS_KEY_ID: s3.username, INFRASTRUCTURE_OBJECTS_SECRET_ACCESS_KEY_FILE: join(world.folder, 's3-secret'),
    };
    env = Object.fromEntries(Object.entries(settings).map(([name, value]) => [`${PREFIX}_${name}`, value]));
  });
  after(async () => {
    await world.close();
    await database.drop();
    await removeBucket(bucket);
    await asAdmin(new URL(testEndpoint('postgres')).href, `drop role ${role}`);
  });

  it('takes bodies, re-encrypts for an accepted claim, and has everything again after it was killed', async () => {
    let alone = await Alone.start(env);
    const aim = () => { world.service = { url: alone.url, close: async () => undefined } as RunningService; };
    try {
      aim();
      const exchange = await world.exchange();
      const { patient, claimId, bodies } = exchange;
      await exchange.claim();
      await world.patientClient(patient).grant({ claimId, sealed: await world.sealed(exchange) });
      assert.equal((await world.settled(patient, claimId)).status, 'delivered');
      assert.equal(world.claimOnLedger(claimId)?.status, 'delivered');

      await alone.end('SIGKILL');
      alone = await Alone.start(env);
      aim();
      assert.equal((await world.patientClient(patient).grantStatus(claimId)).status, 'delivered');
      const { part = '' } = (await world.delivered(claimId))[0] ?? {};
      const body = bodies[part as keyof typeof bodies];
      const name = toHex(sha256(body));
      const read = await fetch(new URL(`/v1/bodies/${name}`, alone.url), { headers: { authorization: `Bearer ${await world.institutionToken({ renew: false })}`, range: 'bytes=10-19' } });
      assert.equal(read.status, 206);
      assert.deepEqual(new Uint8Array(await read.arrayBuffer()), body.subarray(10, 20));
    } finally {
      assert.equal(await alone.end('SIGTERM'), 0);
    }
  });

  it('is prepared as the owner, any number of times, and then needs no rights to change anything', async () => {
    const prepare = async () => exec(process.execPath, [MAIN, 'prepare'], { env });
    await Promise.all([prepare(), prepare()]);
    await prepare();
    const { [`${PREFIX}_INFRASTRUCTURE_DATABASE_OWNER_URL_FILE`]: _owner, [`${PREFIX}_INFRASTRUCTURE_OBJECTS_CREATE_BUCKET`]: _create, ...rest } = env;
    const alone = await Alone.start({ ...rest, [`${PREFIX}_INFRASTRUCTURE_DATABASE_MIGRATIONS`]: 'check' });
    assert.equal((await fetch(new URL('/health/ready', alone.url))).status, 200);
    assert.equal(await alone.end('SIGTERM'), 0);
  });

  it('says which server it waited for in vain', async () => {
    const started = Alone.start({ ...env, [`${PREFIX}_INFRASTRUCTURE_TRANSPORT_BROKERS`]: '127.0.0.1:9', [`${PREFIX}_INFRASTRUCTURE_TRANSPORT_CHECK_TIMEOUT_MS`]: '300', [`${PREFIX}_INFRASTRUCTURE_START_TIMEOUT_MS`]: '500' });
    await assert.rejects(started, /host\/dependency-away: the message broker did not answer within 0.5 s/);
  });
});
