// What a pod waits for and takes over before its service starts. Each argument is FROM=TO: a file, a folder, or FILE.json#FIELD for the
// text of one field. What is there already is left as it is: a vault that its service has written into is never replaced.
//   --wait=SECONDS   how long something may be missing (default 600)
//   --ready=URL      waits until it answers 2xx, too
import { existsSync } from 'node:fs';
import { cp, mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 500;
const options = process.argv.slice(2).filter((argument) => argument.startsWith('--'));
const optionsNamed = (name) => options.filter((option) => option.startsWith(`--${name}=`)).map((option) => option.slice(name.length + 3));
const pairs = process.argv.slice(2).filter((argument) => !argument.startsWith('--')).map((argument) => argument.split('='));
const deadline = Date.now() + 1_000 * Number(optionsNamed('wait')[0] ?? 600);

async function until(what, holds) {
  for (let told = false; !(await holds()); told = true) {
    if (Date.now() > deadline) throw new Error(`${what}: waited in vain`);
    if (!told) console.log(`waiting for ${what}`);
    await sleep(POLL_MS);
  }
}

async function synced(path) {
  const handle = await open(path, 'r');
  await handle.sync();
  await handle.close();
}

/** A mounted Secret shows each file as a link into a hidden folder: links are followed, hidden names left out. */
async function copyFolder(from, to) {
  await mkdir(to, { mode: 0o700 });
  for (const name of (await readdir(from)).filter((entry) => !entry.startsWith('.'))) {
    const [source, target] = [join(from, name), join(to, name)];
    if ((await stat(source)).isDirectory()) {
      await copyFolder(source, target);
    } else {
      await cp(source, target, { dereference: true });
      await synced(target);
    }
  }
}

/** Appears whole or not at all. */
async function take(from, to) {
  const [path, field] = from.split('#');
  const next = `${to}.next`;
  await mkdir(dirname(to), { recursive: true, mode: 0o700 });
  await rm(next, { recursive: true, force: true });
  if (field !== undefined) await writeFile(next, JSON.parse(await readFile(path, 'utf8'))[field], { mode: 0o600, flush: true });
  else if ((await stat(path)).isDirectory()) await copyFolder(path, next);
  else await writeFile(next, await readFile(path), { mode: 0o600, flush: true });
  await rename(next, to);
  await synced(dirname(to));
}

try {
  for (const [from, to] of pairs) {
    if (existsSync(to)) {
      console.log(`${to}: there already`);
      continue;
    }
    await until(from, () => existsSync(from.split('#')[0]));
    await take(from, to);
    console.log(`${to}: taken from ${from}`);
  }
  for (const url of optionsNamed('ready')) await until(url, () => fetch(url).then((response) => response.ok, () => false));
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
