import pg from 'pg';
import { databaseError } from './errors.js';

const ROLE_NAME = /^[a-z][a-z0-9_]{0,62}$/;

/**
 * Makes, or gives a new password to, the role of one service: it may log in and nothing else, until the owner of its schema lets it
 * use the tables.
 * @param client of a role that may create roles
 */
export async function ensureServiceRole(client: pg.ClientBase, role: string, password: string, connections: number): Promise<void> {
  assertRoleName(role);
  // A utility statement takes no parameters.
  const secret = pg.escapeLiteral(password);
  const { rowCount } = await client.query('select 1 from pg_roles where rolname = $1', [role]);
  const verb = rowCount === 0 ? 'create' : 'alter';
  await client.query(`${verb} role "${role}" login nosuperuser nocreatedb nocreaterole noreplication nobypassrls connection limit ${Math.trunc(connections)} password ${secret}`);
}

/** Lets a role read and write the rows of every table of a schema, and no more: it can neither create, change nor drop one. */
export async function grantUse(client: pg.ClientBase, schema: string, role: string): Promise<void> {
  assertRoleName(role);
  await client.query(`grant usage on schema "${schema}" to "${role}";
    grant select, insert, update, delete on all tables in schema "${schema}" to "${role}";
    revoke insert, update, delete on "${schema}".schema_migrations from "${role}"`);
}

function assertRoleName(role: string): void {
  if (!ROLE_NAME.test(role)) throw databaseError('database/bad-role-name', 'a role name is lower-case letters, digits and underscores', { role });
}
