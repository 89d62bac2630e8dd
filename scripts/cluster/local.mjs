/** The local cluster (k8s/local) with the working tree's images on its node. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { importImages, isUp, REGISTRY, tagImage, up } from '../../k8s/local/index.mjs';
import { makeServerImages } from '../../k8s/local/servers.mjs';
import { saveImages } from '../images/buildah.mjs';
import { developmentCircuitFolder } from '../images/circuits.mjs';
import { baseImages, buildService, imageName, SERVICES, VERSION } from '../images/index.mjs';
import { build, install } from '../steps.mjs';

/** The same images under another tag, to upgrade to: every pod is replaced. */
export const NEXT = `${VERSION}-next`;

async function buildImages() {
  const bases = await baseImages();
  const circuits = await developmentCircuitFolder();
  for (const service of SERVICES) await buildService(service, { bases, circuits });
}

async function imagesToNode() {
  const folder = mkdtempSync(join(tmpdir(), 'medveil-images-'));
  try {
    const references = [...(await makeServerImages()).map((name) => [name, name]), ...SERVICES.map((service) => [imageName(service), `${REGISTRY}/${imageName(service)}`])];
    const archive = join(folder, 'images.tar');
    await saveImages(Object.fromEntries(references), archive);
    await importImages(archive);
    for (const service of SERVICES) await tagImage(`${REGISTRY}/${imageName(service)}`, `${REGISTRY}/${imageName(service, NEXT)}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param again whether a cluster that is up gets the images of the working tree anew */
export async function bringUp(steps, again) {
  if (isUp() && !again) return;
  await steps.require('workspace installed and built', 900, async () => {
    await install();
    await build();
  });
  await steps.require('images', 1_200, buildImages);
  await steps.require('cluster up', 240, up);
  await steps.require('images on the node', 600, imagesToNode);
}
