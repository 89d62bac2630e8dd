import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Link } from '@medveil/consensus-node/testing';
import { asAdmin, makeDatabase } from '@medveil/database/postgres-testing';
import { TOPICS } from '@medveil/messaging';
import { removeBucket, s3Url } from '@medveil/object-store/s3-testing';
import { type RunningServer, startServer, testEndpoint } from '../../../../scripts/servers/index.mjs';
import { REPLICAS, type ServiceName } from './names.js';

const exec = promisify(execFile);
const OPERATOR = join(dirname(fileURLToPath(import.meta.resolve('@medveil/host'))), 'operator-main.js');
/** On a crowded machine everything takes longer. */
const CROWDED_MS = 60_000;
/** Who sends and reads messages. */
export const MESSAGING: readonly ServiceName[] = ['pkg', 'contract', ...REPLICAS];
export const STATEFUL: readonly ServiceName[] = ['pkg', 'contract', 'proxy-cloud', 'patient-api', 'research-api'];
/** Who keeps objects. */
const STORING: ReadonlySet<ServiceName> = new Set<ServiceName>(['proxy-cloud', 'patient-api', 'research-api']);

/**
 * What a network's services stand on: a broker and a cache of its own, and a database and a bucket of its own on the servers for tests.
 * Database, object store and cache are reached through links, which a test can cut.
 */
export class Servers {
  readonly bucket = `network-${randomBytes(6).toString('hex')}`;

  private constructor(
    readonly kafka: RunningServer,
    readonly redis: RunningServer,
    private readonly database: Awaited<ReturnType<typeof makeDatabase>>,
    readonly links: { readonly postgres: Link; readonly s3: Link; readonly redis: Link },
  ) {}

  static async open(): Promise<Servers> {
    const [kafka, redis, database] = await Promise.all([startServer('kafka', { users: MESSAGING }), startServer('redis', { persistent: false }), makeDatabase()]);
    const servers = new Servers(kafka, redis, database, { postgres: await linkTo(database.url), s3: await linkTo(testEndpoint('s3')), redis: await linkTo(redis.endpoint) });
    try {
      for (const service of STATEFUL) await asAdmin(database.url, `create role ${servers.role(service)} login password 'service-secret'`);
      await servers.#operate('topics');
      await servers.#operate('access', ...MESSAGING);
      return servers;
    } catch (error) {
      await servers.close();
      throw error;
    }
  }

  /** The settings below `infrastructure` of a service, and its secrets. */
  infrastructure(service: ServiceName): { readonly settings: object; readonly secrets: Readonly<Record<string, string>> } {
    const s3 = s3Url();
    const sends = MESSAGING.includes(service);
    const { endpoint, caFile, passwords } = this.#secure();
    return {
      settings: {
        transport: sends ? { kind: 'kafka', brokers: [endpoint], tls: true, caFile, saslUsername: service, connectTimeoutMs: CROWDED_MS } : { kind: 'in-process' },
        ...(STATEFUL.includes(service) ? { database: { kind: 'postgres', poolSize: 5, statementTimeoutMs: 10_000 } } : {}),
        cache: { kind: 'redis' },
        startTimeoutMs: 5 * CROWDED_MS,
        ...(STORING.has(service) ? { objects: { kind: 's3', bucket: this.bucket, createBucket: true, endpoint: this.#through('s3', s3).origin, accessKeyId: s3.username } } : {}),
      },
      secrets: {
        CACHE_URL: this.#through('redis', new URL(this.redis.endpoint)).href,
        ...(sends ? { TRANSPORT_SASL_PASSWORD: passwords[service] ?? '' } : {}),
        ...(STATEFUL.includes(service) ? { DATABASE_URL: this.#databaseUrl(service), DATABASE_OWNER_URL: this.#through('postgres', new URL(this.database.url)).href } : {}),
        ...(STORING.has(service) ? { OBJECTS_SECRET_ACCESS_KEY: s3.password } : {}),
      },
    };
  }

  async close(): Promise<void> {
    for (const link of Object.values(this.links)) await link.close();
    await Promise.all([this.kafka.stop(), this.redis.stop()]);
    await this.database.drop();
    await removeBucket(this.bucket).catch((error: unknown) => {
      if (!(error instanceof Error && error.name === 'NoSuchBucket')) throw error;
    });
    for (const service of STATEFUL) await asAdmin(testEndpoint('postgres'), `drop role if exists ${this.role(service)}`);
  }

  role(service: ServiceName): string {
    return `${this.bucket}_${service}`.replaceAll('-', '_');
  }

  #databaseUrl(service: ServiceName): string {
    const url = this.#through('postgres', new URL(this.database.url));
    url.username = this.role(service);
    url.password = 'service-secret';
    return url.href;
  }

  #through(name: keyof Servers['links'], url: URL): URL {
    const there = new URL(url);
    there.hostname = '127.0.0.1';
    there.port = String(this.links[name].port);
    return there;
  }

  #secure() {
    const { secure } = this.kafka;
    if (secure === undefined) throw new Error('the broker has no listener with passwords');
    return secure;
  }

  /** Of all topics. */
  async deadLetters(): Promise<unknown[]> {
    const lists = await Promise.all(Object.values(TOPICS).map(async (topic) => this.#operate('dead-letters', 'list', topic)));
    return lists.flat();
  }

  /** The operator's commands, as an operator gives them. @returns the answers */
  async #operate(...words: readonly string[]): Promise<unknown[]> {
    const { endpoint, caFile, passwords } = this.#secure();
    const settings = {
      KIND: 'kafka', BROKERS: endpoint, TLS: 'true', CA_FILE: caFile, SASL_USERNAME: 'admin', SASL_PASSWORD: passwords['admin'] ?? '', REPLICATION_FACTOR: '1',
      CONNECT_TIMEOUT_MS: String(CROWDED_MS), REQUEST_TIMEOUT_MS: String(CROWDED_MS), CHECK_TIMEOUT_MS: String(CROWDED_MS),
    };
    const env = Object.fromEntries(Object.entries(settings).map(([name, value]) => [`MEDVEIL_OPERATOR_TRANSPORT_${name}`, value]));
    const { stdout } = await exec(process.execPath, [OPERATOR, ...words], { env });
    return stdout.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as unknown);
  }
}

async function linkTo(url: string): Promise<Link> {
  const link = await Link.open();
  link.target = Number(new URL(url).port);
  return link;
}
