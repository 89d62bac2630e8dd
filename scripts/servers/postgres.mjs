/** PostgreSQL from Debian's package, on loopback; as root it runs as the package's own user. */
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { needPackages, onPath, runProgram } from './install.mjs';
import { freePorts, startProcess, withFolder } from './process.mjs';

const DEBIAN = '/usr/lib/postgresql';
const isRoot = () => process.getuid?.() === 0;

/** The newest installed version's programs. */
export function binaries() {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).filter((version) => existsSync(join(DEBIAN, version, 'bin', 'initdb'))) : [];
  const newest = versions.toSorted((a, b) => Number(b) - Number(a))[0];
  if (newest !== undefined) return join(DEBIAN, newest, 'bin');
  return onPath('initdb') ? '' : undefined;
}

export const install = async () => needPackages(() => binaries() !== undefined, ['postgresql']);

const program = (name) => join(binaries(), name);

/** Facts: `endpoint`, a postgres:// URL of the superuser. `settings`: lines of postgresql.conf. */
export const start = async (options = {}) => withFolder('postgres', (folder) => startIn(folder, options));

async function startIn(folder, options) {
  await install();
  const data = join(folder, 'data');
  const [port] = await freePorts(1);
  const password = randomBytes(12).toString('hex');
  const passwordFile = join(folder, 'password');
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (isRoot()) await runProgram('chown', ['-R', 'postgres:postgres', folder]);
  const initialise = [program('initdb'), '-D', data, '-U', 'medveil', `--pwfile=${passwordFile}`, '-A', 'scram-sha-256', '-E', 'UTF8', '--no-sync', '--locale=C.UTF-8'];
  const [command, ...args] = isRoot() ? ['setpriv', '--reuid=postgres', '--regid=postgres', '--init-groups', '--', ...initialise] : initialise;
  await runProgram(command, args, { cwd: folder });
  const settings = [`port=${port}`, 'listen_addresses=127.0.0.1', `unix_socket_directories=${folder}`, 'shared_buffers=32MB', 'max_connections=100', ...(options.settings ?? [])];
  return startProcess({
    name: 'postgres', folder, user: 'postgres', outlives: options.outlives,
    command: [program('postgres'), '-D', data, ...settings.flatMap((setting) => ['-c', setting])], ready: () => isReady(port),
    facts: { endpoint: `postgres://medveil:${password}@127.0.0.1:${port}/postgres` },
  });
}

/** Asks for an SSL negotiation: a server that takes connections answers it with one letter, one that starts or recovers refuses a session. */
const isReady = (port) => new Promise((resolve, reject) => {
  const socket = createConnection(port, '127.0.0.1', () => socket.write(startupMessage()));
  socket.setTimeout(1_000, () => socket.destroy(new Error('no answer')));
  socket.on('error', reject).on('close', () => resolve(false)).on('data', (chunk) => {
    // 'R': it asks for a password; 'E': it is starting up.
    resolve(chunk[0] === 'R'.charCodeAt(0));
    socket.destroy();
  });
});

/** Version 3.0 and the user's name (PostgreSQL frontend/backend protocol, StartupMessage). */
function startupMessage() {
  const body = Buffer.from('user\0medveil\0database\0postgres\0\0');
  const head = Buffer.alloc(8);
  head.writeInt32BE(body.length + 8, 0);
  head.writeInt32BE(196_608, 4);
  return Buffer.concat([head, body]);
}
