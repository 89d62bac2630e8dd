import { join } from 'node:path';
import { toHex } from '@medveil/encoding';
import { SetupError } from './errors.js';
import { writeNew } from './files.js';
import type { Party, PartyFolders } from './party-folders.js';

/** How many vote and how many rule on disputes. */
export interface ConsortiumSize {
  readonly replicas: number;
  readonly auditors: number;
}
export const DEFAULT_SIZE: ConsortiumSize = { replicas: 4, auditors: 3 };
/** Of replicas, whose operators vote, and of auditors. */
const MOST: ConsortiumSize = { replicas: 64, auditors: 16 };

export interface ConsortiumParties {
  readonly operator: Party;
  readonly pkg: Party;
  readonly contract: Party;
  readonly proxy: Party;
  readonly replicas: readonly Party[];
  readonly auditors: readonly Party[];
}

const numbered = (name: string, count: number): string[] => Array.from({ length: count }, (_, index) => `${name}-${index}`);
export const replicaIds = ({ replicas }: ConsortiumSize): string[] => numbered('replica', replicas);
export const auditorIds = ({ auditors }: ConsortiumSize): string[] => numbered('auditor', auditors);
/** A member's name on the ledger and in ceremonies. */
export const memberName = (index: number): string => `member ${index}`;

/** Keys of all parties of a consortium, made where they are missing. @throws SetupError `setup/bad-number` */
export async function ensureParties(folders: PartyFolders, size: ConsortiumSize): Promise<ConsortiumParties> {
  for (const name of ['replicas', 'auditors'] as const) {
    if (!Number.isInteger(size[name]) || size[name] < 1 || size[name] > MOST[name]) {
      throw new SetupError('setup/bad-number', `${name}: a whole number from 1 to ${MOST[name]}; given ${size[name]}`, { given: size[name], most: MOST[name] });
    }
  }
  // One after the other: opening with a passphrase takes 128 MiB for a moment.
  const all = async (ids: readonly string[], kind: 'replica' | 'auditor') => {
    const parties: Party[] = [];
    for (const id of ids) parties.push(await folders.ensure(id, kind));
    return parties;
  };
  return {
    operator: await folders.ensure('operator', 'operator'),
    pkg: await folders.ensure('pkg', 'pkg'),
    contract: await folders.ensure('contract', 'contract'),
    proxy: await folders.ensure('proxy-cloud', 'proxy-cloud'),
    replicas: await all(replicaIds(size), 'replica'),
    auditors: await all(auditorIds(size), 'auditor'),
  };
}

/** `members.json`, as `npm run ceremony -- new --members` takes it: the keys that attest contributions. @returns its path */
export async function writeMembers(folder: string, { replicas }: Pick<ConsortiumParties, 'replicas'>): Promise<string> {
  const members: { name: string; publicKey: string }[] = [];
  for (const [index, replica] of replicas.entries()) members.push({ name: memberName(index), publicKey: toHex(await replica.publicKey('operator-key')) });
  const path = join(folder, 'members.json');
  await writeNew(path, `${JSON.stringify(members, null, 2)}\n`, 0o644);
  return path;
}
