/** The images of the cluster itself: the first process of every pod, and its name server. */
import { existsSync, mkdirSync, readlinkSync, writeFileSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { installBuildah, saveImage } from '../../scripts/images/buildah.mjs';
import { imageOfMachine } from '../../scripts/images/machine.mjs';
import { archiveOf, BIN, DNS_IMAGE, PAUSE_IMAGE } from './layout.mjs';

const IMAGES = { [PAUSE_IMAGE]: 'pause', [DNS_IMAGE]: 'dns' };

export async function makeSystemImages() {
  for (const [image, program] of Object.entries(IMAGES)) {
    const archive = archiveOf(image);
    const madeFrom = `${archive}.from`;
    const source = readlinkSync(join(BIN, program));
    if (existsSync(archive) && existsSync(madeFrom) && readFileSync(madeFrom, 'utf8') === source) continue;
    await installBuildah();
    mkdirSync(dirname(archive), { recursive: true });
    await imageOfMachine(image, { copies: { [`/${program}`]: source }, lines: [`ENTRYPOINT ["/${program}"]`] });
    await saveImage(image, archive);
    writeFileSync(madeFrom, source);
  }
}
