/**
 * Runs inside the cluster's namespaces, below their first process: lays the network, starts the components and waits. When one of
 * them ends, this ends, and with it the namespaces and everything in them. Nothing is started again: a test is to see it.
 */
import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, openSync, readFileSync, rmSync, statSync, watch } from 'node:fs';
import { request } from 'node:https';
import { createConnection, createServer } from 'node:net';
import { setPriority } from 'node:os';
import { join } from 'node:path';
import { runProgram } from '../../scripts/servers/install.mjs';
import { FOUNDATION, REST } from './components.mjs';
import { certificateFile } from './keys.mjs';
import { API_PORT, API_SOCKET, archiveOf, CONTAINERD_SOCKET, DNS_IMAGE, NODE, NODE_ADDRESS, PAUSE_IMAGE, PROVISIONED, STATE } from './layout.mjs';

const START_TIMEOUT_MS = 120_000;
/** Niceness of the components but containerd, whose containers would have it, too. */
const PRIORITY = -5;
const POLL_MS = 100;
const OPEN = 0o777;
/** There is nobody: components want a default route, and nothing is to leave. */
const GATEWAY = NODE_ADDRESS.replace(/\d+$/, '254');

async function layNetwork() {
  const commands = [
    ['ip', 'link', 'set', 'lo', 'up'],
    // Where the node's own address is, and where packets to nowhere end. (Not every kernel has dummy devices.)
    ['ip', 'link', 'add', 'node', 'type', 'bridge'],
    ['ip', 'address', 'add', `${NODE_ADDRESS}/24`, 'dev', 'node'],
    ['ip', 'link', 'set', 'node', 'up'],
    ['ip', 'route', 'add', 'default', 'via', GATEWAY],
    ['sysctl', '-qw', 'net.ipv4.ip_forward=1'],
    ['sysctl', '-qw', 'net.ipv4.conf.all.route_localnet=1'],
    ['hostname', NODE],
  ];
  for (const [program, ...args] of commands) await runProgram(program, args);
}

/** What is mounted below is seen by pods that are started later, and by nobody outside. */
async function layMounts() {
  mkdirSync(PROVISIONED, { recursive: true });
  await runProgram('mount', ['--make-rshared', '/']);
  await runProgram('mount', ['--bind', join(STATE, 'volumes'), PROVISIONED]);
  mkdirSync('/run/netns', { recursive: true });
  await runProgram('mount', ['-t', 'tmpfs', 'tmpfs', '/run/netns']);
}

function start([name, [program, ...args]]) {
  const log = openSync(join(STATE, 'logs', `${name}.log`), 'a');
  const child = spawn(program, args, { stdio: ['ignore', log, log] });
  // Pods that all start at once must not keep the API server from answering.
  if (child.pid !== undefined && name !== 'containerd') setPriority(child.pid, PRIORITY);
  child.on('error', (error) => end(`${name}: ${error.message}`));
  child.on('exit', (code, signal) => end(`${name} ended with ${signal ?? code}`));
}

function end(reason) {
  process.stderr.write(`${reason}\n`);
  process.exit(1);
}

const apiIsReady = () => new Promise((resolve) => {
  request({ host: '127.0.0.1', port: API_PORT, path: '/readyz', ca: readFileSync(certificateFile('ca')), timeout: 1_000 }, (response) => {
    response.resume();
    resolve(response.statusCode === 200);
  }).on('error', () => resolve(false)).end();
});

const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

async function until(isSo, what) {
  for (const deadlineMs = Date.now() + START_TIMEOUT_MS; !(await isSo()); await pause(POLL_MS)) {
    if (Date.now() > deadlineMs) end(`${what} after ${START_TIMEOUT_MS / 1000} s`);
  }
}

/**
 * The provisioner makes folders that root alone may enter, and the kubelet gives none of the node's to a pod's group: whoever has the
 * volume may write.
 */
function openVolumes() {
  const folder = join(STATE, 'volumes');
  watch(folder, (_event, name) => {
    const stat = statSync(join(folder, name), { throwIfNoEntry: false });
    // A change of the mode is told, too, and must not lead to the next.
    if (stat !== undefined && (stat.mode & 0o777) !== OPEN) chmodSync(join(folder, name), OPEN);
  });
}

/** Everything that comes to the socket is passed on to the API server's port, which only this network knows. */
function passOnApi() {
  rmSync(API_SOCKET, { force: true });
  createServer((outer) => {
    const inner = createConnection(API_PORT, '127.0.0.1');
    for (const socket of [outer, inner]) socket.on('error', () => { outer.destroy(); inner.destroy(); });
    outer.pipe(inner).pipe(outer);
  }).listen(API_SOCKET);
}

const ctr = async (...args) => runProgram('ctr', ['--address', CONTAINERD_SOCKET, '--namespace', 'k8s.io', ...args]);

await layNetwork();
await layMounts();
Object.entries(FOUNDATION).forEach(start);
passOnApi();
openVolumes();
await until(() => ctr('version').then(() => true, () => false), 'containerd does not answer');
for (const image of [PAUSE_IMAGE, DNS_IMAGE]) await ctr('images', 'import', archiveOf(image));
await until(apiIsReady, 'the API server is not ready');
Object.entries(REST).forEach(start);
// Requests from outside pass through here.
setPriority(PRIORITY);
