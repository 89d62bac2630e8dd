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

/** Those that no variable names. */
export const missingServers = (names = SERVERS) => names.filter((name) => (process.env[variableOf(name)] ?? '') === '');

/** Starts those that no variable names, and names them. @returns what stops them */
export async function provideServers(names = SERVERS) {
  const started = [];
  const stop = async () => { await Promise.all(started.splice(0).map(async (server) => server.stop())); };
  const outcomes = await Promise.allSettled(missingServers(names).map(async (name) => {
    const server = await startServer(name);
    started.push(server);
    process.env[variableOf(name)] = server.endpoint;
  }));
  const failed = outcomes.find(({ status }) => status === 'rejected');
  if (failed === undefined) return stop;
  await stop();
  throw failed.reason;
}

/** Where the server for tests is, as `npm run test:real` tells the specs. */
export function testEndpoint(name) {
  const endpoint = process.env[variableOf(name)];
  if (endpoint === undefined || endpoint === '') throw new Error(`${variableOf(name)} is not set: run this spec by "npm run test:real"`);
  return endpoint;
}
