/** The images of the services. From the command line: cli.mjs. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runProgram } from '../servers/install.mjs';
import { ROOT } from '../steps.mjs';
import { machineBaseImages } from './base.mjs';
import { buildImage, installBuildah, labelImage } from './buildah.mjs';
import { SERVICES, WITH_CIRCUITS } from './services.mjs';

export { SERVICES };

export const VERSION = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).version;

export const imageName = (service, version = VERSION) => `medveil/${service}:${version}`;

const git = async (...args) => (await runProgram('git', ['-C', ROOT, ...args])).trim();

/**
 * What the Dockerfile starts from: images that are named, or made out of this machine's node where none are.
 * @returns build arguments
 */
export async function baseImages({ baseImage, buildImage: builder } = {}) {
  await installBuildah();
  if (baseImage === undefined && builder === undefined) return machineBaseImages();
  return { ...(baseImage === undefined ? {} : { BASE_IMAGE: baseImage }), ...(builder === undefined ? {} : { BUILD_IMAGE: builder }) };
}

/**
 * Builds one service's image from the working tree.
 * @param options bases: what baseImages() gave; circuits: folder with one folder of keys for each instance; fresh: without any cache
 * @returns name and id; the same source gives the same id
 */
export async function buildService(service, { bases, circuits, version = VERSION, fresh = false }) {
  const name = imageName(service, version);
  const unlabelled = imageName(service, 'unlabelled');
  const contexts = WITH_CIRCUITS.includes(service) && circuits !== undefined ? { circuits } : {};
  await buildImage({ name: unlabelled, context: ROOT, target: service, fresh, buildArgs: bases, contexts });
  const id = await labelImage(unlabelled, name, {
    'org.opencontainers.image.version': version,
    'org.opencontainers.image.revision': await git('describe', '--always', '--abbrev=40', '--dirty', '--exclude=*'),
  });
  return { name, id };
}
