/**
 * The one process of the cluster on the machine itself: passes the API server's port on and holds the namespaces. Whatever ends it
 * ends the cluster: the kernel kills the first process of the namespaces with it, and with that one all others.
 * node host.mjs PORT
 */
import { spawn } from 'node:child_process';
import { createConnection, createServer } from 'node:net';
import { join } from 'node:path';
import { API_SOCKET, HERE } from './layout.mjs';

const port = Number(process.argv[2]);

createServer((outer) => {
  const inner = createConnection(API_SOCKET);
  for (const socket of [outer, inner]) socket.on('error', () => { outer.destroy(); inner.destroy(); });
  outer.pipe(inner).pipe(outer);
}).listen(port, '127.0.0.1');

// The shell is the first process: it collects those whose parents are gone.
const script = `${process.execPath} ${join(HERE, 'supervise.mjs')} & wait $!`;
const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', 'unshare', '--mount', '--net', '--pid', '--ipc', '--uts', '--fork', '--kill-child', '--mount-proc', 'sh', '-c', script], {
  stdio: ['ignore', 'inherit', 'inherit'],
});
child.on('error', (error) => { throw error; });
child.on('exit', (code) => { process.exitCode = code ?? 1; process.exit(); });
