/**
 * Puts the programs of real servers on this machine, where they are missing: Debian packages (as root), jars by Maven, Go
 * modules by go. What is no Debian package is kept in one folder: MEDVEIL_SERVERS_CACHE, else ~/.cache/medveil/servers.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

export const CACHE = process.env.MEDVEIL_SERVERS_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'medveil', 'servers');
const MAX_SHOWN = 4_000;

/** Progress goes to standard error: standard output belongs to the answer. */
export const say = (text) => process.stderr.write(`servers: ${text}\n`);

/** Runs a program to its end, and tells `onOutput` of each piece that it prints. @returns what it printed. Rejects with its output where it fails. */
export function runProgram(command, args, { onOutput, ...options } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => {
      output += chunk;
      onOutput?.(String(chunk));
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code === 0) resolve(output);
      // Its arguments may hold a password.
      else reject(new Error(`${command} ended with ${signal ?? code}\n${output.slice(-MAX_SHOWN)}`));
    });
  });
}

async function timed(label, run) {
  const startedMs = Date.now();
  say(`${label} …`);
  const result = await run();
  say(`${label}: ${((Date.now() - startedMs) / 1000).toFixed(1)} s`);
  return result;
}

/** One apt-get at a time, whoever asks. */
let aptTurn = Promise.resolve();

/** Installs Debian packages without letting them start services. @param isThere says whether they are needed */
export async function needPackages(isThere, packages) {
  const turn = aptTurn.then(async () => {
    if (isThere()) return;
    if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) {
      throw new Error(`install ${packages.join(' and ')} (as root on Debian this script does it), or name a server by its MEDVEIL_TEST_… variable`);
    }
    await timed(`installing ${packages.join(', ')}`, () => aptInstall(packages));
  });
  aptTurn = turn.catch(() => undefined);
  return turn;
}

const POLICY = '/usr/sbin/policy-rc.d';

async function aptInstall(packages) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const isMine = !existsSync(POLICY);
  if (isMine) writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    const lock = ['-o', 'DPkg::Lock::Timeout=180'];
    await runProgram('apt-get', ['update', '-qq', ...lock], { env });
    await runProgram('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...lock, ...packages], { env });
  } finally {
    if (isMine) rmSync(POLICY, { force: true });
  }
}

/** Makes `target` (a folder or a file of the cache) in a temporary folder and moves it into place whole. */
async function cached(target, label, make) {
  if (existsSync(target)) return target;
  mkdirSync(CACHE, { recursive: true });
  const work = mkdtempSync(join(CACHE, 'making-'));
  try {
    await timed(label, async () => {
      const made = await make(work);
      // Another process may have made the same meanwhile: either is as good.
      if (!existsSync(target)) renameSync(made, target);
    });
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return target;
}

/** @returns the path of the program of a Go module, built at `version` */
export async function goProgram(name, packagePath, version) {
  await needPackages(() => onPath('go'), ['golang-go']);
  return cached(join(CACHE, `${name}-${version}`), `building ${name} ${version} (a minute or more, once)`, async (work) => {
    const env = {
      ...process.env, GOBIN: join(work, 'bin'), GOMODCACHE: join(work, 'mod'), GOCACHE: join(work, 'build'), CGO_ENABLED: '0', GOFLAGS: '-modcacherw',
    };
    await runProgram('go', ['install', '-trimpath', '-ldflags', '-s -w', `${packagePath}@${version}`], { cwd: work, env });
    return join(work, 'bin', name);
  });
}

/** @returns a folder with the jars of Maven artefacts and what they need at run time */
export async function mavenJars(name, version, artefacts) {
  await needPackages(() => onPath('java') && onPath('mvn'), ['openjdk-17-jre-headless', 'maven']);
  return cached(join(CACHE, `${name}-${version}`), `fetching ${name} ${version}`, async (work) => {
    const dependencies = artefacts.map(([groupId, artifactId, itsVersion]) =>
      `<dependency><groupId>${groupId}</groupId><artifactId>${artifactId}</artifactId><version>${itsVersion}</version></dependency>`);
    writeFileSync(join(work, 'pom.xml'), `<project><modelVersion>4.0.0</modelVersion><groupId>medveil</groupId><artifactId>${name}</artifactId>
<version>1</version><packaging>pom</packaging><dependencies>${dependencies.join('')}</dependencies></project>\n`);
    await runProgram('mvn', [
      '-B', '-q', '-f', join(work, 'pom.xml'), `-Dmaven.repo.local=${join(work, 'repository')}`, 'dependency:copy-dependencies', '-DincludeScope=runtime',
      `-DoutputDirectory=${join(work, 'jars')}`,
    ]);
    return join(work, 'jars');
  });
}

export const onPath = (program) => (process.env.PATH ?? '').split(':').some((folder) => existsSync(join(folder, program)));
