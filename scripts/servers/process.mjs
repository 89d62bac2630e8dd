/** One server process: its folder, its ports, its start, its end. */
import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PREFIX = 'medveil-server-';
const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 15_000;
const POLL_MS = 50;

const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

/** Loopback ports that are free now; held until all are known, so that they differ. */
export async function freePorts(count) {
  const holders = await Promise.all(Array.from({ length: count }, () => new Promise((resolve, reject) => {
    const holder = createServer().once('error', reject).listen(0, '127.0.0.1', () => resolve(holder));
  })));
  const ports = holders.map((holder) => holder.address().port);
  await Promise.all(holders.map((holder) => new Promise((resolve) => { holder.close(resolve); })));
  return ports;
}

/** Runs `start` with a new data folder, which is deleted when its server stops, or does not start. */
export async function withFolder(name, start) {
  sweep();
  const folder = mkdtempSync(join(tmpdir(), `${PREFIX}${name}-`));
  try {
    writeState(folder, { name, owner: identity(process.pid) });
    return await start(folder);
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

const identity = (pid) => ({ pid, start: startOf(pid) });
const writeState = (folder, state) => writeFileSync(join(folder, 'server.json'), JSON.stringify(state));

/** Removes what processes left behind that were killed: their servers ended with them, their folders did not. */
function sweep() {
  for (const { folder, owner, outlives } of startedServers()) {
    if (outlives !== true && owner !== undefined && startOf(owner.pid) !== owner.start) rmSync(folder, { recursive: true, force: true });
  }
}

/** When a process was started, from /proc: a pid alone may have been given to another one. @returns undefined where it is gone */
export function startOf(pid) {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ');
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

/**
 * Starts a server and waits until it answers.
 * @param description `command` with its arguments, `ready` (resolves to true when it serves), `facts` to be told to its users,
 *   `user` to run as, `shared` where it must end with this process
 */
export async function startProcess({ name, folder, command, ready, facts, env = {}, user, outlives = false }) {
  const log = join(folder, 'server.log');
  const launch = async () => {
    const [program, ...args] = asUser(command, user, outlives);
    const output = openSync(log, 'a');
    const child = spawn(program, args, { cwd: folder, env: { ...process.env, ...env }, stdio: ['ignore', output, output], detached: true });
    closeSync(output);
    const failed = new Promise((_resolve, reject) => { child.once('error', reject); });
    child.unref();
    await Promise.race([failed, waitUntil(ready, () => child.exitCode === null && child.signalCode === null, name, log)]);
    writeState(folder, { name, ...identity(child.pid), owner: identity(process.pid), outlives });
    return child.pid;
  };
  let pid = await launch();
  return {
    name,
    folder,
    ...facts,
    get pid() { return pid; },
    /** Sends a signal: SIGSTOP and SIGCONT pause and resume it. */
    signal: (signal) => process.kill(pid, signal),
    /** Ends it at once, as a power cut would; its data stays. */
    kill: async () => endProcess(pid, startOf(pid), 'SIGKILL'),
    /** Ends it in order; its data stays. */
    halt: async () => endProcess(pid, startOf(pid), 'SIGTERM'),
    /** Starts it again on its ports and its data, after `kill` or `halt`. */
    restart: async () => { pid = await launch(); },
    /** Ends it and deletes its data. */
    stop: async () => stopServer(folder),
  };
}

/** A server that its test would leave behind is ended by the kernel with the process that started it. */
function asUser(command, user, outlives) {
  const change = user === undefined || process.getuid?.() !== 0 ? [] : [`--reuid=${user}`, `--regid=${user}`, '--init-groups'];
  const options = [...change, ...(outlives ? [] : ['--pdeathsig', 'KILL'])];
  return options.length === 0 ? command : ['setpriv', ...options, '--', ...command];
}

async function waitUntil(ready, isRunning, name, log) {
  for (const deadlineMs = Date.now() + START_TIMEOUT_MS; Date.now() < deadlineMs; await pause(POLL_MS)) {
    if (await Promise.resolve(ready()).catch(() => false)) return;
    if (!isRunning()) throw new Error(`${name} ended while it started:\n${readFileSync(log, 'utf8').slice(-4_000)}`);
  }
  throw new Error(`${name} does not answer after ${START_TIMEOUT_MS / 1000} s:\n${readFileSync(log, 'utf8').slice(-4_000)}`);
}

export async function endProcess(pid, start, signal) {
  if (start === undefined || startOf(pid) !== start) return;
  process.kill(pid, signal);
  // A paused process acts on nothing but SIGKILL.
  process.kill(pid, 'SIGCONT');
  for (const deadlineMs = Date.now() + STOP_TIMEOUT_MS; startOf(pid) === start; await pause(POLL_MS)) {
    if (Date.now() > deadlineMs) process.kill(pid, 'SIGKILL');
  }
}

/** Ends the server of a folder and deletes the folder. */
export async function stopServer(folder, signal = 'SIGTERM') {
  const { pid, start } = JSON.parse(readFileSync(join(folder, 'server.json'), 'utf8'));
  await endProcess(pid, start, signal);
  rmSync(folder, { recursive: true, force: true });
}

/** The folders of the servers of this machine that these scripts started. */
export function startedServers() {
  return readdirSync(tmpdir()).filter((entry) => entry.startsWith(PREFIX)).flatMap((entry) => {
    const folder = join(tmpdir(), entry);
    try {
      const { name, pid, start, owner, outlives } = JSON.parse(readFileSync(join(folder, 'server.json'), 'utf8'));
      return [{ name, pid, folder, isRunning: start !== undefined && startOf(pid) === start, owner, outlives }];
    } catch {
      return [];
    }
  });
}
