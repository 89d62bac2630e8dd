/**
 * npm run images -- build [SERVICES]     all of them by default; in buildah's store of ~/.cache/medveil/images
 * npm run images -- check [SERVICES]     builds each twice, the second time from nothing: the ids have to be the same
 * npm run images -- save FILE [SERVICES]     one archive that container runtimes import
 *   --base-image IMAGE --build-image IMAGE     what the Dockerfile starts from; default: images of this machine's node
 *   --circuits FOLDER     proving keys for the agents, one folder for each instance; `development`: the cache's; default: none
 */
import { parseArgs } from 'node:util';
import { runCommand } from '../commands.mjs';
import { timed } from '../steps.mjs';
import { saveImages } from './buildah.mjs';
import { developmentCircuitFolder } from './circuits.mjs';
import { baseImages, buildService, imageName, SERVICES } from './index.mjs';
import { usage } from '../usage.mjs';

usage();

const { values, positionals: [command, ...names] } = parseArgs({
  allowPositionals: true,
  options: { 'base-image': { type: 'string' }, 'build-image': { type: 'string' }, circuits: { type: 'string' } },
});

function services(asked = names) {
  const unknown = asked.filter((name) => !SERVICES.includes(name));
  if (unknown.length > 0) throw new Error(`no service ${unknown.join(', ')}: one of ${SERVICES.join(', ')}`);
  return asked.length === 0 ? SERVICES : asked;
}

async function options() {
  const circuits = values.circuits === 'development' ? await developmentCircuitFolder() : values.circuits;
  return { bases: await baseImages({ baseImage: values['base-image'], buildImage: values['build-image'] }), circuits };
}

async function build(given) {
  const built = {};
  for (const service of services()) {
    await timed(service, async () => { built[service] = await buildService(service, given); });
  }
  return built;
}

const commands = {
  build: async () => {
    for (const { name, id } of Object.values(await build(await options()))) console.log(`${name} sha256:${id}`);
  },
  check: async () => {
    const given = await options();
    const first = await build(given);
    const second = await build({ ...given, fresh: true });
    const different = services().filter((service) => first[service].id !== second[service].id);
    for (const service of services()) console.log(`${first[service].name} sha256:${first[service].id}${different.includes(service) ? `, then sha256:${second[service].id}` : ' twice'}`);
    if (different.length > 0) throw new Error(`not the same twice: ${different.join(', ')}`);
  },
  save: async () => {
    const [file, ...asked] = names;
    if (file === undefined) throw new Error('save FILE [SERVICES]');
    await saveImages(Object.fromEntries(services(asked).map((service) => [imageName(service), imageName(service)])), file);
  },
};

await runCommand('images', commands, command);
