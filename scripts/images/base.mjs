/** The two images that the Dockerfile starts from, out of this machine's node: BASE_IMAGE with nothing else, BUILD_IMAGE with npm and a shell. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { installBuildah } from './buildah.mjs';
import { imageOfMachine } from './machine.mjs';

const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt';
const TOOLS = ['sh', 'env', 'find', 'rm'];
const ENVIRONMENT = ['ENV PATH=/usr/bin'];

/** @returns the values of the two build arguments */
export async function machineBaseImages() {
  await installBuildah();
  const images = { BASE_IMAGE: `localhost/medveil-base:${process.version}`, BUILD_IMAGE: `localhost/medveil-build:${process.version}` };
  const node = { programs: [process.execPath], links: { '/usr/bin/node': process.execPath }, texts: { '/etc/nsswitch.conf': 'hosts: files dns\n' } };
  await imageOfMachine(images.BASE_IMAGE, { ...node, lines: ENVIRONMENT });
  const npm = join(process.execPath, '..', '..', 'lib', 'node_modules', 'npm');
  const trusted = existsSync(CERTIFICATES);
  await imageOfMachine(images.BUILD_IMAGE, {
    ...node,
    copies: { '/usr/bin/busybox': '/bin/busybox', '/usr/lib/node_modules/npm': npm, ...(trusted ? { [CERTIFICATES]: CERTIFICATES } : {}) },
    texts: { ...node.texts, '/etc/passwd': 'root:x:0:0::/tmp:/bin/sh\n', '/etc/group': 'root:x:0:\n' },
    links: { ...node.links, '/usr/bin/npm': '../lib/node_modules/npm/bin/npm-cli.js', ...Object.fromEntries(TOOLS.map((tool) => [`/usr/bin/${tool}`, 'busybox'])) },
    // Behind a proxy that signs for others, its authority is among the machine's.
    lines: [...ENVIRONMENT, ...(trusted ? [`ENV NODE_EXTRA_CA_CERTS=${CERTIFICATES}`] : [])],
  });
  return images;
}
