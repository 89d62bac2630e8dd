import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

/** The folder of the package, where circuits.json and the circom sources stand. */
export const PACKAGE_DIR = fileURLToPath(new URL('..', import.meta.url));

const instancesSchema = z.record(
  z.string().regex(/^[a-z0-9-]{1,40}$/),
  z.strictObject({
    slots: z.int().min(2).max(64).multipleOf(2),
    depth: z.int().min(0).max(6),
    tops: z.int().min(0).max(16),
    issuerDepth: z.int().min(1).max(8),
    /** Constraints of the optimised circuit; a test holds the compiler to it. */
    constraints: z.int().positive(),
  }),
);

export type Instance = z.output<typeof instancesSchema>[string] & { readonly name: string };

/** The instances of circuits.json by name. */
export function readInstances(): Map<string, Instance> {
  const file = instancesSchema.parse(JSON.parse(readFileSync(`${PACKAGE_DIR}circuits.json`, 'utf8')));
  return new Map(Object.entries(file).map(([name, instance]) => [name, { name, ...instance }]));
}

export function instanceNamed(name: string): Instance {
  const instances = readInstances();
  const found = instances.get(name);
  if (found === undefined) throw new Error(`no circuit instance "${name}"; there are: ${[...instances.keys()].join(', ')}`);
  return found;
}
