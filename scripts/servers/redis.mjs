/** Redis from Debian's package: loopback, a password, its users' rights in an ACL file, append-only file. */
import { writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { needPackages, onPath } from './install.mjs';
import { freePorts, startProcess, withFolder } from './process.mjs';

export const install = async () => needPackages(() => onPath('redis-server'), ['redis-server']);

/** Facts: `endpoint`, a redis:// URL with the password. */
export const start = async (options = {}) => withFolder('redis', (folder) => startIn(folder, options));

async function startIn(folder, options) {
  await install();
  const [port] = await freePorts(1);
  const password = randomBytes(12).toString('hex');
  writeFileSync(join(folder, 'redis.conf'), [
    'bind 127.0.0.1', `port ${port}`, `dir ${folder}`, `requirepass ${password}`, 'daemonize no', 'save ""',
    `appendonly ${options.persistent === false ? 'no' : 'yes'}`, 'appendfsync everysec', 'maxmemory 64mb', 'maxmemory-policy noeviction', '',
  ].join('\n'), { mode: 0o600 });
  return startProcess({
    name: 'redis', folder, outlives: options.outlives, command: ['redis-server', join(folder, 'redis.conf')], ready: () => answers(port, password),
    facts: { endpoint: `redis://:${password}@127.0.0.1:${port}` },
  });
}

const answers = (port, password) => new Promise((resolve, reject) => {
  const socket = createConnection(port, '127.0.0.1', () => socket.write(`AUTH ${password}\r\nPING\r\n`));
  socket.setTimeout(1_000, () => socket.destroy(new Error('no answer')));
  let text = '';
  socket.on('error', reject).on('data', (chunk) => {
    text += chunk;
    if (/\+PONG/.test(text) || text.includes('-')) {
      socket.destroy();
      resolve(text.includes('+PONG'));
    }
  });
});
