/** A Kubernetes cluster of one node on this machine, for tests: real components, namespaces of its own. From the command line: up, down, run. */
import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runProgram, say } from '../../scripts/servers/install.mjs';
import { endProcess, freePorts, startOf } from '../../scripts/servers/process.mjs';
import { writeSettings } from './components.mjs';
import { makeControlGroup, removeControlGroup } from './control-groups.mjs';
import { makeKeys } from './keys.mjs';
import { API_PORT, BIN, CGROUP, CONTAINERD_SOCKET, HERE, KUBECONFIG, NODE, PROVISIONED, REGISTRY, STATE } from './layout.mjs';
import { chartPrograms, installChartPrograms, installPrograms } from './programs.mjs';
import { makeSystemImages } from './system-images.mjs';

export { BIN, chartPrograms, installChartPrograms, installPrograms, KUBECONFIG, REGISTRY };

const READY_TIMEOUT_MS = 180_000;
const POLL_MS = 200;
const STATE_FILE = join(STATE, 'cluster.json');

const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

/** The cluster that runs here, if one does. @returns {pid, start} of its process on the machine */
function running() {
  if (!existsSync(STATE_FILE)) return undefined;
  const { pid, start } = JSON.parse(readFileSync(STATE_FILE, 'utf8'));
  return startOf(pid) === start ? { pid, start } : undefined;
}

/** Whether a cluster runs here. */
export const isUp = () => running() !== undefined;

const kubectl = async (...args) => runProgram(join(BIN, 'kubectl'), ['--kubeconfig', KUBECONFIG, ...args]);

/** Brings the cluster up, and returns when it takes work. One that is up stays as it is. */
export async function up() {
  if (process.getuid?.() !== 0) throw new Error('a local cluster needs root: it makes namespaces, mounts and control groups');
  if (running() !== undefined) return;
  await down();
  await installPrograms();
  await makeSystemImages();
  mkdirSync(STATE, { recursive: true, mode: 0o700 });
  const [adminPort] = await freePorts(1);
  await makeKeys(adminPort, API_PORT);
  writeSettings();
  makeControlGroup(CGROUP);
  startHost(adminPort);
  try {
    await until('the API server answers', () => kubectl('get', '--raw', '/readyz'));
    await kubectl('apply', '-f', join(HERE, 'system.yaml'));
    await until('the node is ready', () => kubectl('wait', '--for=condition=Ready', `node/${NODE}`, '--timeout=5s'));
    await until('names are resolved', () => kubectl('-n', 'kube-system', 'rollout', 'status', 'deployment/dns', '--timeout=5s'));
    await until('pods can be made', () => kubectl('get', 'serviceaccount', 'default'));
  } catch (error) {
    const log = readFileSync(join(STATE, 'logs', 'host.log'), 'utf8').slice(-4_000);
    throw new Error(`${error.message}\n${log}\nThe components' logs are in ${join(STATE, 'logs')} until the next up or down.`, { cause: error });
  }
}

function startHost(adminPort) {
  const log = openSync(join(STATE, 'logs', 'host.log'), 'a');
  const child = spawn(process.execPath, [join(HERE, 'host.mjs'), String(adminPort)], { cwd: '/', stdio: ['ignore', log, log], detached: true });
  closeSync(log);
  child.unref();
  writeFileSync(STATE_FILE, JSON.stringify({ pid: child.pid, start: startOf(child.pid) }));
}

async function until(what, attempt) {
  const startedMs = Date.now();
  for (;;) {
    const failure = await attempt().then(() => undefined, (error) => error);
    if (failure === undefined) break;
    if (running() === undefined) throw new Error('the cluster ended while it started', { cause: failure });
    if (Date.now() - startedMs > READY_TIMEOUT_MS) throw new Error(`not so after ${READY_TIMEOUT_MS / 1000} s: ${what}`, { cause: failure });
    await pause(POLL_MS);
  }
  say(`${what}: ${((Date.now() - startedMs) / 1000).toFixed(1)} s`);
}

/** Ends the cluster and deletes all that it wrote; programs and images of the cache stay. Nothing happens where none is. */
export async function down() {
  const cluster = running();
  if (cluster !== undefined) await endProcess(cluster.pid, cluster.start, 'SIGKILL');
  await emptied(() => removeControlGroup(CGROUP));
  await emptied(() => rmSync(STATE, { recursive: true, force: true }));
  if (existsSync(PROVISIONED) && readdirSync(PROVISIONED).length === 0) rmdirSync(PROVISIONED);
}

/** The kernel ends the processes of the namespaces after the one that held them: what they use is busy until then. */
async function emptied(remove) {
  for (const deadlineMs = Date.now() + 30_000; ; await pause(POLL_MS)) {
    try {
      remove();
      return;
    } catch (error) {
      if (Date.now() > deadlineMs) throw error;
    }
  }
}

const ctr = async (...args) => runProgram('ctr', ['--address', CONTAINERD_SOCKET, '--namespace', 'k8s.io', ...args]);

/** Gives images to the node. @param archive as saveImages() writes it */
export const importImages = async (archive) => ctr('images', 'import', archive);

/** An image of the node under a further name. */
export const tagImage = async (name, newName) => ctr('images', 'tag', name, newName);

/** @returns command and arguments that run a program in the cluster's network, where pods and Services are reached */
export function inNetwork(command) {
  const cluster = running();
  if (cluster === undefined) throw new Error('no local cluster is up');
  const [child] = readFileSync(`/proc/${cluster.pid}/task/${cluster.pid}/children`, 'utf8').trim().split(' ');
  return ['nsenter', '--target', child, '--net', '--', ...command];
}
