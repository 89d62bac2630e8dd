import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Parameters } from '@medveil/agreements';
import { type Clock, fromBase64Url, type RandomBytes, toBase64Url, toHex } from '@medveil/encoding';
import { loadNetwork, loadVerifiers, type Network } from '@medveil/host';
import { WEEKLY_EPOCHS } from '@medveil/identity';
import { loadGenesis } from '@medveil/ledger';
import { type Certificates, certify } from './certificates.js';
import type { CircuitKey } from './circuit-keys.js';
import { type ConsortiumParties, type ConsortiumSize, ensureParties, writeMembers } from './consortium-parties.js';
import { SetupError } from './errors.js';
import { writeNew } from './files.js';
import { makeGenesis } from './genesis.js';
import { type Party, PartyFolders, type Unsealing } from './party-folders.js';

export interface ConsortiumOptions {
  readonly folder: string;
  readonly size: ConsortiumSize;
  readonly unsealing: Unsealing;
  readonly circuits: readonly CircuitKey[];
  readonly parameters: Partial<Parameters>;
  /** credits that vouchers are worth; none: there are no vouchers */
  readonly denominations: readonly number[];
  readonly clock: Clock;
  readonly random: RandomBytes;
}

export interface Consortium {
  readonly network: Network;
  readonly networkFile: string;
  readonly folders: PartyFolders;
  /** hash of the genesis block: the trust anchor to compare */
  readonly genesisHash: string;
}

export const networkFileOf = (folder: string): string => join(folder, 'network.json');

/**
 * Phase 1: keys of every party of the consortium, the authority's certificate, the genesis document. Done once for a folder:
 * afterwards the network that it describes is opened, whatever the options say.
 * @throws SetupError; `ceremony/…` for keys that are not for development and whose ceremony no member of this consortium attests
 */
export async function ensureConsortium(options: ConsortiumOptions): Promise<Consortium & { readonly isNew: boolean }> {
  const { folder, unsealing, random } = options;
  const networkFile = networkFileOf(folder);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const isNew = !existsSync(networkFile) && (await writeNew(networkFile, `${JSON.stringify(await createNetwork(options), null, 2)}\n`, 0o644));
  return { ...(await openConsortium(folder, unsealing, random)), isNew };
}

/** The network of a folder. @throws SetupError `setup/no-network`; `host/bad-network` */
export async function openConsortium(folder: string, unsealing: Unsealing, random: RandomBytes): Promise<Consortium> {
  const networkFile = networkFileOf(folder);
  if (!existsSync(networkFile)) throw new SetupError('setup/no-network', 'there is no network in this folder', { path: networkFile });
  const network = await loadNetwork(networkFile);
  return { network, networkFile, folders: new PartyFolders(folder, unsealing, random), genesisHash: toHex(loadGenesis(fromBase64Url(network.genesis)).hash) };
}

async function createNetwork(options: ConsortiumOptions): Promise<Network> {
  const { folder, size, unsealing, circuits, parameters, denominations, clock, random } = options;
  if (circuits.length === 0) throw new SetupError('setup/bad-circuits', 'a network needs at least one circuit');
  const parties = await ensureParties(new PartyFolders(folder, unsealing, random), size);
  await writeMembers(folder, parties);
  const chainId = `medveil-${toHex(random(4))}`;
  const certificates = await certify(chainId, parties, { clock, random });
  const genesis = await makeGenesis({ chainId, parties, certificates, circuits, parameters, denominations, nowMs: clock() });
  const network = await describe(chainId, genesis.bytes, parties, certificates, circuits);
  // Before anybody relies on it, by the check that every service makes at its start.
  await loadVerifiers(network, circuits.every(({ key }) => !key.development) ? 'production' : 'development');
  return network;
}

async function describe(chainId: string, genesis: Uint8Array, parties: ConsortiumParties, certificates: Certificates, circuits: readonly CircuitKey[]): Promise<Network> {
  const { pkg, contract, proxy, replicas, auditors } = parties;
  const senders = [pkg, contract, proxy, ...replicas];
  const ceremonies = circuits.flatMap(({ key, transcript }) => (transcript === null ? [] : [[key.instance.name, transcript] as const]));
  return {
    version: 1,
    chainId,
    genesis: toBase64Url(genesis),
    caCertificate: toBase64Url(certificates.authority),
    pkgPublicKey: toBase64Url(await pkg.publicKey('t-cert-key')),
    opening: {
      auditors: { threshold: Math.floor(auditors.length / 2) + 1, members: await holders(auditors) },
      // f + 1: at least one honest replica
      replicas: { threshold: Math.floor((replicas.length - 1) / 3) + 1, members: await holders(replicas) },
    },
    messageKeys: Object.fromEntries(await Promise.all(senders.map(async (party) => [party.id, toBase64Url(await party.publicKey('message-key'))] as const))),
    epochs: WEEKLY_EPOCHS,
    certificates: Object.fromEntries(Object.entries(certificates.members).map(([id, der]) => [id, toBase64Url(der)])),
    verificationKeys: Object.fromEntries(circuits.map(({ key }) => [key.instance.name, JSON.stringify(key)])),
    ...(ceremonies.length === 0 ? {} : { ceremonies: Object.fromEntries(ceremonies) }),
  };
}

const holders = (parties: readonly Party[]) => Promise.all(parties.map(async (party) => ({ id: party.id, hpkePublicKey: toBase64Url(await party.sealKey()) })));
