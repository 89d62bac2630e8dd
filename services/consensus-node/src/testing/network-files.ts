import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createVerifiers, DEFAULT_PARAMETERS, genesisEntries } from '@medveil/agreements';
import { simulatedKey } from '@medveil/agreements/testing';
import { loadVerifier, PART_TYPES, verificationKeyHash } from '@medveil/eligibility';
import { type CborValue, toBase64Url } from '@medveil/encoding';
import { ensureKeyFile, type Network, openVault } from '@medveil/host';
import { createCertificateAuthority, type SigningKeyPair, signingKeyFromSeed, WEEKLY_EPOCHS } from '@medveil/identity';
import { createGenesis, type Genesis } from '@medveil/ledger';
import { afgh06, loadEngine } from '@medveil/pre';

const SECRETS = ['replica-key', 'message-key', 'operator-key'] as const;
const YEAR_MS = 365 * 86_400_000;
export const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length));
const keyPair = (): SigningKeyPair => signingKeyFromSeed(random(32));

export interface NetworkFilesOptions {
  readonly folder: string;
  readonly chainId: string;
  readonly replicas: readonly string[];
  /** prepared as well, but in no set of genesis, and without a vote */
  readonly newcomers?: readonly string[];
  readonly nowMs: number;
  /** further entries of the genesis state */
  readonly state?: readonly { readonly key: string; readonly value: CborValue }[];
  readonly pkgPublicKey?: Uint8Array;
}

/** The files of a network of consensus nodes: its description, and a vault for each replica. */
export interface NetworkFiles {
  readonly network: Network;
  readonly networkFile: string;
  readonly genesis: Genesis;
  readonly treasury: SigningKeyPair;
  readonly pkgAccount: SigningKeyPair;
  readonly operator: SigningKeyPair;
  readonly pkgMessages: SigningKeyPair;
  readonly contractMessages: SigningKeyPair;
  replicaKey(replica: string): SigningKeyPair;
  vault(replica: string): { readonly folder: string; readonly keyFile: string };
  dataFolder(replica: string): string;
}

/** Sets a network up as a consortium would, with proofs that a known trapdoor can simulate. */
export async function createNetworkFiles(options: NetworkFilesOptions): Promise<NetworkFiles> {
  const { folder, chainId, replicas, nowMs } = options;
  const [treasury, pkgAccount, operator, pkgMessages, contractMessages] = [keyPair(), keyPair(), keyPair(), keyPair(), keyPair()];
  const vault = (replica: string) => ({ folder: join(folder, 'vaults', replica), keyFile: join(folder, 'vault.key') });
  await ensureKeyFile(join(folder, 'vault.key'), random);
  const keys = new Map<string, SigningKeyPair>();
  const nodes = [...replicas, ...(options.newcomers ?? [])];
  for (const replica of nodes) {
    const opened = await openVault(vault(replica), random);
    for (const name of SECRETS) {
      const seed = random(32);
      await opened.put(name, seed);
      keys.set(`${replica} ${name}`, signingKeyFromSeed(seed));
    }
  }
  const keyOf = (replica: string, name: (typeof SECRETS)[number]) => keys.get(`${replica} ${name}`) as SigningKeyPair;
  const pkgPublicKey = options.pkgPublicKey ?? keyPair().publicKey;
  await loadVerifier();
  const verifiers = createVerifiers({ pre: afgh06(await loadEngine()), verificationKeys: [simulatedKey] });
  const state = genesisEntries({
    chainId, pkgPublicKey, pkgAccountKey: pkgAccount.publicKey,
    consortium: replicas.map((name) => ({ accountKey: keyOf(name, 'operator-key').publicKey, name })),
    feeAccountKey: keyPair().publicKey,
    members: [{ role: 'treasury', accountKey: treasury.publicKey, name: 'treasury', eCertHash: null }],
    verificationKeys: [{ instance: simulatedKey.instance.name, hash: verificationKeyHash(simulatedKey), development: true }], voucherKeys: [], allowDevelopmentKeys: true,
    registry: { domains: [], parts: Object.fromEntries(PART_TYPES.map((part) => [part, null])) as never },
    issuerRoot: null, parameters: DEFAULT_PARAMETERS, startedAtMs: nowMs,
  }, verifiers);
  const replicaSet = replicas.map((id) => ({ id, publicKey: keyOf(id, 'replica-key').publicKey }));
  const genesis = createGenesis({ version: 1, chainId, timeMs: nowMs, replicaSet, parameters: null, state: [...state, ...(options.state ?? [])] });
  const authority = await createCertificateAuthority({ name: 'spec', key: keyPair(), notBeforeMs: nowMs, notAfterMs: nowMs + YEAR_MS }, random);
  const holder = { id: 'a', hpkePublicKey: toBase64Url(random(32)) };
  const network: Network = {
    version: 1, chainId, genesis: toBase64Url(genesis.bytes), caCertificate: toBase64Url(authority), pkgPublicKey: toBase64Url(pkgPublicKey),
    opening: { auditors: { threshold: 1, members: [holder] }, replicas: { threshold: 1, members: [holder] } },
    messageKeys: {
      contract: toBase64Url(contractMessages.publicKey), pkg: toBase64Url(pkgMessages.publicKey),
      ...Object.fromEntries(nodes.map((name) => [name, toBase64Url(keyOf(name, 'message-key').publicKey)])),
    },
    epochs: WEEKLY_EPOCHS, verificationKeys: { [simulatedKey.instance.name]: JSON.stringify(simulatedKey) },
  };
  const networkFile = join(folder, 'network.json');
  await writeFile(networkFile, JSON.stringify(network));
  return {
    network, networkFile, genesis, treasury, pkgAccount, operator, pkgMessages, contractMessages, vault,
    replicaKey: (replica) => keyOf(replica, 'replica-key'),
    dataFolder: (replica) => join(folder, 'data', replica),
  };
}
