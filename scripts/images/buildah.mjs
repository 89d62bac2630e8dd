/** Images made by buildah, without a daemon, in a store of their own: MEDVEIL_IMAGES_CACHE, else ~/.cache/medveil/images. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { needPackages, onPath, runProgram } from '../servers/install.mjs';

export const CACHE = process.env.MEDVEIL_IMAGES_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'medveil', 'images');
const NEED = ['buildah', 'busybox-static'];

/** Where a layout says what an image is called, for all runtimes and for containerd, which takes it as it is. */
const REFERENCE = 'org.opencontainers.image.ref.name';
const CONTAINERD_NAME = 'io.containerd.image.name';

export const installBuildah = async () => needPackages(() => onPath('buildah') && existsSync('/bin/busybox'), NEED);

async function buildah(...args) {
  mkdirSync(CACHE, { recursive: true });
  const store = ['--root', join(CACHE, 'store'), '--runroot', join(CACHE, 'run'), '--storage-driver', 'overlay'];
  return (await runProgram('buildah', [...store, ...args])).trim();
}

/** What every file and every image bears as its time: the same content gives the same id, and an unchanged layer stays the same from one version to the next. */
const EPOCH_SECONDS = process.env.SOURCE_DATE_EPOCH ?? '0';

/**
 * Builds one target of a Dockerfile.
 * @returns the image's id: SHA-256 over its configuration, which names the hash of each layer
 */
export async function buildImage({ name, context, target, buildArgs = {}, contexts = {}, labels = {}, fresh = false }) {
  await buildah(
    'build', '--isolation', 'chroot', '--network', 'host', '--pull-never', '--timestamp', EPOCH_SECONDS, '--identity-label=false', '--tag', name,
    '--layers', ...(fresh ? ['--no-cache'] : []),
    ...(target === undefined ? [] : ['--target', target]),
    ...Object.entries(buildArgs).flatMap(([key, value]) => ['--build-arg', `${key}=${value}`]),
    ...Object.entries(contexts).flatMap(([key, folder]) => ['--build-context', `${key}=${folder}`]),
    ...Object.entries(labels).flatMap(([key, value]) => ['--label', `${key}=${value}`]),
    context,
  );
  return buildah('inspect', '--type', 'image', '--format', '{{.FromImageID}}', name);
}

/**
 * The same content under another name and with labels, which are in none of the images that a build keeps on its way.
 * @returns the image's id
 */
export async function labelImage(name, newName, labels) {
  const context = mkdtempSync(join(CACHE, 'context-'));
  try {
    writeFileSync(join(context, 'Dockerfile'), `FROM ${name}\n`);
    return await buildImage({ name: newName, context, labels });
  } finally {
    rmSync(context, { recursive: true, force: true });
  }
}

/**
 * Writes images into one archive (a tar file of an OCI image layout) that container runtimes import. A layer of several is in it once.
 * @param references what each is to be called, by its name in the store
 */
export async function saveImages(references, archive) {
  const layout = mkdtempSync(join(CACHE, 'layout-'));
  try {
    for (const [name, reference] of Object.entries(references)) await buildah('push', '--quiet', '--disable-compression', name, `oci:${layout}:${reference}`);
    const index = JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8'));
    for (const { annotations } of index.manifests) annotations[CONTAINERD_NAME] = annotations[REFERENCE];
    writeFileSync(join(layout, 'index.json'), JSON.stringify(index));
    await runProgram('tar', ['-cf', archive, '-C', layout, '.']);
  } finally {
    rmSync(layout, { recursive: true, force: true });
  }
}
