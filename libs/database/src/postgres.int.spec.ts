import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { utf8 } from '@medveil/encoding';
import pg from 'pg';
import { z } from 'zod';
import { startServer } from '../../../scripts/servers/index.mjs';
import { describeDatabaseContract, freshSchema, MigrationFolders } from './contract.js';
import { createJobs } from './jobs.js';
import { defineJob } from './jobs-port.js';
import { createOutbox, createOutboxRelay } from './outbox.js';
import type { Database } from './port.js';
import type { PostgresEngine } from './postgres.js';
import { ensureServiceRole } from './postgres-roles.js';
import { asAdmin, makeDatabase, openEngineOn } from './postgres-testing.js';
import { openTestEngine } from './testing.js';

const random = (length: number) => new Uint8Array(randomBytes(length));
const clock = () => Date.now();

describeDatabaseContract('PostgreSQL', async () => {
  const database = await makeDatabase();
  const engine = openEngineOn(database.url);
  return {
    engine,
    dispose: async () => {
      await engine.close();
      await database.drop();
    },
  };
});

describe('PostgreSQL', () => {
  let database: Awaited<ReturnType<typeof makeDatabase>>;
  const folders = new MigrationFolders();
  const engines: PostgresEngine[] = [];
  const engineOn = (...parameters: Parameters<typeof openEngineOn>) => {
    const engine = openEngineOn(...parameters);
    engines.push(engine);
    return engine;
  };
  before(async () => { database = await makeDatabase(); });
  after(async () => {
    await Promise.all(engines.map(async (engine) => engine.close()));
    await database.drop();
    await folders.remove();
  });

  it('runs the migrations once however many processes start at once', async () => {
    const schema = freshSchema();
    const migrations = await folders.make({ '0001_once.sql': 'create table once (a int); insert into once values (1);' });
    const start = async () => promisify(execFile)(process.execPath, [fileURLToPath(new URL('migrate-once.fixture.js', import.meta.url)), database.url, schema, fileURLToPath(migrations)]);
    await Promise.all([start(), start(), start()]);
    const opened = await engineOn(database.url).open({ schema, migrations });
    assert.deepEqual((await opened.queries.execute(`select a from "${schema}".once`)).rows, [{ a: 1 }]);
  });

  it('gives the same values as PGlite for a statement without columns of drizzle', async () => {
    const statement = `select 1::int as i, 9007199254740991::bigint as l, count(*) as c, '\\x00ff'::bytea as b, true as t, null as n, 1.5::float8 as f, 1.5::numeric as d,
      '{"a":[1]}'::jsonb as j, '2026-01-02 03:04:05+00'::timestamptz at time zone 'UTC' as s, 'text' as x`;
    const embedded = await openTestEngine();
    const both = await Promise.all([engineOn(database.url), embedded].map(async (engine) => (await engine.open({ schema: freshSchema() })).queries.execute(statement)));
    await embedded.close();
    const [real, pglite] = both.map(({ rows }) => rows.map((row) => ({ ...row, b: [...(row['b'] as Uint8Array)] })));
    assert.deepEqual(real, pglite);
  });

  it('has two instances share the jobs and the outbox: each job done once, each message sent once and in the order of its key', async () => {
    const schema = freshSchema();
    const instances = await Promise.all([engineOn(database.url), engineOn(database.url)].map(async (engine) => engine.open({ schema })));
    const done: string[] = [];
    const sent: string[] = [];
    const kind = defineJob({ name: 'step', payload: z.strictObject({}) });
    const start = (on: Database) => {
      const jobs = createJobs({ database: on, clock, random, pollMs: 20 });
      jobs.handle(kind, async ({ key }) => { done.push(key); });
      const relay = createOutboxRelay({ database: on, clock, random, pollMs: 20, batchSize: 7, publish: async ({ id }) => { sent.push(id); } });
      jobs.start();
      relay.start();
      return { jobs, relay };
    };
    const [first] = instances as [Database];
    const outbox = createOutbox(first, clock);
    const running = instances.map(start);
    const keys = Array.from({ length: 60 }, (_, index) => `${index % 4}:${index}`);
    for (const key of keys) {
      await first.transaction(async (tx) => {
        await outbox.add(tx, { id: key, topic: 't', key: key.slice(0, 1), envelope: utf8(key) });
        await running[0]?.jobs.enqueue(tx, kind, { key, payload: {} });
      });
    }
    while ((await outbox.counts()).waiting > 0 || done.length < keys.length) await new Promise((resolve) => { setTimeout(resolve, 20); });
    await Promise.all(running.flatMap(({ jobs, relay }) => [jobs.stop(), relay.stop()]));
    assert.deepEqual(done.toSorted(), keys.toSorted());
    assert.equal(sent.length, keys.length);
    for (const lane of ['0', '1', '2', '3']) assert.deepEqual(sent.filter((id) => id.startsWith(lane)), keys.filter((id) => id.startsWith(lane)));
  });

  it('answers that it is unavailable, in time, when every connection is taken, and goes on after', async () => {
    const engine = engineOn(database.url, { poolSize: 1, connectTimeoutMs: 100 });
    const opened = await engine.open({ schema: freshSchema() });
    const events = new EventEmitter();
    const isHeld = once(events, 'held');
    const holding = opened.transaction(async (tx) => {
      await tx.execute('select 1');
      const isOver = once(events, 'over');
      events.emit('held');
      await isOver;
    });
    await isHeld;
    await assert.rejects(async () => opened.queries.execute('select 1'), { code: 'database/unavailable' });
    await assert.rejects(opened.transaction(async () => undefined), { code: 'database/unavailable' });
    events.emit('over');
    await holding;
    await opened.check();
  });

  it('ends a statement that takes too long, tells a conflict from a mistake, and keeps its connections', async () => {
    const hasty = await engineOn(database.url, { statementTimeoutMs: 100, poolSize: 3 }).open({ schema: freshSchema() });
    await assert.rejects(async () => hasty.queries.execute('select pg_sleep(5)'), { code: 'database/unavailable' });
    await hasty.check();
    const opened = await engineOn(database.url, { poolSize: 3 }).open({ schema: freshSchema() });
    const mark = async (id: string) => opened.transaction(async (tx) => {
      await tx.execute(`select count(*) from "${opened.schema}".inbox`);
      await new Promise(setImmediate);
      await tx.execute(`insert into "${opened.schema}".inbox values ('c', '${id}', 1)`);
      await new Promise((resolve) => { setTimeout(resolve, 30); });
    }, { isolation: 'serializable' });
    const outcomes = await Promise.allSettled([mark('a'), mark('b')]);
    const refused = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [(outcome.reason as { code: string }).code] : []));
    assert.deepEqual(refused, ['database/conflict']);
    await opened.check();
  });
});

