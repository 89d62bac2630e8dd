/** The control group that the pods' are below: one, or with version 1 one for each controller. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const MOUNT = '/sys/fs/cgroup';

const hierarchies = () => (existsSync(join(MOUNT, 'cgroup.controllers')) ? [MOUNT] : readdirSync(MOUNT).map((name) => join(MOUNT, name)));

export function makeControlGroup(name) {
  for (const hierarchy of hierarchies()) {
    const folder = join(hierarchy, name);
    mkdirSync(folder, { recursive: true });
    // A new group of version 1 has no processors and no memory until it is given its parent's.
    for (const file of ['cpuset.cpus', 'cpuset.mems']) {
      if (!existsSync(join(MOUNT, 'cgroup.controllers')) && existsSync(join(folder, file))) writeFileSync(join(folder, file), readFileSync(join(hierarchy, file)));
    }
  }
}

export function removeControlGroup(name) {
  for (const hierarchy of hierarchies()) removeTree(join(hierarchy, name));
}

/** A group's files cannot be deleted and need not be: its folder goes once it has no processes and no children. */
function removeTree(folder) {
  if (!existsSync(folder)) return;
  for (const entry of readdirSync(folder)) if (statSync(join(folder, entry)).isDirectory()) removeTree(join(folder, entry));
  rmdirSync(folder);
}
