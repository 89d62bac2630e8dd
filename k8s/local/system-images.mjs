/** The images of the cluster itself: the first process of every pod, and its name server. */
import { existsSync, mkdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { installBuildah, saveImages } from '../../scripts/images/buildah.mjs';
import { imageOfMachine } from '../../scripts/images/machine.mjs';
import { archiveOf, DNS_IMAGE, LIBEXEC, PAUSE_IMAGE } from './layout.mjs';

const IMAGES = { [PAUSE_IMAGE]: 'pause', [DNS_IMAGE]: 'dns' };

export async function makeSystemImages() {
  for (const [image, program] of Object.entries(IMAGES)) {
    const archive = archiveOf(image);
    const madeFrom = `${archive}.from`;
    const source = readlinkSync(join(LIBEXEC, program));
    if (existsSync(archive) && existsSync(madeFrom) && readFileSync(madeFrom, 'utf8') === source) continue;
    await installBuildah();
    mkdirSync(dirname(archive), { recursive: true });
    await imageOfMachine(image, { copies: { [`/${program}`]: source }, lines: [`ENTRYPOINT ["/${program}"]`] });
    await saveImages({ [image]: image }, archive);
    writeFileSync(madeFrom, source);
  }
}
