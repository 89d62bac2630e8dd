import { FixedBase, type Group } from './fixed-base.js';

/** The tables are made once a thread and group. */
const tables = new Map<Group, FixedBase>();

export interface FixedBaseTask {
  readonly group: Group;
  readonly scalars: Uint8Array;
}

/** Runs in a worker thread: see `FixedBase.multiply`. */
export default function multiply({ group, scalars }: FixedBaseTask): Uint8Array {
  const table = tables.get(group) ?? new FixedBase(group);
  tables.set(group, table);
  return table.multiply(scalars);
}