describe('PostgreSQL roles', () => {
  const password = 'a password with \' and \\';
  const role = `role_${randomBytes(6).toString('hex')}`;
  let database: Awaited<ReturnType<typeof makeDatabase>>;
  const open: PostgresEngine[] = [];
  const engineAs = (change: Parameters<typeof openEngineOn>[1]) => {
    const url = new URL(database.url);
    url.username = role;
    url.password = encodeURIComponent(password);
    const engine = openEngineOn(url.href, change);
    open.push(engine);
    return engine;
  };
  before(async () => {
    database = await makeDatabase();
    const admin = new pg.Client({ connectionString: database.url });
    await admin.connect();
    await ensureServiceRole(admin, role, 'another at first', 5);
    await ensureServiceRole(admin, role, password, 5);
    await admin.end();
  });
  after(async () => {
    await Promise.all(open.map(async (engine) => engine.close()));
    await database.drop();
    await asAdmin(new URL('/postgres', database.url).href, `drop role ${role}`);
  });

  it('let a service use the tables of its schema, and neither change them nor see another\'s', async () => {
    const schema = freshSchema();
    const other = freshSchema();
    const owner = openEngineOn(database.url);
    open.push(owner);
    await owner.open({ schema: other });
    await assert.rejects(engineAs({ migrations: 'check' }).open({ schema }), { code: 'database/migration-missing' });
    await assert.rejects(engineAs({ migrations: 'run' }).open({ schema }), { code: 'database/query-failed' });

    const service = await engineAs({ ownerUrl: database.url }).open({ schema });
    await createOutbox(service, clock).counts();
    await service.queries.execute(`insert into "${schema}".inbox values ('c', 'm', 1)`);
    const forbidden = [
      `create table "${schema}".mine (a int)`, `drop table "${schema}".inbox`, `alter table "${schema}".inbox add column a int`, `truncate "${schema}".inbox`,
      `delete from "${schema}".schema_migrations`, `select * from "${other}".inbox`, 'create schema mine', 'create table public.mine (a int)', 'create role mine',
    ];
    for (const statement of forbidden) await assert.rejects(async () => service.queries.execute(statement), { code: 'database/query-failed' }, statement);
    await (await engineAs({ migrations: 'check' }).open({ schema })).check();
  });

  it('are refused with a wrong password, which is quoted nowhere', async () => {
    const url = new URL(database.url);
    url.password = 'wrong-secret';
    const engine = openEngineOn(url.href);
    open.push(engine);
    await assert.rejects(engine.open({ schema: freshSchema() }), (error: Error & { code: string }) => {
      assert.equal(error.code, 'database/unavailable');
      return !JSON.stringify(error).includes('wrong-secret') && !String(error.stack).includes('wrong-secret');
    });
  });
});

describe('a PostgreSQL that is killed in the middle of a transaction', () => {
  it('says so, has nothing of it done, and serves again by itself when it is back', async () => {
    const server = await startServer('postgres');
    const engine = openEngineOn(server.endpoint, { connectTimeoutMs: 500 });
    try {
      const database = await engine.open({ schema: 'service' });
      await database.queries.execute('insert into service.inbox values (\'c\', \'kept\', 1)');
      await assert.rejects(database.transaction(async (tx) => {
        await tx.execute('insert into service.inbox values (\'c\', \'half\', 1)');
        await server.kill();
        await tx.execute('insert into service.inbox values (\'c\', \'more\', 1)');
      }), { code: 'database/unavailable' });
      await assert.rejects(database.check(), { code: 'database/unavailable' });
      await assert.rejects(database.transaction(async () => undefined), { code: 'database/unavailable' });
      await server.restart();
      await database.check();
      assert.deepEqual((await database.queries.execute('select message_id from service.inbox')).rows, [{ message_id: 'kept' }]);
    } finally {
      await engine.close();
      await server.stop();
    }
  });
});
