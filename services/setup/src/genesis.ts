import { type ContractGenesis, createVerifiers, DEFAULT_PARAMETERS, genesisEntries, type Member, type Parameters, type VoucherKey } from '@medveil/agreements';
import { loadVerifier, PART_TYPES, type PartType, verificationKeyHash } from '@medveil/eligibility';
import { sha256 } from '@medveil/encoding';
import { voucherKeyName } from '@medveil/host';
import { createGenesis, type Genesis } from '@medveil/ledger';
import { afgh06, loadEngine } from '@medveil/pre';
import { generateVoucherKey, voucherKeyId } from '@medveil/vouchers';
import type { Certificates } from './certificates.js';
import type { CircuitKey } from './circuit-keys.js';
import { type ConsortiumParties, memberName } from './consortium-parties.js';
import type { Party } from './party-folders.js';

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
/** What a pseudonym's earnings are changed into; few, so that many vouchers look the same. */
export const DEFAULT_DENOMINATIONS: readonly number[] = [1, 10, 100, 1_000];

export interface GenesisInput {
  readonly chainId: string;
  readonly parties: ConsortiumParties;
  readonly certificates: Certificates;
  readonly circuits: readonly CircuitKey[];
  readonly parameters: Partial<Parameters>;
  /** credits that vouchers are worth; none: there are no vouchers */
  readonly denominations: readonly number[];
  readonly nowMs: number;
}

/** What every replica starts from. New voucher keys go into the treasury's vault, where the contract's front looks for them. */
export async function makeGenesis(input: GenesisInput): Promise<Genesis> {
  const { chainId, parties, circuits, nowMs } = input;
  await loadVerifier();
  const verifiers = createVerifiers({ pre: afgh06(await loadEngine()), verificationKeys: circuits.map(({ key }) => key) });
  const replicaSet = await Promise.all(parties.replicas.map(async (replica) => ({ id: replica.id, publicKey: await replica.publicKey('replica-key') })));
  return createGenesis({ version: 1, chainId, timeMs: nowMs, replicaSet, parameters: null, state: genesisEntries(await contractGenesis(input), verifiers) });
}

async function contractGenesis({ chainId, parties, certificates, circuits, parameters, denominations, nowMs }: GenesisInput): Promise<ContractGenesis> {
  const { pkg, operator, replicas } = parties;
  return {
    chainId,
    pkgPublicKey: await pkg.publicKey('t-cert-key'),
    pkgAccountKey: await pkg.publicKey('account-key'),
    consortium: await Promise.all(replicas.map(async (replica, index) => ({ accountKey: await replica.publicKey('operator-key'), name: memberName(index) }))),
    feeAccountKey: await operator.publicKey('fee-key'),
    members: await pinnedMembers(parties, certificates),
    verificationKeys: circuits.map(({ key }) => ({ instance: key.instance.name, hash: verificationKeyHash(key), development: key.development })),
    voucherKeys: await makeVoucherKeys(parties.contract, denominations),
    allowDevelopmentKeys: circuits.some(({ key }) => key.development),
    registry: { domains: ['measurements', 'history', 'treatments'], parts: Object.fromEntries(PART_TYPES.map((part) => [part, DOMAINS[part]])) as Record<PartType, string | null> },
    issuerRoot: null,
    parameters: { ...DEFAULT_PARAMETERS, ...parameters },
    startedAtMs: nowMs,
  };
}

async function pinnedMembers({ contract, proxy, auditors }: ConsortiumParties, { members }: Certificates): Promise<Member[]> {
  const hashOf = (id: string): Uint8Array => sha256(members[id] as Uint8Array);
  return [
    { role: 'treasury', accountKey: await contract.publicKey('treasury-key'), name: 'treasury', eCertHash: hashOf('treasury') },
    { role: 'proxy', accountKey: await proxy.publicKey('account-key'), name: 'proxy', eCertHash: hashOf('proxy'), sealKey: await proxy.sealKey() },
    ...(await Promise.all(auditors.map(async (auditor, index) => ({
      role: 'auditor' as const, accountKey: await auditor.publicKey('account-key'), name: `auditor ${index}`, eCertHash: hashOf(auditor.id), sealKey: await auditor.sealKey(),
    })))),
  ];
}

async function makeVoucherKeys({ vault }: Party, denominations: readonly number[]): Promise<VoucherKey[]> {
  const keys: VoucherKey[] = [];
  for (const denomination of denominations) {
    const { publicKey, privateKey } = generateVoucherKey();
    await vault.put(voucherKeyName(voucherKeyId(publicKey)), privateKey);
    keys.push({ denomination, publicKey, issuing: true });
  }
  return keys;
}
