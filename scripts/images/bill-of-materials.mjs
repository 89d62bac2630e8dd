/** What is in the images: npm's CycloneDX document out of the lock file, kept to what is there, and the same at each build. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** @returns `name@version` of every package below a node_modules folder, of links those that lead somewhere */
export function presentPackages(modules, found = new Set()) {
  for (const name of readdirSync(modules)) {
    const folder = join(modules, name);
    if (name.startsWith('@')) presentPackages(folder, found);
    else if (existsSync(join(folder, 'package.json'))) {
      const { name: packageName, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
      found.add(`${packageName}@${version}`);
      if (existsSync(join(folder, 'node_modules'))) presentPackages(join(folder, 'node_modules'), found);
    }
  }
  return found;
}

/**
 * The document with the components of `present` only, without what npm makes anew at each run: its serial number is drawn from
 * its content, and it has no time.
 * @returns JSON text
 */
export function billOfMaterials(document, present) {
  const components = document.components.filter((each) => present.has(each['bom-ref'])).toSorted(byReference);
  const kept = new Set(components.map((each) => each['bom-ref'])).add(document.metadata.component['bom-ref']);
  const dependencies = document.dependencies
    .filter((each) => kept.has(each.ref))
    .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((each) => kept.has(each)).toSorted() }))
    .toSorted((a, b) => (a.ref < b.ref ? -1 : 1));
  const { timestamp: _time, ...known } = document.metadata;
  const metadata = {
    ...known,
    lifecycles: [{ phase: 'build' }],
    component: { ...known.component, name: 'medveil', type: 'application' },
  };
  const { serialNumber: _drawn, ...rest } = document;
  const body = { ...rest, metadata, components, dependencies };
  return `${JSON.stringify({ serialNumber: serialNumberOf(JSON.stringify(body)), ...body }, null, 1)}\n`;
}

const byReference = (a, b) => (a['bom-ref'] < b['bom-ref'] ? -1 : 1);

/** A UUID of version 8 (RFC 9562) out of the hash of a text. */
function serialNumberOf(text) {
  const bytes = createHash('sha256').update(text).digest().subarray(0, 16);
  bytes[6] = (bytes[6] & 0x0f) | 0x80;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  return `urn:uuid:${bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')}`;
}
