/** Images out of programs of this machine, for where no registry can be reached: a program, the libraries it is linked to, a few files. */
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { runProgram } from '../servers/install.mjs';
import { buildImage } from './buildah.mjs';

/**
 * `programs`: paths on this machine, copied with their libraries; `copies`: files or folders by their place in the image, of which
 * the names that `without` says are left out; `linked`: files among these whose libraries are copied, too; `texts`: files by their
 * place, with their content; `links`: targets by their place; `folders`: empty ones that anyone may write; `lines`: the rest of the
 * Dockerfile.
 * @returns the image's id
 */
export async function imageOfMachine(name, { programs = [], copies = {}, without = [], linked = [], texts = {}, links = {}, folders = [], lines = [] }) {
  const context = mkdtempSync(join(tmpdir(), 'medveil-image-'));
  const root = join(context, 'root');
  try {
    for (const folder of ['usr/bin', 'usr/lib', 'usr/lib64', 'etc', 'proc', 'sys', 'dev', 'tmp']) mkdirSync(join(root, folder), { recursive: true });
    for (const merged of ['bin', 'lib', 'lib64']) symlinkSync(`usr/${merged}`, join(root, merged));
    const places = { ...links, ...Object.fromEntries(programs.filter((path) => realpathSync(path) !== path).map((path) => [path, realpathSync(path)])) };
    for (const path of [...programs.map((each) => realpathSync(each)), ...(await librariesOf([...programs, ...linked]))]) copy(path, join(root, path));
    for (const [place, path] of Object.entries(copies)) copy(path, join(root, place), (each) => !without.includes(basename(each)) && existsSync(each));
    for (const [place, text] of Object.entries(texts)) write(join(root, place), text);
    for (const [place, target] of Object.entries(places)) if (!existsSync(join(root, place))) link(root, place, target);
    for (const folder of ['tmp', ...folders]) openFolder(join(root, folder));
    writeFileSync(join(context, 'Dockerfile'), ['FROM scratch', 'COPY root/ /', ...lines, ''].join('\n'));
    return await buildImage({ name, context });
  } finally {
    rmSync(context, { recursive: true, force: true });
  }
}

function copy(from, to, filter = () => true) {
  mkdirSync(dirname(to), { recursive: true });
  cpSync(from, to, { recursive: true, dereference: true, filter });
}

function write(path, text) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  chmodSync(path, text.startsWith('#!') ? 0o755 : 0o644);
}

function link(root, place, target) {
  const path = join(root, place);
  mkdirSync(dirname(path), { recursive: true });
  symlinkSync(target.startsWith('/') ? relative(dirname(path), join(root, target)) : target, path);
}

function openFolder(path) {
  mkdirSync(path, { recursive: true });
  chmodSync(path, 0o1777);
}

/** Every library that the loader finds for programs and libraries. */
async function librariesOf(paths) {
  const found = new Set();
  for (const path of paths) {
    // What is linked statically has none, and ldd says so by its exit code.
    const listed = await runProgram('ldd', [path]).catch(() => '');
    for (const [library] of listed.matchAll(/(?<=\s)\/\S+/g)) found.add(library);
  }
  return found;
}
