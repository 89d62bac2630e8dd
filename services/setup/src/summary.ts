import { type Parameters, parametersTable } from '@medveil/agreements';
import { parseVerificationKey, verificationKeyHash } from '@medveil/eligibility';
import { fromBase64Url, toHex } from '@medveil/encoding';
import { loadGenesis } from '@medveil/ledger';
import type { CircuitKey } from './circuit-keys.js';
import type { Consortium } from './consortium.js';
import { auditorIds, type ConsortiumSize, replicaIds } from './consortium-parties.js';
import { SetupError } from './errors.js';

export interface NetworkSummary {
  readonly chainId: string;
  readonly genesisHash: string;
  readonly networkFile: string;
  /** hash of its verification key by circuit instance, hexadecimal */
  readonly circuits: Readonly<Record<string, string>>;
  /** false: ceremonies made the keys */
  readonly developmentKeys: boolean;
  readonly parameters: Parameters;
  /** parties of genesis, and whether their keys are in this folder */
  readonly parties: Readonly<Record<string, 'here' | 'elsewhere'>>;
}

const SINGLE_PARTIES = ['operator', 'pkg', 'contract', 'proxy-cloud'];

/** What a folder's network is. */
export function summarise({ network, networkFile, folders, genesisHash }: Consortium): NetworkSummary {
  const { document } = loadGenesis(fromBase64Url(network.genesis));
  const parameters = parametersTable.read(new Map(document.state.map(({ key, value }) => [key, value])));
  if (parameters === null) throw new SetupError('setup/no-network', 'genesis has no parameters', { path: networkFile });
  const keys = Object.values(network.verificationKeys).map((text) => parseVerificationKey(JSON.parse(text)));
  const parties = [...SINGLE_PARTIES, ...replicaIds(sizeOf(network)), ...auditorIds(sizeOf(network))];
  return {
    chainId: network.chainId,
    genesisHash,
    networkFile,
    circuits: Object.fromEntries(keys.map((key) => [key.instance.name, toHex(verificationKeyHash(key))])),
    developmentKeys: keys.some(({ development }) => development),
    parameters,
    parties: Object.fromEntries(parties.map((party) => [party, folders.has(party) ? 'here' as const : 'elsewhere' as const])),
  };
}

const sizeOf = ({ opening }: Consortium['network']): ConsortiumSize => ({ replicas: opening.replicas.members.length, auditors: opening.auditors.members.length });

/** What of a network somebody asked for; undefined: whatever it is. */
export interface Wanted {
  readonly replicas: number | undefined;
  readonly auditors: number | undefined;
  readonly circuits: readonly CircuitKey[] | undefined;
  readonly parameters: Partial<Parameters> | undefined;
}

/** A network is not changed by setup: what is asked for and what is there must be the same. @throws SetupError `setup/another-network` naming what differs */
export function requireAsWanted(consortium: Consortium, wanted: Wanted): void {
  const { circuits, parameters } = summarise(consortium);
  const size = sizeOf(consortium.network);
  const wantedCircuits = wanted.circuits === undefined ? undefined : Object.fromEntries(wanted.circuits.map(({ key }) => [key.instance.name, toHex(verificationKeyHash(key))]));
  const compared: [string, unknown, unknown][] = [
    ['replicas', wanted.replicas, size.replicas],
    ['auditors', wanted.auditors, size.auditors],
    ...Object.entries(wanted.parameters ?? {}).map(([name, value]): [string, unknown, unknown] => [name, value, parameters[name as keyof Parameters]]),
    ...(wantedCircuits === undefined ? [] : [['circuits', canonical(wantedCircuits), canonical(circuits)] as [string, unknown, unknown]]),
  ];
  const differing = compared.filter(([, asked, there]) => asked !== undefined && asked !== there);
  if (differing.length === 0) return;
  const told = differing.map(([name, asked, there]) => `${name} (${String(there)}; asked for: ${String(asked)})`).join(', ');
  throw new SetupError('setup/another-network', `the network in this folder differs in ${told}; it is left as it is`, { path: consortium.networkFile });
}

const canonical = (hashes: Readonly<Record<string, string>>): string => Object.keys(hashes).toSorted().map((name) => `${name} ${hashes[name]?.slice(0, 16)}`).join(', ');
