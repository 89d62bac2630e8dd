import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';
import type { CodedError } from '@medveil/encoding';
import { integer, pgSchema, text } from 'drizzle-orm/pg-core';
import { describeDurableWorkContract } from './contract-durable.js';
import { describeJobsContract } from './contract-jobs.js';
import type { Database, DatabaseEngine } from './port.js';

export interface DatabaseUnderTest {
  readonly engine: DatabaseEngine;
  dispose(): Promise<void>;
}

/** Folders with migrations, removed again after the tests. */
export class MigrationFolders {
  readonly #folders: string[] = [];

  async make(files: Readonly<Record<string, string>>): Promise<URL> {
    const folder = await mkdtemp(join(tmpdir(), 'medveil-migrations-'));
    this.#folders.push(folder);
    await Promise.all(Object.entries(files).map(async ([name, content]) => writeFile(join(folder, name), content)));
    return pathToFileURL(`${folder}/`);
  }

  async remove(): Promise<void> {
    await Promise.all(this.#folders.map(async (folder) => rm(folder, { recursive: true })));
  }
}

/** A schema name that no earlier run has used. */
export const freshSchema = (): string => `test_${randomBytes(6).toString('hex')}`;

const CREATE_ACCOUNTS = 'create table accounts (name text primary key, credits integer not null check (credits >= 0));';

/** What every database adapter must hold. */
export function describeDatabaseContract(name: string, makeAdapter: () => Promise<DatabaseUnderTest>): void {
  describe(`database: ${name}`, () => {
    let adapter: DatabaseUnderTest;
    const folders = new MigrationFolders();
    before(async () => { adapter = await makeAdapter(); });
    after(async () => {
      await adapter.dispose();
      await folders.remove();
    });

    const openAccounts = async () => {
      const schema = freshSchema();
      const migrations = await folders.make({ '0001_accounts.sql': CREATE_ACCOUNTS });
      const database = await adapter.engine.open({ schema, migrations });
      const accounts = pgSchema(schema).table('accounts', { name: text('name').primaryKey(), credits: integer('credits').notNull() });
      return { database, accounts, migrations };
    };

    it('commits what resolves and rolls back what throws', async () => {
      const { database, accounts } = await openAccounts();
      await database.transaction(async (tx) => { await tx.insert(accounts).values({ name: 'kept', credits: 1 }); });
      const failing = database.transaction(async (tx) => {
        await tx.insert(accounts).values({ name: 'gone', credits: 1 });
        throw new Error('changed my mind');
      });
      await assert.rejects(failing, /changed my mind/);
      assert.deepEqual(await database.queries.select().from(accounts), [{ name: 'kept', credits: 1 }]);
    });

    it('says which constraint a change would violate, and quotes no value', async () => {
      const { database, accounts } = await openAccounts();
      const secret = 'a-value-that-must-not-show';
      await database.queries.insert(accounts).values({ name: secret, credits: 1 });
      const failing: (() => Promise<unknown>)[] = [
        async () => database.queries.insert(accounts).values({ name: secret, credits: 1 }),
        async () => database.transaction(async (tx) => tx.insert(accounts).values({ name: secret, credits: 1 })),
        async () => database.queries.execute(`select '${secret}'::integer`),
      ];
      for (const [index, statement] of failing.entries()) {
        await assert.rejects(statement, (error: CodedError) => {
          assert.equal(error.code, index < 2 ? 'database/constraint-violated' : 'database/query-failed');
          assert.doesNotMatch(inspect(error, { depth: 8, showHidden: true }), new RegExp(secret));
          return true;
        });
      }
    });

    it('refuses a query beside its own transaction instead of waiting for ever', async () => {
      const { database, accounts } = await openAccounts();
      const other = await adapter.engine.open({ schema: freshSchema() });
      const wrong: (() => Promise<unknown>)[] = [
        async () => database.queries.select().from(accounts),
        async () => other.queries.execute('select 1'),
        async () => database.transaction(async (tx) => tx.select().from(accounts)),
      ];
      for (const query of wrong) {
        await assert.rejects(database.transaction(async () => query()), { code: 'database/query-outside-transaction' });
      }
      assert.deepEqual(await database.queries.select().from(accounts), []);
    });

    it('ends a transaction that takes too long, and its handle with it', async () => {
      const { database, accounts } = await openAccounts();
      let late: Promise<unknown> = Promise.resolve();
      const slow = database.transaction(async (tx) => {
        await tx.insert(accounts).values({ name: 'slow', credits: 1 });
        late = new Promise((resolve) => { setTimeout(resolve, 60); }).then(async () => tx.select().from(accounts));
        await late;
      }, { timeoutMs: 20 });
      await assert.rejects(slow, { code: 'database/transaction-timeout' });
      await assert.rejects(late, { code: 'database/transaction-over' });
      assert.deepEqual(await database.queries.select().from(accounts), []);
    });

    it('keeps schemas apart and applies a migration once', async () => {
      const { database, accounts, migrations } = await openAccounts();
      await database.queries.insert(accounts).values({ name: 'mine', credits: 3 });
      const again = await adapter.engine.open({ schema: database.schema, migrations });
      assert.deepEqual(await again.queries.select().from(accounts), [{ name: 'mine', credits: 3 }]);
      const other = await openAccounts();
      assert.deepEqual(await other.database.queries.select().from(other.accounts), []);
    });

    it('goes forward only: refuses a changed, a removed and a misnumbered migration, and applies nothing of a failing set', async () => {
      const { database } = await openAccounts();
      const { schema } = database;
      const openWith = async (files: Readonly<Record<string, string>>) => adapter.engine.open({ schema, migrations: await folders.make(files) });
      await assert.rejects(openWith({ '0001_accounts.sql': `${CREATE_ACCOUNTS} -- edited` }), { code: 'database/migration-changed' });
      await assert.rejects(openWith({}), { code: 'database/migration-changed' });
      await assert.rejects(openWith({ '0001_accounts.sql': CREATE_ACCOUNTS, '0003_gap.sql': '' }), { code: 'database/migration-failed' });
      const broken = { '0001_accounts.sql': CREATE_ACCOUNTS, '0002_good.sql': 'create table good (a int);', '0003_bad.sql': 'create tabel bad;' };
      await assert.rejects(openWith(broken), { code: 'database/migration-failed' });
      const fixed = await openWith({ ...broken, '0003_bad.sql': 'create table better (a int);' });
      await fixed.queries.execute(`select a from "${schema}".good, "${schema}".better`.replace('select a', 'select 1'));
    });

    it('runs the migrations once however many open at once', async () => {
      const schema = freshSchema();
      const migrations = await folders.make({ '0001_once.sql': 'create table once (a int); insert into once values (1);' });
      const opened = await Promise.all(Array.from({ length: 4 }, async () => adapter.engine.open({ schema, migrations })));
      const rows = await (opened[0] as Database).queries.execute(`select a from "${schema}".once`);
      assert.equal(rows.rows.length, 1);
    });

    it('refuses a schema name that is none', async () => {
      for (const schema of ['', 'Public', 'a"b', '1a', 'x'.repeat(60)]) {
        await assert.rejects(adapter.engine.open({ schema }), { code: 'database/bad-schema-name' });
      }
    });

    it('answers its readiness check until closed', async () => {
      const { database } = await openAccounts();
      await database.check();
      await database.close();
      await assert.rejects(database.check(), { code: 'database/closed' });
      await assert.rejects(async () => database.queries.execute('select 1'), { code: 'database/closed' });
    });

    const openDatabase = async () => adapter.engine.open({ schema: freshSchema() });
    describeDurableWorkContract(openDatabase);
    describeJobsContract(openDatabase);
  });
}
