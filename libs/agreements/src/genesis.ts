import type { CborValue } from '@medveil/encoding';
import { accountId } from '@medveil/identity';
import { AgreementsFault, Rejection } from './errors.js';
import { type ContractGenesis, contractGenesisSchema } from './parameters.js';
import { setIssuers } from './rules/issuers.js';
import { checkMember, checkVerificationKeys, pin } from './rules/governance.js';
import { checkVoucherKeys, setVoucherKeys } from './rules/vouchers.js';
import {
  accountTable, chainTable, membersTable, memberTable, parametersTable, registryTable, rulesTable, supplyTable, verificationKeysTable,
} from './state.js';
import type { Verifiers } from './verifiers.js';
import type { AccountId, LedgerRole } from './vocabulary.js';
import type { State } from './rules/call.js';

/** The rules a new chain starts under. */
export const FIRST_RULES_VERSION = 1;

/**
 * The contract's part of the ledger's genesis document (`state` of GenesisDocument), in ascending key order.
 * @throws AgreementsFault `agreements/bad-genesis`
 */
export function genesisEntries(genesis: ContractGenesis, verifiers: Verifiers): { key: string; value: CborValue }[] {
  const parsed = contractGenesisSchema.safeParse(genesis);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new AgreementsFault('agreements/bad-genesis', `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'invalid'}`);
  }
  const state = new Map<string, CborValue>();
  try {
    lay(stateOn(state), parsed.data, verifiers);
  } catch (cause) {
    if (cause instanceof Rejection) throw new AgreementsFault('agreements/bad-genesis', cause.message, cause.details, { cause });
    throw cause;
  }
  return [...state].map(([key, value]) => ({ key, value })).toSorted((a, b) => (a.key < b.key ? -1 : 1));
}

const stateOn = (entries: Map<string, CborValue>): State => ({
  get: (key) => entries.get(key),
  put: (key, value) => void entries.set(key, value),
  delete: (key) => void entries.delete(key),
});

function lay(state: State, genesis: ContractGenesis, verifiers: Verifiers): void {
  const { startedAtMs, chainId } = genesis;
  const chain = { chainId, pkgPublicKey: genesis.pkgPublicKey, feeAccount: accountId(genesis.feeAccountKey), allowDevelopmentKeys: genesis.allowDevelopmentKeys };
  checkVerificationKeys(genesis.verificationKeys, genesis.allowDevelopmentKeys);
  chainTable.write(state, chain);
  parametersTable.write(state, genesis.parameters);
  registryTable.write(state, genesis.registry);
  verificationKeysTable.write(state, genesis.verificationKeys);
  rulesTable.write(state, { version: FIRST_RULES_VERSION, next: null });
  supplyTable.write(state, { minted: 0, redeemed: 0 });
  checkVoucherKeys({ state, verifiers }, genesis.voucherKeys);
  setVoucherKeys(state, genesis.voucherKeys);
  if (genesis.issuerRoot !== null) setIssuers(state, genesis.issuerRoot, startedAtMs, false);

  const voters = genesis.consortium.map(({ accountKey, name }) => {
    const id = open(state, accountKey, 'consortium', startedAtMs);
    memberTable.write(state, { name, eCertHash: null, delegateeKey: null, sealKey: null, pinnedAtMs: startedAtMs }, id);
    return id;
  });
  membersTable.write(state, voters.toSorted(), 'consortium');
  open(state, genesis.pkgAccountKey, 'pkg', startedAtMs);
  // Fees may go to one of the voters; an account made for them only has the role, not the vote.
  if (accountTable.read(state, chain.feeAccount) === null) open(state, genesis.feeAccountKey, 'consortium', startedAtMs);
  for (const member of genesis.members) {
    checkMember({ state, chain, verifiers }, member);
    pin(state, member, startedAtMs);
  }
}

function open(state: State, publicKey: Uint8Array, role: LedgerRole, atMs: number): AccountId {
  const id = accountId(publicKey);
  if (accountTable.read(state, id) !== null) throw new AgreementsFault('agreements/bad-genesis', 'an account key stands twice', { account: id });
  accountTable.write(state, { publicKey, role, nonce: 0, balance: 0, registeredAtMs: atMs, certificate: null, revokedAtMs: null }, id);
  return id;
}
