import { open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { type ContractGenesis, createVerifiers, DEFAULT_PARAMETERS, genesisEntries, type Parameters, type VoucherKey } from '@medveil/agreements';
import { voucherKeyName } from '@medveil/contract';
import { loadVerifier, PART_TYPES, type PartType, type VerificationKey, verificationKeyHash } from '@medveil/eligibility';
import { type Clock, fromBase64Url, type RandomBytes, sha256, toBase64Url, toHex } from '@medveil/encoding';
import { type Network, networkSchema } from '@medveil/host';
import {
  createCertificateAuthority, hpkeKeyPairFromSeed, issueECert, type KeyVault, type Role, signingKeyFromSeed, WEEKLY_EPOCHS,
} from '@medveil/identity';
import { createGenesis, loadGenesis } from '@medveil/ledger';
import { afgh06, loadEngine } from '@medveil/pre';
import { generateVoucherKey, voucherKeyId } from '@medveil/vouchers';
import { PartyVaults } from './keys.js';

export const REPLICA_IDS = ['replica-0', 'replica-1', 'replica-2', 'replica-3'] as const;
export const AUDITOR_IDS = ['auditor-0', 'auditor-1', 'auditor-2'] as const;
const AUDITOR_THRESHOLD = 2;
/** f + 1 of four replicas. */
const REPLICA_THRESHOLD = 2;
const CA_LIFETIME_MS = 10 * 365 * 86_400_000;
const MEMBER_CERTIFICATE_LIFETIME_MS = 2 * 365 * 86_400_000;

/** Which exclusivity domain a part belongs to (docs/scheme.md, section 6); null: it can be licensed any number of times. */
const DOMAINS: Readonly<Record<PartType, string | null>> = {
  demographics: null,
  'vital-signs': 'measurements',
  laboratory: 'measurements',
  conditions: 'history',
  medications: 'treatments',
  procedures: 'history',
  immunizations: 'treatments',
  allergies: 'history',
  'social-history': 'history',
  other: 'history',
};

export interface SetupOptions {
  readonly dataFolder: string;
  readonly verificationKeys: readonly VerificationKey[];
  readonly parameters?: Partial<Parameters>;
  readonly clock: Clock;
  readonly random: RandomBytes;
}

export interface Consortium {
  readonly network: Network;
  readonly networkFile: string;
  readonly vaults: PartyVaults;
  /** hash of the genesis block: the trust anchor to compare */
  readonly genesisHash: string;
}

/**
 * Phase 1: keys of every consortium party, the authority's certificate, the genesis document. Done once for a data
 * folder; afterwards the network it describes is opened.
 */
export async function ensureConsortium(options: SetupOptions): Promise<Consortium> {
  const vaults = await PartyVaults.open(options.dataFolder, options.random);
  const networkFile = join(options.dataFolder, 'network.json');
  const kept = await readFile(networkFile, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  const network = kept === null ? await createNetwork(options, vaults) : networkSchema.parse(JSON.parse(kept));
  if (kept === null) await writeWhole(networkFile, `${JSON.stringify(network, null, 2)}\n`);
  return { network, networkFile, vaults, genesisHash: toHex(loadGenesis(fromBase64Url(network.genesis)).hash) };
}

async function createNetwork(options: SetupOptions, vaults: PartyVaults): Promise<Network> {
  const { clock, random, verificationKeys } = options;
  const chainId = `medveil-${toHex(random(4))}`;
  const nowMs = clock();
  const pkg = await vaults.ensure('pkg', 'pkg');
  const contract = await vaults.ensure('contract', 'contract');
  const proxy = await vaults.ensure('proxy-cloud', 'proxy-cloud');
  const operator = await vaults.ensure('operator', 'operator');
  const replicas = await Promise.all(REPLICA_IDS.map((id) => vaults.ensure(id, 'replica')));
  const auditors = await Promise.all(AUDITOR_IDS.map((id) => vaults.ensure(id, 'auditor')));
  const ca = signingKeyFromSeed(await pkg.get('ca-key'));
  const caCertificate = await createCertificateAuthority(
    { name: `${chainId} enrolment authority`, key: ca, notBeforeMs: nowMs, notAfterMs: nowMs + CA_LIFETIME_MS },
    random,
  );
  const pkgPublicKey = await publicKeyOf(pkg, 't-cert-key');
  const authority = { certificate: caCertificate, key: ca };
  const certify = async (enrolmentId: string, role: Role, vault: KeyVault, key: string, sealKey: Uint8Array | null): Promise<Uint8Array> => {
    const subject = { enrolmentId, role, publicKey: await publicKeyOf(vault, key), hpkePublicKey: sealKey };
    return issueECert({ subject, authority, notBeforeMs: nowMs, notAfterMs: nowMs + MEMBER_CERTIFICATE_LIFETIME_MS }, random);
  };
  const proxySealKey = await sealKeyOf(proxy);
  const auditorSealKeys = await Promise.all(auditors.map(sealKeyOf));
  const certificates: Record<string, Uint8Array> = {
    treasury: await certify('treasury', 'treasury', contract, 'treasury-key', null),
    proxy: await certify('proxy', 'proxy', proxy, 'account-key', proxySealKey),
  };
  for (const [index, id] of AUDITOR_IDS.entries()) {
    certificates[id] = await certify(id, 'auditor', auditors[index] as KeyVault, 'account-key', auditorSealKeys[index] ?? null);
  }
  for (const [index, id] of REPLICA_IDS.entries()) {
    certificates[id] = await certify(id, 'replica', replicas[index] as KeyVault, 'operator-key', await sealKeyOf(replicas[index] as KeyVault));
  }
  const hashOf = (id: string): Uint8Array => sha256(certificates[id] as Uint8Array);
  const contractGenesis: ContractGenesis = {
    chainId,
    pkgPublicKey,
    pkgAccountKey: await publicKeyOf(pkg, 'account-key'),
    consortium: await Promise.all(replicas.map(async (vault, index) => ({ accountKey: await publicKeyOf(vault, 'operator-key'), name: `member ${index}` }))),
    feeAccountKey: await publicKeyOf(operator, 'fee-key'),
    members: [
      { role: 'treasury', accountKey: await publicKeyOf(contract, 'treasury-key'), name: 'treasury', eCertHash: hashOf('treasury') },
      { role: 'proxy', accountKey: await publicKeyOf(proxy, 'account-key'), name: 'proxy', eCertHash: hashOf('proxy'), sealKey: proxySealKey },
      ...(await Promise.all(auditors.map(async (vault, index) => ({
        role: 'auditor' as const, accountKey: await publicKeyOf(vault, 'account-key'), name: `auditor ${index}`, eCertHash: hashOf(`auditor-${index}`), sealKey: auditorSealKeys[index] as Uint8Array,
      })))),
    ],
    verificationKeys: verificationKeys.map((key) => ({ instance: key.instance.name, hash: verificationKeyHash(key), development: key.development })),
    voucherKeys: await makeVoucherKeys(contract),
    allowDevelopmentKeys: verificationKeys.some(({ development }) => development),
    registry: { domains: ['measurements', 'history', 'treatments'], parts: Object.fromEntries(PART_TYPES.map((part) => [part, DOMAINS[part]])) as Record<PartType, string | null> },
    issuerRoot: null,
    parameters: { ...DEFAULT_PARAMETERS, ...options.parameters },
    startedAtMs: nowMs,
  };
  await loadVerifier();
  const verifiers = createVerifiers({ pre: afgh06(await loadEngine()), verificationKeys });
  const genesis = createGenesis({
    version: 1,
    chainId,
    timeMs: nowMs,
    replicaSet: await Promise.all(replicas.map(async (vault, index) => ({ id: `replica-${index}`, publicKey: await publicKeyOf(vault, 'replica-key') }))),
    parameters: null,
    state: genesisEntries(contractGenesis, verifiers),
  });
  const messageKey = async (vault: KeyVault) => toBase64Url(await publicKeyOf(vault, 'message-key'));
  return {
    version: 1,
    chainId,
    genesis: toBase64Url(genesis.bytes),
    caCertificate: toBase64Url(caCertificate),
    pkgPublicKey: toBase64Url(pkgPublicKey),
    opening: {
      auditors: { threshold: AUDITOR_THRESHOLD, members: await holders(AUDITOR_IDS, auditors) },
      replicas: { threshold: REPLICA_THRESHOLD, members: await holders(REPLICA_IDS, replicas) },
    },
    messageKeys: {
      pkg: await messageKey(pkg),
      contract: await messageKey(contract),
      'proxy-cloud': await messageKey(proxy),
      ...Object.fromEntries(await Promise.all(replicas.map(async (vault, index) => [`replica-${index}`, await messageKey(vault)] as const))),
    },
    epochs: WEEKLY_EPOCHS,
    certificates: Object.fromEntries(Object.entries(certificates).map(([id, der]) => [id, toBase64Url(der)])),
    verificationKeys: Object.fromEntries(verificationKeys.map((key) => [key.instance.name, JSON.stringify(key)])),
  };
}

/** What a pseudonym's earnings are changed into; few, so that many vouchers look the same. */
const DENOMINATIONS = [1, 10, 100, 1_000];

/** The treasury keeps the private halves where the contract's front looks for them. */
async function makeVoucherKeys(vault: KeyVault): Promise<VoucherKey[]> {
  const keys: VoucherKey[] = [];
  for (const denomination of DENOMINATIONS) {
    const { publicKey, privateKey } = generateVoucherKey();
    await vault.put(voucherKeyName(voucherKeyId(publicKey)), privateKey);
    keys.push({ denomination, publicKey, issuing: true });
  }
  return keys;
}

const publicKeyOf = async (vault: KeyVault, secret: string): Promise<Uint8Array> => signingKeyFromSeed(await vault.get(secret)).publicKey;
const sealKeyOf = async (vault: KeyVault): Promise<Uint8Array> => (await hpkeKeyPairFromSeed(await vault.get('hpke-seed'))).publicKey;

const holders = (ids: readonly string[], vaults: readonly KeyVault[]) =>
  Promise.all(vaults.map(async (vault, index) => ({ id: ids[index] ?? '', hpkePublicKey: toBase64Url(await sealKeyOf(vault)) })));

/** Written last: while it is missing, setup has not happened. */
async function writeWhole(path: string, text: string): Promise<void> {
  const file = await open(`${path}.next`, 'w', 0o644);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.next`, path);
}
