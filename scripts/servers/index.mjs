/** Real servers for tests and for trying things out; from the command line: cli.mjs. */
import * as kafka from './kafka.mjs';
import * as postgres from './postgres.mjs';
import * as prometheus from './prometheus.mjs';
import * as redis from './redis.mjs';
import * as s3 from './s3.mjs';

const shared = { kafka, s3, postgres, redis };
const servers = { ...shared, prometheus };

/** Those that the specs share; others are started by the specs that need them. */
export const SERVERS = Object.keys(shared);

/** The variable that names a server which is already there. */
export const variableOf = (name) => `MEDVEIL_TEST_${name.toUpperCase()}`;

const serverOf = (name) => {
  if (!Object.hasOwn(servers, name)) throw new Error(`no server ${name}: one of ${Object.keys(servers).join(', ')}`);
  return servers[name];
};

export const installServer = async (name) => serverOf(name).install();

/** A server of one's own on free ports of the loopback address, with an empty data folder. */
export const startServer = async (name, options = {}) => serverOf(name).start(options);

/** Where the server for tests is, as `npm run test:real` tells the specs. */
export function testEndpoint(name) {
  const endpoint = process.env[variableOf(name)];
  if (endpoint === undefined || endpoint === '') throw new Error(`${variableOf(name)} is not set: run this spec by "npm run test:real"`);
  return endpoint;
}
